import json
from pathlib import Path

import numpy as np
import pytest
from evaluation_doubles import PARAMS, write_tiny_dataset, write_tiny_model

from hrm.cli import main
from hrm.report.claims_file import read_claims

FILES = ("difficulty.csv", "evaluation.json", "metrics.json", "segments.csv", "steps.json")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trained")
    write_tiny_model(folder / "model.safetensors", write_tiny_dataset(folder / "data", 11))
    (folder / "provenance.json").write_text(json.dumps({"seconds": 12.5}))
    return folder


def evaluate(trained: Path, out: Path, *more: str, data: Path | None = None) -> int:
    known = ["--model", str(trained / "model.safetensors"), "--data", str(data or trained / "data")]
    settings = ["--params", str(PARAMS), "--device", "cpu", "--set", "batch_size=4"]
    return main(["evaluate", *known, "--out", str(out), *settings, *more])


def test_evaluate_writes_flat_metrics_tables_and_provenance(trained: Path, tmp_path: Path) -> None:
    assert evaluate(trained, tmp_path) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == list(FILES)
    metrics = json.loads((tmp_path / "metrics.json").read_text())
    assert all(value is None or isinstance(value, int | float) for value in metrics.values())
    assert metrics["test_examples"] == 11
    assert (metrics["steps"], metrics["train_seconds"], metrics["max_segments"]) == (7, 12.5, 2)
    assert metrics["exact_accuracy"] == metrics["exact_accuracy_ema"]
    # Two cycles of two low steps and a high one, each through one layer; two segments make an answer.
    assert (metrics["effective_depth"], metrics["layers"]) == (6, 12)
    segments = (tmp_path / "segments.csv").read_text().splitlines()
    assert len(segments) == 1 + 4 * 2
    assert json.loads((tmp_path / "evaluation.json").read_text())["params"]["checkpoint"] == "last"
    steps = json.loads((tmp_path / "steps.json").read_text())
    assert np.shape(steps["predictions"]) == (2, 16)
    assert len(steps["q_halt"]) == 2
    assert np.shape(steps["earlier_steps"]) == (2, 1, 16)  # two cycles a segment, the last of which is the prediction


def test_claims_ask_for_metrics_that_exist(trained: Path, tmp_path: Path) -> None:
    assert evaluate(trained, tmp_path) == 0
    written = set(json.loads((tmp_path / "metrics.json").read_text())) | {"exact_accuracy_half_range"}
    claims = read_claims(PARAMS / "claims.yaml")
    written |= {pair.answer.split("/")[2] for pair in claims.pairs}
    answers = {answer for group in claims.groups for claim in group.claims for answer in claim.answers}
    asked = {answer.split("/")[2] for answer in answers if answer.startswith("sudoku/hrm/")}
    assert "exact_accuracy" in asked
    analysed = ("participation_ratio", "residual", "dynamics", "test_time")  # test_states.py, test_test_time.py
    elsewhere = ("memory_growth", "exact_accuracy_moderate")  # test_other_rows.py for these
    assert {metric for metric in asked if not metric.startswith(analysed + elsewhere)} <= written
    paired = {side.split("/")[2] for pair in claims.pairs for side in (pair.first, pair.second) if "arc" not in side}
    assert paired <= written


def test_equal_evaluations_write_equal_files(trained: Path, tmp_path: Path) -> None:
    for name in ("a", "b"):
        assert evaluate(trained, tmp_path / name) == 0
    for name in set(FILES) - {"evaluation.json"}:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_limit_and_weights_are_honoured(trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert evaluate(trained, tmp_path, "--limit", "3", "--weights", "raw") == 0
    metrics = json.loads((tmp_path / "metrics.json").read_text())
    assert metrics["test_examples"] == 3
    assert metrics["exact_accuracy"] == metrics["exact_accuracy_raw"]
    assert "3 test examples, 2 segments, raw weights" in capsys.readouterr().out


def test_other_data_is_measured_with_one_line_of_warning(
    trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_tiny_dataset(tmp_path / "other", 5, seed=1)
    assert evaluate(trained, tmp_path / "out", data=tmp_path / "other") == 0
    warnings = [line for line in capsys.readouterr().err.splitlines() if "note" in line]
    assert len(warnings) == 1
    assert "trained on other data" in warnings[0]


@pytest.mark.parametrize(
    ("key", "value"), [("vocabulary_size", 11), ("grid_shape", [2, 8]), ("task", "maze")], ids=lambda x: str(x)
)
def test_data_that_do_not_fit_the_model_are_refused_in_one_line(
    trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], key: str, value: object
) -> None:
    write_tiny_dataset(tmp_path / "other", 5)
    described = json.loads((tmp_path / "other" / "dataset.json").read_text())
    (tmp_path / "other" / "dataset.json").write_text(json.dumps(described | {key: value}))
    assert evaluate(trained, tmp_path / "out", data=tmp_path / "other") == 2
    message = capsys.readouterr().err.strip()
    assert key in message
    assert "\n" not in message
    assert not (tmp_path / "out").exists()


def test_no_test_examples_and_bad_options_are_refused(
    trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_tiny_dataset(tmp_path / "empty", 0)
    assert evaluate(trained, tmp_path / "out", data=tmp_path / "empty") == 2
    assert evaluate(trained, tmp_path / "out", "--limit", "0") == 2
    assert evaluate(trained, tmp_path / "out", "--set", "rating_bins=[1, 2]") == 2
    messages = capsys.readouterr().err
    assert "no test examples" in messages
    assert "--limit is 0" in messages
    assert "start at 0" in messages
