from pathlib import Path
from typing import Any

import pytest
import yaml
from evaluation_doubles import PARAMS

from hrm.core.errors import ParameterError
from hrm.core.pipeline_schema import pipeline_params
from hrm.report.claims_file import ClaimsParams, read_claims
from hrm.report.derived import derived_rows


@pytest.fixture(scope="module")
def claims() -> ClaimsParams:
    return read_claims(PARAMS / "claims.yaml")


def values(claims: ClaimsParams) -> dict[str, float | None]:
    return {claim.id: claim.value for group in claims.groups for claim in group.claims}


def test_every_published_sudoku_table_is_there_in_full(claims: ClaimsParams) -> None:
    known = values(claims)
    assert known["hrm_parameters"] == 27_275_266
    assert known["hrm_sudoku_steps"] == 26_041
    assert (known["hrm_sudoku_1k"], known["direct_sudoku_1k"], known["direct_sudoku_full"]) == (55.0, 0.0, 16.9)
    assert [known[name] for name in ("o3_mini_high_sudoku", "claude_3_7_8k_sudoku", "deepseek_r1_sudoku")] == [0.0] * 3
    assert len([name for name in known if name.endswith("_accuracy") and name.startswith("trm")]) == 9
    assert len([name for name in known if name.startswith("grid_hrm")]) == 7
    assert len([name for name in known if name.startswith("grid_trm")]) == 5
    assert len([name for name in known if name.startswith("participation")]) == 5
    assert claims.spreads["independent_runs"].values == [45.8, 52.6, 53.0, 54.5, 55.4, 57.5]


def test_numbers_that_stand_twice_in_the_papers_agree(claims: ClaimsParams) -> None:
    known = values(claims)
    high, low, ratio = (known[f"participation_{name}"] for name in ("high", "low", "ratio"))
    assert high is not None and low is not None
    assert round(high / low, 2) == ratio
    assert known["hrm_sudoku_1k"] == known["trm_table_hrm_accuracy"] == known["grid_hrm_t2_n2"]


def test_scales_that_may_judge_exist(claims: ClaimsParams) -> None:
    scales = {path.name for path in (PARAMS / "scales").iterdir()}
    assert pipeline_params(PARAMS).scale in scales
    assert {scale for group in claims.groups for scale in group.judged_at} <= scales


def test_computed_claims_hold_for_the_network_that_is_built(claims: ClaimsParams) -> None:
    rows = {row.metric: row.mean for row in derived_rows(PARAMS, claims) if row.variant == "hrm"}
    assert rows["published_parameters"] == 27_275_266
    assert rows["published_steps"] == rows["configured_steps"] == 26_041
    assert rows["published_effective_depth"] == 24


def change(content: dict[str, Any], kind: str) -> None:
    group = content["groups"][0]
    if kind == "unknown key":
        group["claims"][0]["page"] = 3
    elif kind == "no tolerance":
        del group["tolerance"]
    elif kind == "twice":
        group["claims"].append(group["claims"][0])
    elif kind == "source":
        group["source"] = "rumour"
    elif kind == "order":
        group["requires"] = "act_mean_steps"
    elif kind == "unit":
        group["unit"] = "percent"
    elif kind == "no value":
        group["claims"][0]["value"] = None
    elif kind == "text for number":
        group["tolerance"] = "1e-4"


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("unknown key", "page"),
        ("no tolerance", "groups.0.tolerance is missing"),
        ("twice", "'hrm_parameters' stands twice"),
        ("source", "source 'rumour'"),
        ("order", "'act_mean_steps', which is no claim before it"),
        ("unit", "'percent'"),
        ("no value", "needs a value"),
        ("text for number", "groups.0.tolerance is '1e-4'"),
    ],
)
def test_a_mistake_in_the_file_is_one_line_that_names_it(tmp_path: Path, kind: str, words: str) -> None:
    content = yaml.safe_load((PARAMS / "claims.yaml").read_text())
    change(content, kind)
    path = tmp_path / "claims.yaml"
    path.write_text(yaml.safe_dump(content))
    with pytest.raises(ParameterError) as caught:
        read_claims(path)
    message = str(caught.value)
    assert message.startswith(str(path))
    assert words in message
    assert "\n" not in message
    assert len(message) < 1000
