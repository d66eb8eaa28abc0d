import json
from pathlib import Path

import numpy as np
import pytest
import torch
from evaluation_doubles import PARAMS, write_tiny_dataset, write_tiny_model

from hrm.cli import main
from hrm.data.dataset import load_dataset, single_examples
from hrm.evaluation.chance import MajorityAnswer
from hrm.report.claims_file import read_claims

FILES = ("difficulty.csv", "evaluation.json", "metrics.json", "predictions.npz", "segments.csv", "steps.json")
NETWORKS, WITHOUT_SKILL = ("raw", "ema"), ("untrained", "chance")


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
    assert {path.name for path in tmp_path.iterdir()} == set(NETWORKS) | set(WITHOUT_SKILL)
    for weights in NETWORKS:
        assert sorted(path.name for path in (tmp_path / weights).iterdir()) == list(FILES)
        assert json.loads((tmp_path / weights / "evaluation.json").read_text())["weights"] == weights
    tmp_path = tmp_path / "raw"
    metrics = json.loads((tmp_path / "metrics.json").read_text())
    assert all(value is None or isinstance(value, int | float) for value in metrics.values())
    assert metrics["test_examples"] == 11
    assert (metrics["steps"], metrics["train_seconds"], metrics["max_segments"]) == (7, 12.5, 2)
    # Two cycles of two low steps and a high one, each through one layer; two segments make an answer.
    assert (metrics["effective_depth"], metrics["layers"]) == (6, 12)
    segments = (tmp_path / "segments.csv").read_text().splitlines()
    assert len(segments) == 1 + 4 * 2
    assert json.loads((tmp_path / "evaluation.json").read_text())["params"]["checkpoint"] == "last"
    steps = json.loads((tmp_path / "steps.json").read_text())
    assert np.shape(steps["predictions"]) == (2, 16)
    assert len(steps["q_halt"]) == 2
    assert np.shape(steps["earlier_steps"]) == (2, 1, 16)  # two cycles a segment, the last of which is the prediction


def metrics_of(folder: Path, player: str) -> dict[str, float]:
    found: dict[str, float] = json.loads((folder / player / "metrics.json").read_text())
    return found


def test_each_set_of_weights_gives_what_it_gives_alone(trained: Path, tmp_path: Path) -> None:
    """Both are run by the same modules, one after the other."""
    assert evaluate(trained, tmp_path / "both") == 0
    for weights in NETWORKS:
        assert evaluate(trained, tmp_path / weights, "--weights", weights) == 0
        alone = tmp_path / weights
        assert {path.name for path in alone.iterdir()} == {weights, *WITHOUT_SKILL}
        assert metrics_of(alone, weights) == metrics_of(tmp_path / "both", weights)
    assert metrics_of(tmp_path / "both", "raw") != metrics_of(tmp_path / "both", "ema")


def test_players_without_skill_are_measured_by_the_same_names(trained: Path, tmp_path: Path) -> None:
    assert evaluate(trained, tmp_path) == 0
    of_a_training = {"effective_depth", "layers", "max_segments", "judged_segments", "steps", "parameters"}
    for player in WITHOUT_SKILL:
        found = metrics_of(tmp_path, player)
        assert set(found) | of_a_training | {"train_seconds"} == set(metrics_of(tmp_path, "raw"))
        assert found["test_examples"] == 11
    # The averaged weights of this model are its first ones.
    same = metrics_of(tmp_path, "ema")
    assert metrics_of(tmp_path, "untrained") == {name: same[name] for name in metrics_of(tmp_path, "untrained")}


def test_stored_predictions_give_the_accuracy_again(trained: Path, tmp_path: Path) -> None:
    assert evaluate(trained, tmp_path) == 0
    labels = load_dataset(trained / "data").test.labels
    for weights in NETWORKS:
        stored = np.load(tmp_path / weights / "predictions.npz")
        exact = (stored["answers"] == labels).all(axis=1).mean()
        assert metrics_of(tmp_path, weights)["exact_accuracy"] == pytest.approx(exact, abs=1e-6)
        assert stored["q"].shape == (2, 11, 2)


def test_majority_answer_takes_each_tokens_most_frequent_label() -> None:
    inputs = np.array([[1, 1, 1, 2], [1, 1, 2, 2]], dtype=np.uint8)
    labels = np.array([[3, 0, 0, 2], [0, 3, 2, 4]], dtype=np.uint8)  # 0 is padding, and not judged
    none = np.zeros((2, 0), np.int64)
    train = single_examples(inputs, labels, np.zeros(2, dtype=np.int32), none)
    majority = MajorityAnswer(train, 5)
    carry, logits, q = majority(None, torch.tensor([[1, 2, 2, 1]]), torch.zeros(1))
    assert logits.argmax(dim=-1).tolist() == [[3, 2, 2, 3]]
    assert carry is None and (q[:, 0] <= 0).all()


def test_claims_ask_for_metrics_that_exist(trained: Path, tmp_path: Path) -> None:
    assert evaluate(trained, tmp_path) == 0
    written = set(metrics_of(tmp_path, "raw")) | {"exact_accuracy_half_range"}
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
    names = {f"{player}/{name}" for player in NETWORKS for name in FILES if name != "evaluation.json"}
    for name in names | {f"{player}/metrics.json" for player in WITHOUT_SKILL}:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_limit_and_weights_are_honoured(trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert evaluate(trained, tmp_path, "--limit", "3", "--weights", "raw") == 0
    assert metrics_of(tmp_path, "raw")["test_examples"] == 3
    assert not (tmp_path / "ema").exists()
    out = capsys.readouterr().out
    assert "3 test examples, 2 segments" in out and "raw: exact accuracy" in out and "ema" not in out


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
