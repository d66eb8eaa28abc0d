import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from claims_doubles import write_records
from evaluation_doubles import PARAMS

from hrm.cli import main
from hrm.core.errors import DataError
from hrm.report.ledger_file import read_ledger
from hrm.report.readme import BEGIN, END, replace_section
from hrm.report.report_schema import report_params

HEADER = "task,variant,weights,metric,seeds,mean,low,high,method"
SMOKE = [
    "sudoku,hrm,raw,exact_accuracy,3,0.987,0.951,1.0,t",
    "sudoku,hrm,untrained,exact_accuracy,3,0.0,0.0,0.0,t",
    "sudoku,hrm,raw,mean_steps_share,3,0.41,0.35,0.47,t",
    "sudoku,hrm,untrained,mean_steps_share,3,1.0,1.0,1.0,t",
    "sudoku,hrm,raw,halting_accuracy_loss,3,0.05,0.03,0.07,t",
    "sudoku,hrm,raw,steps,3,777,777,777,t",
    "sudoku,hrm,raw,test_examples,3,123,123,123,t",
]
GPU = [
    "sudoku,hrm_halt_loss,raw,exact_accuracy,1,0.4312,0.4215,0.4409,wilson",
    "sudoku,hrm_halt_loss,ema,exact_accuracy,1,0.5,0.49,0.51,wilson",
    "sudoku,hrm_halt_loss,raw,test_examples,1,10000,,,single",
]


