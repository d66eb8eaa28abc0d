"""Residuals, trajectories and their numbers against plain references, and the command that writes them."""

import csv
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from evaluation_doubles import PARAMS, write_tiny_dataset, write_tiny_model

from hrm.analysis.components import principal_components
from hrm.analysis.observe import Plan, observe, plan_of
from hrm.analysis.residuals import Step, characters, intervals, resampled_means
from hrm.analysis.states import INTERVAL_ENDS, WORDS
from hrm.checks import check_all
from hrm.cli import main
from hrm.core.errors import ParameterError
from hrm.data.dataset import load_dataset
from hrm.evaluation.evaluate import test_examples as examples_of
from hrm.report.claims_file import read_claims
from hrm.training.checkpoint import load_model

CPU = torch.device("cpu")
WEIGHTS = ("raw", "ema")
FILES = ["metrics.json", "participation.csv", "residuals.csv", "states.json", "trajectories.csv"]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trained")
    write_tiny_model(folder / "model.safetensors", write_tiny_dataset(folder / "data", 11))
    return folder


def analyse(trained: Path, out: Path, *more: str) -> int:
    places = ["--model", str(trained / "model.safetensors"), "--data", str(trained / "data"), "--out", str(out)]
    quick = ["--set", "states.examples=7", "--set", "states.resamples=100", "--set", "states.batch_size=3"]
    return main(["analyse", "states", *places, "--params", str(PARAMS), "--device", "cpu", *quick, *more])


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_residuals_of_every_call_equal_a_plain_reference(trained: Path) -> None:
    loaded = load_model(trained / "model.safetensors", "ema", CPU, compile=False)
    examples = examples_of(load_dataset(trained / "data"), 5, CPU)
    model = loaded.model
    observed = observe(model, examples, Plan(False, 2, 2), 2, 3)
    # The reference calls the modules itself: two segments of two cycles of two low steps and a high one.
    carry = model.initial_carry(5, CPU)
    injected, rotary = model._embed(examples.inputs.long(), examples.puzzle_ids, None)
    states, expected, paths = {"H": carry.high_state, "L": carry.low_state}, [], []
    with torch.no_grad():
        for name in "LLHLLH" * 2:
            if name == "L":
                after = model.low_module(states["L"], states["H"], injected, rotary)
            else:
                after = model.high_module(states["H"], states["L"], None, rotary)
            expected.append(np.sqrt(((after - states[name]).numpy() ** 2).sum(axis=2)).mean(axis=1))
            states[name] = after
            paths.append(after)
    assert [step.state for step in observed.steps] == list("LLHLLH" * 2)
    assert [step.step for step in observed.steps] == list(range(1, 13))
    assert [step.segment for step in observed.steps] == [1] * 6 + [2] * 6
    np.testing.assert_allclose(observed.residuals.numpy(), np.stack(expected), rtol=1e-4)
    for found, after in zip(observed.paths, paths, strict=True):
        np.testing.assert_allclose(found.numpy(), after[:3].flatten(1).numpy(), atol=1e-5)
    vectors = np.concatenate([after.numpy() for after in paths[2::3]], axis=1).astype(np.float64)
    covariance = np.cov(vectors.reshape(-1, vectors.shape[-1]), rowvar=False, bias=True)
    found = observed.moments["positions"]["H"].covariances(torch.ones(1, 5).double())[0]
    np.testing.assert_allclose(found.numpy(), covariance, atol=1e-6)


def test_a_network_gets_enough_segments_and_one_that_answers_at_once_is_seen_by_layers(trained: Path) -> None:
    model = load_model(trained / "model.safetensors", "ema", CPU, compile=False).model
    examples = examples_of(load_dataset(trained / "data"), 5, CPU)
    assert plan_of(model, examples, 2, 12) == Plan(False, 2, 2)  # of six calls each
    assert plan_of(model, examples, 2, 13) == Plan(False, 3, 2)
    assert plan_of(model, examples, 9, 13) == Plan(False, 9, 9)
    layers = observe(model, examples, Plan(True, 1, 1), 5, 1)
    assert {step.state for step in layers.steps} == {"layer"}
    assert [step.cycle for step in layers.steps] == list(range(1, len(layers.steps) + 1))


