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
from hrm.report.claims_table import NamedLedger, claims_section
from hrm.report.derived import derived_rows, settings
from hrm.report.ledger import make_ledger
from hrm.report.summary import SummaryRow, key_of
from hrm.report.verdicts import GOOD, REFUTING, VERDICTS, Verdict, judge_together

# What trained networks are to have, and beside it what one without training would need to fail all of these claims.
RESIDUALS = {
    "sudoku/hrm/residual_high_decline": (-1.0, 0.0),
    "sudoku/hrm/residual_low_within": (0.4, 1.2),
    "sudoku/hrm/residual_low_reset": (1.7, 0.9),
    "sudoku/rnn/residual_core_quarter": (0.04, 0.9),
    "sudoku/hrm/residual_high_quarter": (0.2, 0.05),
}


@pytest.fixture(scope="module")
def claims() -> ClaimsParams:
    return read_claims(PARAMS / "claims.yaml")


def judged(
    claims: ClaimsParams, values: dict[str, tuple[float, float]], scale: str = "smoke", seeds: int = 3
) -> dict[str, dict[str, Any]]:
    """The ledger of results TASK/VARIANT/METRIC: of trained networks, and of the same ones before training."""
    rows = [
        SummaryRow(*answer.split("/")[:2], player, answer.split("/")[2], seeds, value, value, value, "t")  # type: ignore[arg-type]
        for answer, of_players in values.items()
        for player, value in zip(("raw", "untrained"), of_players, strict=True)
    ]
    records = records_of(PARAMS, scale, [(row.task, row.variant) for row in rows])
    ledger = make_ledger(claims, {key_of(row): row for row in rows}, scale, PARAMS, records)
    return {claim["id"]: claim for claim in ledger["claims"]}


def test_a_statement_holds_where_all_its_claims_do_and_falls_with_one(claims: ClaimsParams) -> None:
    found = judged(claims, RESIDUALS)["guide_residuals"]
    assert (found["verdict"], found["ours"]["mean"], found["value"]) == ("reproduced", 5, 5)
    assert found["weights"] == "raw"
    found = judged(claims, RESIDUALS | {"sudoku/hrm/residual_high_quarter": (0.05, 0.04)})["guide_residuals"]
    assert (found["verdict"], found["ours"]["mean"]) == ("contradicted", 4)
    assert found["reason"] == "residuals_high_goes_on is contradicted"
    some = {answer: value for answer, value in RESIDUALS.items() if "rnn" not in answer}
    assert judged(claims, some)["guide_residuals"]["verdict"] == "not run at this scale"
    assert judged(claims, {})["guide_residuals"]["ours"] is None


def test_a_statement_is_no_better_than_its_seeds_and_its_evidence(claims: ClaimsParams) -> None:
    assert judged(claims, RESIDUALS, seeds=1)["guide_residuals"]["verdict"] == "consistent, one seed"
    found = judged(claims, RESIDUALS | {"sudoku/hrm/residual_low_within": (0.4, 0.7)})
    assert found["residuals_low_within"]["verdict"] == "no evidence"
    assert found["residuals_low"]["verdict"] == "no evidence"  # it requires the former
    assert found["guide_residuals"]["verdict"] == "no evidence"


@given(st.lists(st.sampled_from(VERDICTS), min_size=1), st.sampled_from(VERDICTS))
def test_one_more_claim_never_makes_a_statement_better(verdicts: list[Verdict], more: Verdict) -> None:
    before, after = judge_together(verdicts), judge_together([*verdicts, more])
    assert VERDICTS.index(after) >= VERDICTS.index(before) or after in REFUTING
    assert (after == "reproduced") == (set(verdicts) | {more} == {"reproduced"})
    assert (after in GOOD) == all(verdict in GOOD for verdict in [*verdicts, more])


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
    found = judged(claims, {"sudoku/hrm/exact_accuracy": (0.5, 0.0)})
    for name in ("gradient_bptt", "robust_noise_low", "trm_beats_separate", "transfer_helps"):
        assert (found[name]["verdict"], found[name]["ours"]) == ("not run at this scale", None)


def result(mean: float, method: str = "t") -> dict[str, Any]:
    ours = {"answer": "sudoku/hrm/x", "mean": mean, "low": None, "high": None, "over": None, "seeds": 1}
    return ours | {"test_examples": None, "method": method}


def test_the_readme_shows_verdicts_on_trainings_and_folds_the_rest(claims: ClaimsParams) -> None:
    ledger = make_ledger(claims, {}, "gpu", PARAMS, records_of(PARAMS, "gpu", []))
    of_trainings = [entry for entry in ledger["claims"] if entry["category"] == "training"]
    setting = next(entry for entry in ledger["claims"] if entry["category"] == "settings")
    late = {"date": "2026-11-22", "before_first_run": False}
    of_trainings[0] |= {"verdict": "reproduced", "ours": result(1.0), "confounds": ["the moon"], "margin_set": late}
    of_trainings[1] |= {"ours": result(2.0)}
    setting |= {"verdict": "agrees", "ours": result(3.0, "computed")}
    text = claims_section([NamedLedger("gpu", ledger)])
    head, table = text.split("\n", 1)
    assert head.endswith("on what is not run here") and "1 of 1 settings agree" in head
    assert "1 reproduced" in head and "agrees" not in head and "undecided" not in head
    open_part, *folded = table.split("<details>")
    first, second, third = (entry["statement"] for entry in of_trainings[:3])
    assert first in open_part and second not in open_part and third not in open_part
    assert "reproduced; margin set on 2026-11-22, after the first runs; confound: the moon" in open_part
    assert setting["statement"] in folded[0] and second in folded[1] and third in folded[2]
    assert text.count("<details>") == text.count("</details>") == 3


def test_settings_are_counted_in_no_headline(claims: ClaimsParams) -> None:
    rows = derived_rows(PARAMS, claims)
    ledger = make_ledger(claims, {key_of(row): row for row in rows}, "gpu", PARAMS, records_of(PARAMS, "gpu", []))
    settings_only = {entry["verdict"] for entry in ledger["claims"] if entry["category"] == "settings"}
    # One setting of the pointer study is not ours: docs/deviations.md, 21.
    assert settings_only == {"agrees", "differs", "not run at this scale"}
    assert {entry["verdict"] for entry in ledger["claims"] if entry["category"] != "settings"} == {
        "not run at this scale"
    }
    head = claims_section([NamedLedger("gpu", ledger)]).split("\n")[0]
    agreeing = sum(entry["verdict"] == "agrees" for entry in ledger["claims"])
    differing = sum(entry["verdict"] == "differs" for entry in ledger["claims"])
    assert agreeing > 50 and f"{agreeing} of {agreeing + differing} settings agree" in head
    assert "reproduced" not in head