def claims(folder: Path, scale: str, rows: list[str], params: Path = PARAMS) -> Path:
    """Run the command; returns the ledger."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "summary.csv").write_text("\n".join([HEADER, *rows]) + "\n")
    known = ["--claims", str(params / "claims.yaml"), "--params", str(params), "--scale", scale]
    files = ["--summary", str(folder / "summary.csv"), "--out", str(folder / "claims.json")]
    results = [(row.split(",")[0], row.split(",")[1]) for row in rows]
    files += write_records(folder, params, scale, results, "train.steps=777")
    assert main(["claims", *known, *files, "--table", str(folder / "claims.md")]) == 0
    return folder / "claims.json"


@pytest.fixture(scope="module")
def smoke(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return claims(tmp_path_factory.mktemp("results") / "smoke", "smoke", SMOKE)


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return claims(tmp_path_factory.mktemp("results") / "reference", "gpu", GPU)


def find(ledger: Path, identity: str) -> dict[str, Any]:
    (claim,) = (claim for claim in read_ledger(ledger)["claims"] if claim["id"] == identity)
    assert isinstance(claim, dict)
    return claim


def test_a_small_run_shows_its_number_and_its_differences_but_gets_no_verdict(smoke: Path) -> None:
    claim = find(smoke, "hrm_sudoku_1k")
    assert claim["verdict"] == "not run at this scale"
    assert (claim["ours"]["mean"], claim["ours"]["low"], claim["ours"]["seeds"]) == (98.7, 95.1, 3)
    text = "; ".join(claim["differences"])
    assert "puzzles of our generator" in text
    assert "123 test puzzles instead of 422,786" in text
    assert "train.steps 777 instead of 26041" in text
    assert "model.hidden_size" in text


def test_a_stand_in_is_shown_as_such_and_never_judged(reference: Path) -> None:
    claim = find(reference, "hrm_sudoku_1k")
    assert claim["ours"]["answer"] == "sudoku/hrm_halt_loss/exact_accuracy"
    assert (claim["ours"]["mean"], claim["ours"]["seeds"], claim["ours"]["test_examples"]) == (43.12, 1, 10_000)
    assert claim["verdict"] == "not run at this scale"
    assert "variant hrm_halt_loss instead of hrm" in claim["differences"]
    assert "halting.rule halting_loss instead of q_learning" in claim["differences"]
    assert not any("grids" in line for line in claim["differences"])


def test_generated_puzzles_get_no_verdict_even_at_the_scale_of_the_paper(tmp_path: Path) -> None:
    params = Path(shutil.copytree(PARAMS, tmp_path / "params"))
    row = "sudoku,hrm,raw,exact_accuracy,1,0.55,0.54,0.56,wilson"
    claim = find(claims(tmp_path / "published", "paper", [row], params), "hrm_sudoku_1k")
    assert claim["verdict"] == "consistent, one seed"
    shutil.copy(params / "scales/gpu/data/sudoku.yaml", params / "scales/paper/data/sudoku.yaml")
    claim = find(claims(tmp_path / "generated", "paper", [row], params), "hrm_sudoku_1k")
    assert (claim["verdict"], claim["reason"]) == ("not run at this scale", "needs the published data set")


def test_computed_claims_and_directions_are_judged_at_smoke(smoke: Path) -> None:
    assert find(smoke, "hrm_parameters")["verdict"] == "agrees"
    assert find(smoke, "hrm_parameters")["differences"] == []
    assert find(smoke, "hrm_sudoku_steps")["verdict"] == "agrees"
    assert find(smoke, "act_mean_steps")["verdict"] == "reproduced"
    assert find(smoke, "act_accuracy")["verdict"] == "contradicted"
    assert find(smoke, "inference_scaling")["verdict"] == "not run at this scale"


def test_equal_accuracy_means_nothing_for_a_model_that_never_halts(tmp_path: Path) -> None:
    rows = [
        "sudoku,hrm,raw,mean_steps_share,3,1.0,1.0,1.0,t",
        "sudoku,hrm,raw,halting_accuracy_loss,3,0.0,0.0,0.0,t",
        "sudoku,hrm,raw,exact_accuracy,3,0.9,0.8,1.0,t",
        "sudoku,hrm,untrained,exact_accuracy,3,0.0,0.0,0.0,t",
    ]
    claim = find(claims(tmp_path, "smoke", rows), "act_accuracy")
    assert (claim["verdict"], claim["reason"]) == ("undecided", "means nothing: act_mean_steps is undecided")


def test_claims_without_any_result_of_ours_say_so(smoke: Path) -> None:
    for identity in ("o3_mini_high_sudoku", "hrm_sudoku_full", "trm_accuracy"):
        claim = find(smoke, identity)
        assert (claim["ours"], claim["verdict"]) == (None, "not run at this scale")


def test_equal_results_give_equal_files(smoke: Path, tmp_path: Path) -> None:
    again = claims(tmp_path / "smoke", "smoke", SMOKE)
    assert again.read_bytes() == smoke.read_bytes()
    assert again.with_suffix(".md").read_bytes() == smoke.with_suffix(".md").read_bytes()


def test_readme_and_claims_page_are_written_from_the_ledgers_and_can_be_written_again(
    smoke: Path, reference: Path, tmp_path: Path
) -> None:
    readme, page = tmp_path / "README.md", tmp_path / "claims.md"
    readme.write_text(f"# Before\n{BEGIN}\nold\n{END}\nafter\n")
    known = ["claims", "--params", str(PARAMS), "--readme", str(readme), "--claims-page", str(page)]
    command = [*known, "--ledgers", str(smoke), str(reference)]
    assert main(command) == 0
    text = readme.read_text()
    assert text.startswith(f"# Before\n{BEGIN}\n")
    assert text.endswith(f"{END}\nafter\n")
    assert "old" not in text
    for entry in report_params(PARAMS).headline:
        assert f"| {entry.question} |" in text
    assert "- **smoke**: " in text
    assert "- **reference, scale gpu**: " in text

    table = page.read_text()
    assert "smoke: 98.7 %" not in table  # 4x4 puzzles beside a number for 9x9
    assert "| smoke: " in table  # directions are judged there
    ours = "43.1 % (raw weights; 42.1 to 44.1 over test examples; 1 seed; 10,000 test puzzles)"
    assert f"reference, scale gpu: {ours}" in table
    assert "55.0 % (± 2, the authors' note of about 2 points between runs" in table
    assert "untrained: 100.0 %" in table  # beside the share of segments that HRM takes
    assert table.count("27,275,266 |") == 2  # published and ours, once for both ledgers
    assert main(command) == 0
    assert (readme.read_text(), page.read_text()) == (text, table)

    assert main([*known, "--ledgers", str(reference)]) == 0
    assert f"| {ours} " in page.read_text()  # whose it is needs no word where there is one ledger


def test_missing_markers_are_an_error_and_leave_the_file(
    smoke: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    readme = tmp_path / "README.md"
    readme.write_text(f"{BEGIN}\n")
    page = tmp_path / "claims.md"
    known = ["claims", "--params", str(PARAMS), "--readme", str(readme), "--claims-page", str(page)]
    assert main([*known, "--ledgers", str(smoke)]) == 2
    assert f"{END} 0 times" in capsys.readouterr().err
    assert readme.read_text() == f"{BEGIN}\n"
    assert not page.exists()
    with pytest.raises(DataError, match="stands before"):
        replace_section(f"{END}{BEGIN}", "x", "README.md")


def test_incomplete_options_are_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["claims", "--claims", "params/claims.yaml"]) == 2
    assert "--scale, --out, --table missing" in capsys.readouterr().err
    assert main(["claims", "--readme", "README.md"]) == 2
    assert "--claims-page, --ledgers missing" in capsys.readouterr().err
    assert main(["claims", "--readme", "README.md", "--scale", "smoke"]) == 2
    assert capsys.readouterr().err.endswith("or --readme --claims-page --ledgers\n")


def test_a_file_that_is_no_ledger_or_an_old_one_is_named(tmp_path: Path) -> None:
    (tmp_path / "claims.json").write_text(json.dumps([]))
    with pytest.raises(DataError, match="not a claims ledger"):
        read_ledger(tmp_path / "claims.json")
    (tmp_path / "claims.json").write_text(json.dumps({"scale": "gpu", "claims": [{"id": "old"}]}))
    with pytest.raises(DataError, match=r"claim old has no category; make it again with hrm claims"):
        read_ledger(tmp_path / "claims.json")
