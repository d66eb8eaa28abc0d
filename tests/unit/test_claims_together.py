"""Statements that need several claims, settings as claims, and means over the rows of a study."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from claims_doubles import records_of
from evaluation_doubles import PARAMS
from hypothesis import given
from hypothesis import strategies as st

from hrm.core.errors import ParameterError
from hrm.core.schema import run_params
from hrm.report.claims_file import ClaimsParams, read_claims
from hrm.report.claims_table import NamedLedger, readme_section
from hrm.report.derived import derived_rows, settings
from hrm.report.ledger import make_ledger
from hrm.report.run_records import Records
from hrm.report.summary import SummaryRow
from hrm.report.verdicts import VERDICTS, Measured, Verdict, judge, judge_together

RESIDUALS = {
    "sudoku/hrm/residual_high_decline": -1.0,
    "sudoku/hrm/residual_low_within": 0.4,
    "sudoku/hrm/residual_low_reset": 1.7,
    "sudoku/rnn/residual_core_quarter": 0.04,
    "sudoku/hrm/residual_high_quarter": 0.2,
}


@pytest.fixture(scope="module")
def claims() -> ClaimsParams:
    return read_claims(PARAMS / "claims.yaml")


def judged(claims: ClaimsParams, values: dict[str, float], scale: str = "smoke") -> dict[str, dict[str, Any]]:
    rows = [SummaryRow(*answer.split("/"), 3, value, value, value, "t") for answer, value in values.items()]  # type: ignore[arg-type]
    records = records_of(PARAMS, scale, [(row.task, row.variant) for row in rows])
    ledger = make_ledger(claims, {(row.task, row.variant, row.metric): row for row in rows}, scale, PARAMS, records)
    return {claim["id"]: claim for claim in ledger["claims"]}


def test_a_statement_holds_where_all_its_claims_do_and_falls_with_one(claims: ClaimsParams) -> None:
    found = judged(claims, RESIDUALS)["guide_residuals"]
    assert (found["verdict"], found["ours"]["mean"], found["value"]) == ("reproduced", 5, 5)
    found = judged(claims, RESIDUALS | {"sudoku/hrm/residual_high_quarter": 0.05})["guide_residuals"]
    assert (found["verdict"], found["ours"]["mean"]) == ("not reproduced", 4)
    assert found["reason"] == "residuals_high_goes_on is not reproduced"
    some = {answer: value for answer, value in RESIDUALS.items() if "rnn" not in answer}
    assert judged(claims, some)["guide_residuals"]["verdict"] == "not run at this scale"
    assert judged(claims, {})["guide_residuals"]["ours"] is None


@given(st.lists(st.sampled_from(VERDICTS), min_size=1), st.sampled_from(VERDICTS))
def test_one_more_claim_never_makes_a_statement_better(verdicts: list[Verdict], more: Verdict) -> None:
    before, after = judge_together(verdicts), judge_together([*verdicts, more])
    assert before == "not reproduced" or VERDICTS.index(after) >= VERDICTS.index(before) or after == "not reproduced"
    assert (after == "reproduced") == (set(verdicts) | {more} == {"reproduced"})


def test_above_is_strict_and_the_mirror_of_below() -> None:
    for mean, low, high, verdict in (
        (2.1, 2.01, 3.0, "reproduced"),
        (2.1, 2.0, 3.0, "undecided"),
        (1.5, 1.0, 2.0, "not reproduced"),
    ):
        assert judge(Measured(mean, low, high), 2.0, 5.0, "above", None).verdict == verdict
        assert judge(Measured(-mean, -high, -low), -2.0, 5.0, "below", None).verdict == verdict


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [("of", ["residuals_high", "rumour"], "'rumour', which is no claim"), ("source", "rumour", "source 'rumour'")],
)
def test_a_statement_of_unknown_claims_is_refused(tmp_path: Path, key: str, value: Any, words: str) -> None:
    content = yaml.load((PARAMS / "claims.yaml").read_text(), yaml.CSafeLoader)
    content["compounds"][0][key] = value
    path = tmp_path / "claims.yaml"
    path.write_text(yaml.dump(content, Dumper=yaml.CSafeDumper))
    with pytest.raises(ParameterError, match=words):
        read_claims(path)


def test_settings_are_numbers_and_words_are_one_of_their_kind() -> None:
    found = settings(run_params(PARAMS, "paper", "arc_agi_1", "hrm", []))
    assert (found["optimizer_puzzle_learning_rate"], found["model_norm_scale"]) == (1e-2, 0.0)
    assert (found["train_loss_stablemax"], found["train_loss_softmax"]) == (1.0, 0.0)
    assert found["model_gradient_rule_one_step"] == 1.0
    for prefix in ("train_loss_", "model_positions_", "halting_rule_", "optimizer_name_"):
        assert sum(value for name, value in found.items() if name.startswith(prefix)) == 1.0


def test_published_runs_answer_what_their_own_parameters_say(claims: ClaimsParams) -> None:
    rows = {(row.variant, row.metric): row.mean for row in derived_rows(PARAMS, claims)}
    assert rows["controller", "low_updates"] == 20_000 * 12
    assert rows["controller", "high_updates"] == sum(1 for call in range(12) if call % 4 == 0) * 20_000
    assert rows["sudoku_1k", "epochs"] == pytest.approx(26_041 * 768 / 1000)
    assert rows["boards", "epochs"] == 40
    assert rows["hrm", "q_head_bias"] == -5


def test_without_a_variant_its_contrast_is_not_run_and_nothing_fails(claims: ClaimsParams) -> None:
    found = judged(claims, {"sudoku/hrm/exact_accuracy": 0.5})
    for name in ("gradient_bptt", "robust_noise_low", "trm_beats_separate", "transfer_helps"):
        assert (found[name]["verdict"], found[name]["ours"]) == ("not run at this scale", None)


def test_the_readme_shows_verdicts_and_folds_the_rest(claims: ClaimsParams) -> None:
    ledger = make_ledger(claims, {}, "gpu", PARAMS, Records({}, {}))
    for entry, verdict, mean in zip(
        ledger["claims"], ["reproduced", "not run at this scale"], [1.0, 2.0], strict=False
    ):
        entry |= {"verdict": verdict}
        entry["ours"] = {"answer": "sudoku/hrm/x", "mean": mean, "low": None, "high": None, "seeds": 1}
        entry["ours"] |= {"test_examples": None, "method": "t"}
    text = readme_section([NamedLedger("gpu", ledger)])
    open_part, *folded = text.split("<details>")
    first, second, third = (entry["statement"] for entry in ledger["claims"][:3])
    assert first in open_part and second not in open_part and third not in open_part
    assert second in folded[0] and third in folded[1]
    assert text.count("<details>") == text.count("</details>") == 2
