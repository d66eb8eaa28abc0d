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
from hrm.data.arc.task import candidate_count, make_candidates, write_dataset
from hrm.data.dataset import load_dataset
from hrm.evaluation.evaluate import evaluate
from hrm.report.claims_file import PairParams, read_claims
from hrm.report.pairs import pair_rows
from hrm.report.summary import SummaryRow, read_metrics, summarise
from hrm.training.checkpoint import save_tensors
from hrm.training.trainer import Trainer


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Results of a model of one step, in data/ and TASK/VARIANT/seed0/."""
    folder = tmp_path_factory.mktemp("evaluated")
    made = program_params(folder)
    write_dataset(folder / "data", made, make_candidates(made, 0, candidate_count(made), 1, lambda _: None), 1)
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


def test_evaluation_of_an_arc_model_writes_votes_and_a_submission(evaluated: Path) -> None:
    out, dataset = evaluated / "arc/hrm/seed0", load_dataset(evaluated / "data")
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
    rows = {row.metric: row for row in summarise(read_metrics([evaluated / "arc/hrm/seed0/metrics.json"]), 0.95)}
    for metric in ("arc_pass_at_2", "arc_pass_at_2_inputs", "arc_pass_at_2_1_segment"):
        row = rows[metric]
        assert row.method == "wilson" and row.low is not None and row.high is not None
        assert row.low <= row.mean <= row.high
    assert not [metric for metric in rows if metric.endswith(("_low", "_high"))]


def test_claims_on_arc_ask_for_metrics_that_exist(evaluated: Path) -> None:
    written = set(json.loads((evaluated / "arc/hrm/seed0/metrics.json").read_text()))
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


def contrast(rule: str) -> PairParams:
    names = {"answer": "arc/b/gain", "first": "arc/b/score", "second": "arc/a/score"}
    return PairParams.model_validate({"rule": rule, **names})


def score(variant: str, mean: float, half: float | None) -> SummaryRow:
    low, high = (None, None) if half is None else (mean - half, mean + half)
    return SummaryRow("arc", variant, "score", 1, mean, low, high, "wilson")


def test_contrasts_of_two_results_and_their_intervals() -> None:
    known = {("arc", row.variant, "score"): row for row in (score("a", 0.2, 0.03), score("b", 0.5, 0.04))}
    (gain,) = pair_rows([contrast("difference")], known)
    assert (gain.task, gain.variant, gain.metric) == ("arc", "b", "gain")
    assert (gain.mean, gain.low, gain.high) == pytest.approx((0.3, 0.25, 0.35))  # 3, 4, 5
    (ratio,) = pair_rows([contrast("ratio")], known)
    assert (ratio.mean, ratio.low, ratio.high) == pytest.approx((2.5, 0.46 / 0.23, 0.54 / 0.17))


def test_contrasts_need_both_results_and_ratios_something_to_divide_by() -> None:
    one = {("arc", "b", "score"): score("b", 0.5, None)}
    both = {**one, ("arc", "a", "score"): score("a", 0.0, 0.0)}
    assert pair_rows([contrast("difference")], one) == []
    assert pair_rows([contrast("ratio")], both) == []
    (gain,) = pair_rows([contrast("difference")], both)
    assert (gain.mean, gain.low, gain.high) == (0.5, None, None)


def test_bench_votes_agrees_with_plain_python(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "votes", "--predictions", "2000", "--reference", "2000", "--side", "6"]) == 0
    assert "same_places True" in capsys.readouterr().out
    assert main(["bench", "votes", "--side", "31"]) == 2
    assert "--side is 31" in capsys.readouterr().err
