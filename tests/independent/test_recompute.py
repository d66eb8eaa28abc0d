"""The independent count agrees with the package's on answers of a network, and finds a number that is not so."""

import ast
import json
from pathlib import Path

import numpy as np
import pytest
import recompute
import torch
from evaluation_doubles import write_tiny_dataset, write_tiny_model

from arc_cases import program_params
from hrm.core.files import write_json
from hrm.data.arc.task import TASK
from hrm.data.dataset import load_dataset
from hrm.data.maze.optimal import is_optimal
from hrm.evaluation import measures
from hrm.evaluation.evaluate import test_examples as examples_of
from hrm.evaluation.segments import record_segments
from hrm.evaluation.stored import write_predictions
from hrm.training.checkpoint import load_model

ROOT = Path(__file__).parents[2]
CPU = torch.device("cpu")
COMMITTED = sorted(path.parents[1] for path in ROOT.glob("results/*/*/*/seed*/raw/predictions.npz"))


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """Both sets of weights of a tiny network: its answers, and what the package counts of them."""
    write_tiny_model(tmp_path / "model.safetensors", write_tiny_dataset(tmp_path / "data", 50))
    for weights in ("raw", "ema"):
        loaded = load_model(tmp_path / "model.safetensors", weights, CPU, compile=False)
        halting = loaded.params.halting
        record = record_segments(loaded.model, examples_of(load_dataset(tmp_path / "data"), None, CPU), 4, 7, 2)
        rows, halted = measures.segment_rows(record, halting, 1, 0.95), measures.halting(record, halting, 2)
        counted = {name: rows[1][name] for name in ("exact_accuracy", "cell_accuracy", "open_accuracy")}
        counted |= {"mean_steps": halted.mean_steps, "halted_share": halted.halted_share}
        assert counted["cell_accuracy"] > 0
        write_predictions(tmp_path / weights / "predictions.npz", record.answers, record.q[:2])
        write_json(tmp_path / weights / "metrics.json", {name: round(value, 6) for name, value in counted.items()})
    write_json(tmp_path / "provenance.json", {"params": loaded.params.model_dump()})
    return tmp_path


def test_it_knows_nothing_of_the_package() -> None:
    tree = ast.parse(Path(recompute.__file__).read_text())
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert names == {"json", "struct", "sys", "pathlib", "typing", "numpy"}


def test_numbers_of_a_network_are_counted_again(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert recompute.main([str(run), str(run / "data")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2 * 5 and all(line.startswith("same") for line in lines)


@pytest.mark.parametrize("name", ["exact_accuracy", "open_accuracy", "mean_steps"])
def test_a_number_that_is_not_so_is_found(run: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    path = run / "ema" / "metrics.json"
    told = json.loads(path.read_text())
    path.write_text(json.dumps(told | {name: told[name] + 1e-5}))
    assert recompute.main([str(run), str(run / "data")]) == 1
    (line,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("DIFFERS")]
    assert f"ema {name}" in line


def test_halting_is_as_its_rule_says(run: Path) -> None:
    with np.load(run / "raw" / "predictions.npz") as stored:
        q = stored["q"]
    q[0, :20], q[1, :40] = [1.0, 0.5], [1.0, 0.5]
    q[0, 20:], q[1, 40:] = [0.4, 0.5], [0.4, 0.5]
    assert recompute.of_halting(q, "q_learning") == pytest.approx({"mean_steps": 1.6, "halted_share": 0.8})
    assert recompute.of_halting(q, "halting_loss")["mean_steps"] == 1
    assert recompute.of_halting(q, "fixed") == {"mean_steps": 2.0, "halted_share": 0.0}


def test_missing_files_and_other_segments_end_with_code_2(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert recompute.main([str(run)]) == 2
    assert recompute.main([str(run / "data"), str(run / "data")]) == 2
    record = json.loads((run / "provenance.json").read_text())
    record["params"]["halting"]["max_segments"] = 3
    (run / "provenance.json").write_text(json.dumps(record))
    assert recompute.main([str(run), str(run / "data")]) == 2
    assert "judged are 3" in capsys.readouterr().err


def test_shortest_paths_are_found_as_the_package_finds_them() -> None:
    """Random 4x4 mazes; answers that mark a shortest path, a longer one, too much, too little, or change a wall."""
    rng = np.random.default_rng(0)
    inputs = rng.choice([recompute.WALL, recompute.OPEN, recompute.OPEN], (4000, 16)).astype(np.uint8)
    ends = rng.permuted(np.tile(np.arange(16), (4000, 1)), axis=1)[:, :2]
    inputs[np.arange(4000), ends[:, 0]], inputs[np.arange(4000), ends[:, 1]] = recompute.START, recompute.GOAL
    grids = inputs.reshape(-1, 4, 4)
    walls, start, goal = (grids == token for token in (recompute.WALL, recompute.START, recompute.GOAL))
    forth, back = recompute.distances(~walls, start), recompute.distances(~walls, goal)
    length = np.where(goal, forth, -1).max(axis=(1, 2))[:, None, None]
    on_path = (forth >= 0) & (forth + back == length) & (grids == recompute.OPEN)
    answers = np.where(on_path & (rng.random(grids.shape) < 0.93), recompute.PATH, grids).reshape(4000, 16)
    changed = rng.random(4000) < 0.1
    answers[changed, 0] = recompute.OPEN
    right = is_optimal(torch.from_numpy(inputs), torch.from_numpy(answers.astype(np.uint8))).double().mean()
    assert 0.1 < right < 0.9
    assert recompute.of_mazes(inputs, answers)["optimal_path_accuracy"] == pytest.approx(float(right))


def test_arc_counts_tasks_and_their_inputs(tmp_path: Path) -> None:
    made = program_params(tmp_path)
    TASK.write_dataset(
        tmp_path / "data", made, TASK.make_candidates(made, 0, TASK.candidate_count(made), 1, lambda _: None), 1
    )
    dataset = load_dataset(tmp_path / "data")
    names, test = dataset.info.group_names["test"], recompute.read_safetensors(tmp_path / "data" / "test.safetensors")
    assert (test["labels"] == dataset.test.labels).all() and (test["plan"] == dataset.test.plan).all()
    submission: dict = {}
    for number, (label, group) in enumerate(zip(test["labels"], test["groups"], strict=True)):
        right, wrong = recompute.grid_of(label), [[11]]
        attempts = [[right, wrong], [wrong, right], [wrong, wrong]][min(number, 3) % 3]
        submission.setdefault(names[group], []).append(dict(zip(("attempt_1", "attempt_2"), attempts, strict=True)))
    sizes = np.bincount(test["groups"])
    misses = np.bincount(test["groups"][2:3], minlength=len(sizes))  # the third input alone is missed
    found = recompute.of_arc(submission, names, test)
    assert found["arc_pass_at_2"] == pytest.approx((misses == 0).mean())
    assert found["arc_pass_at_2_inputs"] == pytest.approx((1 - misses / sizes).mean())


@pytest.mark.skipif(not COMMITTED, reason="no stored answers lie in results/; a run of the pipeline makes them")
@pytest.mark.parametrize("folder", COMMITTED, ids=lambda path: str(path.relative_to(ROOT)))
def test_numbers_of_this_checkout_are_counted_again(folder: Path) -> None:
    scale, task = folder.parts[-4:-2]
    data = ROOT / "data" / scale / task
    if not (data / "test.safetensors").is_file():
        pytest.skip(f"{data} is not here")
    assert recompute.main([str(folder), str(data)]) == 0
