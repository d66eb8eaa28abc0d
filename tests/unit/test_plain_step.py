"""The plain rewrite of the published step does what our step does, so that timing one beside the other is fair."""

import pytest
import torch

from helpers import facts_of, tiny_dataset, tiny_run
from hrm.bench.plain_step import Examples, PlainTrainer
from hrm.data.batches import TrainBatches
from hrm.training.trainer import Trainer

CPU = torch.device("cpu")
RATE = 1e-3
NAMES = {"embedding.tokens": "embed_tokens.weight", "embedding.positions": "embed_pos.weight"} | {
    "embedding.puzzle_table": "puzzle_emb",
    "high_init": "H_init",
    "low_init": "L_init",
    "head.weight": "lm_head.weight",
}


def plain_name(name: str) -> str:
    name = name.replace("high_module.", "H_level.").replace("low_module.", "L_level.")
    return NAMES.get(name, name)


@pytest.mark.parametrize("positions", ["rope", "learned"])
@pytest.mark.parametrize("variant", ["hrm", "hrm_halt_loss"])
def test_both_steps_give_the_same_losses_and_weights(variant: str, positions: str) -> None:
    rates = [f"optimizer.learning_rate={RATE}", f"optimizer.puzzle_learning_rate={RATE}", "optimizer.warmup_steps=0"]
    params = tiny_run(*rates, f"model.positions={positions}", "halting.exploration=0.0", variant=variant)
    dataset = tiny_dataset()
    facts = facts_of(dataset, variant=variant)
    ours = Trainer(params, facts, dataset, CPU)
    generator = torch.Generator().manual_seed(0)
    ours.model.get_buffer("embedding.puzzle_table").normal_(generator=generator)
    with torch.no_grad():
        ours.model.q_head.weight.normal_(generator=generator)  # so that some examples halt early
        ours.model.q_head.bias.zero_()
    plain = PlainTrainer(params, (6, 16, 1), variant == "hrm", CPU, compiled=False)
    plain.model.load_state_dict({plain_name(name): value for name, value in ours.model.state_dict().items()})
    source = TrainBatches(dataset, params.train.batch_size, facts["seed"], CPU)
    early = False
    for _ in range(5):  # past the last segment of the first examples
        ours.advance()
        fresh = source.make(source.next())
        loss = plain.step(Examples(fresh.inputs, fresh.labels, fresh.puzzle_ids), RATE, RATE)
        assert ours.take_sums()["loss"] == pytest.approx(loss.item(), rel=1e-4)
        assert torch.equal(ours.carry.halted, plain.halted)
        assert torch.equal(ours.carry.batch.inputs, plain.batch.inputs)
        early |= bool((plain.halted & (plain.steps < params.halting.max_segments)).any())
    assert early
    found = plain.model.state_dict()
    for name, value in ours.model.state_dict().items():
        difference = (value - found[plain_name(name)]).abs()
        # Where a gradient is rounding alone, its sign and so the update may be either.
        assert (difference > 0.02 * RATE).float().mean() < 0.01, name