def test_components_equal_those_of_the_singular_values() -> None:
    states = np.random.default_rng(0).normal(size=(20, 50)) * np.linspace(3.0, 0.1, 50)
    found = principal_components(torch.from_numpy(states))
    left, values, _ = np.linalg.svd(states - states.mean(axis=0), full_matrices=False)
    np.testing.assert_allclose(np.abs(found.scores.numpy()), np.abs(left * values)[:, :3], atol=1e-9)
    np.testing.assert_allclose(found.shares.numpy(), (values**2 / (values**2).sum())[:3])
    assert (found.scores.abs().amax(dim=0) == found.scores.amax(dim=0)).all()
    still = principal_components(torch.ones(2, 5))
    assert still.scores.shape == (2, 3) and not still.scores.any() and not still.shares.any()


def test_intervals_over_examples_hold_the_mean_and_narrow_with_their_number() -> None:
    values = torch.rand(4, 400, generator=torch.Generator().manual_seed(0))
    few, many = (intervals(resampled_means(values[:, :count], 200), 0.95) for count in (20, 400))
    for small, large in zip(few, many, strict=True):
        assert small.low < small.value < small.high and large.low < 0.5 < large.high
        assert large.high - large.low < 0.5 * (small.high - small.low)
    assert many[0].value == pytest.approx(values[0].double().mean().item())


