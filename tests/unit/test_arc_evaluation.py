"""From an ARC model file to its scores, and from the scores of several to the claims about them."""

import csv
import json
from pathlib import Path

import pytest
import torch

from arc_cases import program_params
from helpers import PARAMS, facts_of, tiny_run
from hrm.cli import main
from hrm.core.schema import evaluation_params
from hrm.data.arc.task import TASK
from hrm.data.dataset import load_dataset
from hrm.evaluation.evaluate import evaluate
from hrm.report.claims_file import PairParams, read_claims
from hrm.report.pairs import pair_rows
from hrm.report.run_paths import PLAYERS, Player
from hrm.report.summary import Key, SummaryRow, key_of, read_metrics, summarise
from hrm.training.checkpoint import save_tensors
from hrm.training.trainer import Trainer

Known = dict[Key, SummaryRow]


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Results of a model of one step, in data/ and TASK/VARIANT/seed0/."""
    folder = tmp_path_factory.mktemp("evaluated")
    made = program_params(folder)
    TASK.write_dataset(
        folder / "data", made, TASK.make_candidates(made, 0, TASK.candidate_count(made), 1, lambda _: None), 1
    )
    dataset = load_dataset(folder / "data")
    params = tiny_run("train.steps=1", "halting.max_segments=2")
    facts = facts_of(dataset) | {"data_info": dataset.info.model_dump()}
    trainer = Trainer(params, facts, dataset, torch.device("cpu"))
    trainer.advance()
    model, out = folder / "model.safetensors", folder / "arc/hrm/seed0"
    save_tensors(model, trainer.model_tensors(), {"kind": "model", **facts, "step": 1, "params": params.model_dump()})
    settings = evaluation_params(PARAMS, ["votes.counts=[1, 2]", "votes.subsets=3"])
    evaluate(model, folder / "data", out, settings, None, torch.device("cpu"))
    return folder


@pytest.mark.parametrize("weights", ["raw", "ema"])
def test_evaluation_of_an_arc_model_writes_votes_and_a_submission(evaluated: Path, weights: str) -> None:
    out, dataset = evaluated / "arc/hrm/seed0" / weights, load_dataset(evaluated / "data")
    metrics = json.loads((out / "metrics.json").read_text())
    assert metrics["test_examples"] == len(dataset.test.inputs)  # as stored: that accuracy stays
    rows = list(csv.DictReader((out / "votes.csv").open()))
    assert sorted({int(row["votes"]) for row in rows}) == [1, 2, dataset.test.plan.shape[1]]
    last = {int(row["k"]): row for row in rows if int(row["votes"]) == metrics["arc_votes"]}
    for top, row in last.items():
        assert float(row["task_score"]) == metrics[f"arc_pass_at_{top}"]
        assert float(row["input_score"]) == metrics[f"arc_pass_at_{top}_inputs"]
    submission = json.loads((out / "submission.json").read_text())
    assert sorted(submission) == sorted(dataset.info.group_names["test"])
    assert sum(map(len, submission.values())) == len(dataset.test.inputs)


def test_scores_of_one_seed_keep_their_interval_in_the_summary(evaluated: Path) -> None:
    players = read_metrics(sorted((evaluated / "arc/hrm/seed0").glob("*/metrics.json")))
    assert sorted(players) == ["chance", "ema", "raw", "untrained"]
    for player, runs in players.items():
        of_one_seed({row.metric: row for row in summarise(runs, player, 0.95)}, player)


def of_one_seed(rows: dict[str, SummaryRow], player: str) -> None:
    for metric in ("arc_pass_at_2", "arc_pass_at_2_inputs", "arc_pass_at_2_1_segment"):
        row = rows[metric]
        assert row.weights == player and row.method == "wilson" and row.low is not None and row.high is not None
        assert row.low <= row.mean <= row.high
    assert not [metric for metric in rows if metric.endswith(("_low", "_high"))]


def test_claims_on_arc_ask_for_metrics_that_exist(evaluated: Path) -> None:
    players = [evaluated / "arc/hrm/seed0" / player for player in PLAYERS]
    written = set.intersection(*(set(json.loads((path / "metrics.json").read_text())) for path in players))
    written |= {"arc_loss_with_30_votes", "arc_loss_with_300_votes"}  # with so many copies
    claims = read_claims(PARAMS / "claims.yaml")
    made = {contrast.answer for contrast in claims.pairs}
    asked = {answer for group in claims.groups for claim in group.claims for answer in claim.answers}
    asked |= {answer for contrast in claims.pairs for answer in (contrast.first, contrast.second)}
    # What is counted on the data themselves is in no evaluation.
    of_arc = {answer for answer in asked - made if answer.startswith("arc") and answer.split("/")[1] != "data"}
    of_arc = {answer for answer in of_arc if "/test_time_" not in answer}  # test_test_time.py asks for these
    assert made <= asked and len(of_arc) > 5
    assert {answer.split("/")[2] for answer in of_arc} <= written


def contrast(rule: str, weights: list[str] | None = None) -> PairParams:
    names = {"answer": "arc/b/gain", "first": "arc/b/score", "second": "arc/a/score"}
    return PairParams.model_validate({"rule": rule, "weights": weights, **names})


def score(variant: str, mean: float, half: float | None, player: Player = "raw") -> SummaryRow:
    low, high = (None, None) if half is None else (mean - half, mean + half)
    return SummaryRow("arc", variant, player, "score", 1, mean, low, high, "wilson")


def known_of(*rows: SummaryRow) -> Known:
    return {key_of(row): row for row in rows}


def test_contrasts_of_two_results_and_their_intervals() -> None:
    known = known_of(score("a", 0.2, 0.03), score("b", 0.5, 0.04))
    (gain,) = pair_rows([contrast("difference")], known)
    assert key_of(gain) == ("arc", "b", "raw", "gain")
    assert (gain.mean, gain.low, gain.high) == pytest.approx((0.3, 0.25, 0.35))  # 3, 4, 5
    (ratio,) = pair_rows([contrast("ratio")], known)
    assert (ratio.mean, ratio.low, ratio.high) == pytest.approx((2.5, 0.46 / 0.23, 0.54 / 0.17))


def test_contrasts_need_both_results_and_ratios_something_to_divide_by() -> None:
    one = known_of(score("b", 0.5, None))
    both = one | known_of(score("a", 0.0, 0.0))
    assert pair_rows([contrast("difference")], one) == []
    assert pair_rows([contrast("difference")], one | known_of(score("a", 0.2, 0.03, "ema"))) == []  # of other weights
    assert pair_rows([contrast("ratio")], both) == []
    (gain,) = pair_rows([contrast("difference")], both)
    assert (gain.mean, gain.low, gain.high) == (0.5, None, None)


def test_contrasts_are_of_one_player_unless_they_name_the_weights_of_both() -> None:
    shares: dict[Player, float] = {"raw": 0.5, "ema": 0.6, "untrained": 0.1, "chance": 0.2}
    known = known_of(*(score("b", mean, 0.01, player) for player, mean in shares.items()))
    known |= known_of(*(score("a", mean / 10, 0.01, player) for player, mean in shares.items()))
    gains = {row.weights: row.mean for row in pair_rows([contrast("difference")], known)}
    assert gains == pytest.approx({player: 0.9 * mean for player, mean in shares.items()})
    mixed = {row.weights: row.mean for row in pair_rows([contrast("difference", ["ema", "raw"])], known)}
    assert mixed == pytest.approx({"ema": 0.6 - 0.05, "untrained": 0.09, "chance": 0.18})


def test_bench_votes_agrees_with_plain_python(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "votes", "--predictions", "2000", "--reference", "2000", "--side", "6"]) == 0
    assert "same_places True" in capsys.readouterr().out
    assert main(["bench", "votes", "--side", "31"]) == 2
    assert "--side is 31" in capsys.readouterr().err