def test_curves_are_described_as_the_paper_describes_them() -> None:
    def found(state: str, cycles: int, curve: list[float]) -> dict[str, float]:
        per = len(curve) // cycles
        steps = [Step(state, place + 1, 1, place // per + 1) for place in range(len(curve))]
        means = torch.tensor([curve] * 3).double()
        return {name: each.value for name, each in characters(state, steps, means, 0.95).items()}

    assert found("H", 4, [8.0, 4.0, 2.0, 1.0]) == pytest.approx({"decline": -1.0, "quarter": 1.0})
    assert found("core", 1, [8.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0])["quarter"] == pytest.approx(1 / 8)
    low = found("L", 2, [8.0, 2.0, 4.0, 1.0])
    assert (low["within"], low["reset"]) == pytest.approx((0.25, 2.0))
    assert low["decline"] == pytest.approx(-0.8)
    assert found("L", 3, [8.0, 2.0, 0.0, 0.0, 0.0, 0.0])["within"] == pytest.approx(0.25 ** (1 / 3))
    assert found("layer", 1, [6.0, 1.0, 2.0, 3.0]) == pytest.approx({"ends": 2.0})
    assert found("layer", 1, [6.0, 1.0]) == {}


def test_the_command_writes_tables_metrics_and_a_record_the_same_each_time(trained: Path, tmp_path: Path) -> None:
    for name in "ab":
        assert analyse(trained, tmp_path / name) == 0
    found = {path.relative_to(tmp_path / "a").as_posix() for path in (tmp_path / "a").glob("*/*")}
    assert found == {f"{weights}/{name}" for weights in WEIGHTS for name in FILES} | {"untrained/metrics.json"}
    for name in found - {f"{weights}/states.json" for weights in WEIGHTS}:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    for weights in WEIGHTS:
        is_of_one_network(tmp_path / "a" / weights, weights)


def is_of_one_network(folder: Path, weights: str) -> None:
    metrics = json.loads((folder / "metrics.json").read_text())
    assert (metrics["states_examples"], metrics["states_steps"]) == (7, 60)
    assert metrics["participation_ratio_high_over_low"] == pytest.approx(
        metrics["participation_ratio_high"] / metrics["participation_ratio_low"], rel=1e-4
    )
    residuals = rows_of(folder / "residuals.csv")
    assert {row["state"] for row in residuals} == {"H", "L"} and len(residuals) == 2 * 60
    participation = rows_of(folder / "participation.csv")
    assert sorted({int(row["trajectories"]) for row in participation}) == [2, 5, 7]
    assert len(rows_of(folder / "trajectories.csv")) == 3 * 60
    record = json.loads((folder / "states.json").read_text())
    assert (
        record["test_examples"] == 7 and record["weights"] == weights and "participation_ratio" in record["definitions"]
    )


def test_batches_change_nothing(trained: Path, tmp_path: Path) -> None:
    for name, size in (("a", 1), ("b", 7)):
        assert analyse(trained, tmp_path / name, "--set", f"states.batch_size={size}") == 0
    for player in ("ema", "untrained"):  # with the raw weights of this model the states come to rest
        a, b = (metrics_of(tmp_path / name, player) for name in "ab")
        assert a == pytest.approx(b, rel=1e-3)


def metrics_of(folder: Path, player: str) -> dict[str, float]:
    found: dict[str, float] = json.loads((folder / player / "metrics.json").read_text())
    return found


def test_each_set_of_weights_is_looked_into_and_beside_it_the_first_weights(trained: Path, tmp_path: Path) -> None:
    params = Path(shutil.copytree(PARAMS, tmp_path / "params"))
    text = (params / "evaluation.yaml").read_text()
    (params / "evaluation.yaml").write_text(text.replace("weights: [raw, ema]", "weights: [ema]"))
    assert analyse(trained, tmp_path / "both") == analyse(trained, tmp_path / "ema", "--params", str(params)) == 0
    assert sorted(path.name for path in (tmp_path / "ema").iterdir()) == ["ema", "untrained"]
    raw, ema, untrained = (metrics_of(tmp_path / "both", player) for player in (*WEIGHTS, "untrained"))
    assert metrics_of(tmp_path / "ema", "ema") == ema and metrics_of(tmp_path / "ema", "untrained") == untrained
    assert raw.keys() == ema.keys() and raw != ema
    # The averaged weights of this model are its first ones.
    assert untrained == {name: ema[name] for name in untrained}
    beside = {name: value for name, value in untrained.items() if name.startswith(("residual", "participation"))}
    for trained_one in (raw, ema):
        for name, value in beside.items():
            base, end = next(((name.removesuffix(end), end) for end in INTERVAL_ENDS if name.endswith(end)), (name, ""))
            assert trained_one[f"{base}_untrained{end}"] == value


def test_claims_ask_for_numbers_that_an_analysis_gives(trained: Path, tmp_path: Path) -> None:
    assert analyse(trained, tmp_path) == 0
    raw, ema, untrained = (set(metrics_of(tmp_path, player)) for player in (*WEIGHTS, "untrained"))
    answers = {
        answer for group in read_claims(PARAMS / "claims.yaml").groups for c in group.claims for answer in c.answers
    }
    asked = {metric for _, variant, metric in (answer.split("/") for answer in answers) if variant == "hrm"}
    ours = {metric for metric in asked if metric.startswith(("participation_ratio", "residual", "dynamics"))}
    assert len(ours) >= 7 and ours <= raw == ema
    assert {metric for metric in ours if not metric.endswith("_untrained")} <= untrained


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("states.examples=1", "states.examples"),
        ("states.trajectories=[1]", "states.trajectories"),
        ("states.x=1", "states.x"),
    ],
)
def test_a_wrong_setting_gets_one_line(
    trained: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], setting: str, words: str
) -> None:
    assert analyse(trained, tmp_path / "out", "--set", setting) == 2
    error = capfd.readouterr().err.strip()
    assert words in error and len(error.splitlines()) == 1 and not (tmp_path / "out").exists()


def test_runs_that_nobody_trains_are_refused(tmp_path: Path) -> None:
    root = Path(shutil.copytree(PARAMS, tmp_path / "params"))
    text = (root / "analysis.yaml").read_text()
    (root / "analysis.yaml").write_text(text.replace("variants: [hrm, trm,", "variants: [hrm, pointer,"))
    with pytest.raises(ParameterError, match=r"states.runs.sudoku has sudoku/pointer/0; allowed are"):
        check_all(root)
    (root / "analysis.yaml").write_text(text.replace("    boards: {", "    planks: {"))
    with pytest.raises(ParameterError, match=r"states.runs.planks: allowed names are .*boards"):
        check_all(root)


def test_one_test_example_is_too_few(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    write_tiny_model(tmp_path / "model.safetensors", write_tiny_dataset(tmp_path / "data", 1))
    assert analyse(tmp_path, tmp_path / "out") == 2
    assert "at least 2" in capfd.readouterr().err and not (tmp_path / "out").exists()


def test_every_state_has_a_word() -> None:
    assert set(WORDS) == {"H", "L", "H/L", "core", "layer"}
