"""What goes on inside a trained network, from a model file to tables: residuals, trajectories, participation ratio."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch

from hrm.analysis.components import KEPT, principal_components
from hrm.analysis.dynamics import dynamics
from hrm.analysis.observe import SAMPLES, Observed, Plan, observe, plan_of
from hrm.analysis.participation import estimates
from hrm.analysis.resampling import Estimate
from hrm.analysis.residuals import Step, characters, intervals, resampled_means
from hrm.core.analysis_schema import StatesParams
from hrm.core.device import describe_hardware
from hrm.core.errors import DataError
from hrm.core.files import sha256_file, write_json, write_text
from hrm.core.provenance import provenance
from hrm.core.schema import EvaluationParams
from hrm.data.dataset import load_dataset
from hrm.evaluation.evaluate import DIGITS, check_fit, csv_text, test_examples
from hrm.evaluation.measures import Row
from hrm.evaluation.segments import Examples
from hrm.models.segment import SegmentModel
from hrm.training.checkpoint import load_model, model_from_facts

# How metrics call the states.
WORDS = {"H": "high", "L": "low", "H/L": "high_over_low", "core": "core", "layer": "layer"}
DYNAMICS_SEGMENTS = 2  # the second shows what is carried; later ones may come to rest, where nothing changes
INTERVAL_ENDS = ("_interval_low", "_interval_high")  # behind the name of a metric
HEADLINE = "positions"  # the vectors of the participation ratios in metrics.json
DEFINITIONS = {
    "residual": "mean over positions of |z_t - z_(t-1)| of one state, mean over test examples; percentile interval"
    " of the bootstrap over examples",
    "relative": "the residual over the mean norm of the state after the step",
    "trajectories": "principal components of the whole state (all positions) over the steps of one test puzzle",
    "participation_ratio": "(sum of eigenvalues)^2 / (sum of their squares) of the covariance of the state vectors"
    " after every step, of every position or of their mean over positions; percentile interval of the bootstrap over"
    " puzzles, reflected on a log scale, as few puzzles make the ratio too small",
    "dynamics": "how often each state changes, in a batch of test examples over the first segments, compared bit"
    " for bit around every module call",
    "untrained": "the weights that the same seed starts from",
}

Metrics = dict[str, float]


def analyse_states(
    model_path: Path, data: Path, out: Path, params: StatesParams, evaluation: EvaluationParams, device: torch.device
) -> dict[str, Metrics]:
    """Look into one model while it solves test puzzles; each set of weights has a folder of five files in `out`.

    residuals.csv, trajectories.csv, participation.csv, metrics.json (flat), states.json (definitions, provenance);
    untrained/metrics.json is what the same network has at its first weights. Nothing is written before everything is
    measured.

    Args:
        model_path: model.safetensors.
        data: folder of the data set.
        out: folder of the results.
        params: what to measure.
        evaluation: the sets of weights, confidence and threads are taken from it.
        device: where the model runs.

    Returns:
        The metrics of each set of weights, and of the untrained network.

    Raises:
        CheckpointError: the model file is broken.
        DataError: the data set is broken, has no test examples, or does not fit the model.
    """
    started = time.monotonic()
    torch.set_num_threads(evaluation.threads)
    torch.set_float32_matmul_precision("high" if device.type == "cuda" else "highest")
    models = {weights: load_model(model_path, weights, device, compile=False) for weights in evaluation.weights}
    loaded = models[evaluation.weights[0]]
    dataset = load_dataset(data)
    check_fit(loaded, dataset, model_path, data)
    if len(dataset.test.inputs) < 2:
        raise DataError(f"{data}: has 1 test example; intervals over examples need at least 2")
    examples = test_examples(dataset, params.examples, device)
    plan = plan_of(loaded.model, examples, loaded.params.halting.evaluated_segments, params.least_steps)
    fresh = model_from_facts(loaded.params, loaded.facts).to(device).eval().requires_grad_(False)
    untrained = States.of(fresh, examples, plan, params, evaluation.confidence, "untrained")
    trained = {
        weights: States.of(one.model, examples, plan, params, evaluation.confidence, "trained")
        for weights, one in models.items()
    }
    count = len(examples.inputs)
    counts: Metrics = {"states_examples": count, "states_segments": plan.segments}
    seconds = round(time.monotonic() - started, 2)

    about = {key: loaded.facts[key] for key in ("task", "variant", "scale", "seed", "step")}
    found: dict[str, Metrics] = {}
    for weights, states in trained.items():
        folder = out / weights
        found[weights] = states.metrics | _beside(untrained.metrics) | counts
        write_text(folder / "residuals.csv", csv_text(states.residuals + untrained.residuals))
        write_text(folder / "trajectories.csv", csv_text(states.trajectories))
        write_text(folder / "participation.csv", csv_text(states.participation + untrained.participation))
        record = provenance(
            **about,
            definitions=DEFINITIONS,
            steps_are="layers" if plan.layers else "module calls",
            segments=plan.segments,
            trained_segments=loaded.params.halting.evaluated_segments,
            test_examples=count,
            explained_variance=states.shares,
            params=params.model_dump(exclude={"runs"}),
            weights=weights,
            confidence=evaluation.confidence,
            hardware=describe_hardware(device),
            seconds=seconds,
            data_sha256=dataset.info.sha256,
            trained_on_sha256=loaded.facts["data_sha256"],
            model_sha256=sha256_file(model_path),
        )
        write_json(folder / "states.json", record)
        write_json(folder / "metrics.json", found[weights])
    found["untrained"] = untrained.metrics | counts
    write_json(out / "untrained" / "metrics.json", found["untrained"])
    return found


class States(NamedTuple):
    """What was seen inside one network with one set of weights."""

    residuals: list[Row]
    trajectories: list[Row]  # of trained networks
    shares: list[dict[str, Any]]
    participation: list[Row]
    metrics: Metrics

    @staticmethod
    def of(
        model: SegmentModel, examples: Examples, plan: Plan, params: StatesParams, confidence: float, weights: str
    ) -> "States":
        """Run the network; `weights` names it in the tables."""
        observed = observe(model, examples, plan, params.batch_size, params.puzzles if weights == "trained" else 0)
        trajectories, shares = trajectory_rows(observed) if weights == "trained" else ([], [])
        residuals, metrics = residual_rows(observed, weights, params, confidence)
        participation = participation_rows(observed, weights, params, confidence)
        metrics |= participation_metrics(participation)
        if model.two_levels:
            few = Examples(*(values[: params.batch_size] for values in examples))
            found = dynamics(model, few, min(DYNAMICS_SEGMENTS, plan.trained_segments))
            metrics |= {name: round(value, DIGITS) for name, value in found.items()}
        metrics["states_steps"] = len(observed.steps)
        return States(residuals, trajectories, shares, participation, metrics)


def residual_rows(
    observed: Observed, weights: str, params: StatesParams, confidence: float
) -> tuple[list[Row], Metrics]:
    """One row a step with an interval over examples, and the numbers that say what the curves look like."""
    rows: list[Row] = []
    metrics: Metrics = {}
    for state in observed.states:
        places = observed.of(state)
        steps = [observed.steps[place] for place in places]
        means = resampled_means(observed.residuals[places], params.resamples)
        norms = observed.norms[places].double().mean(dim=1).tolist()
        for step, found, norm in zip(steps, intervals(means, confidence), norms, strict=True):
            values = {"residual": found.value, "residual_low": found.low, "residual_high": found.high}
            rows.append({"weights": weights, **_about(step), **values, "relative": found.value / norm})
        for name, found in characters(state, steps, means, confidence).items():
            metrics |= _with_interval(f"residual_{WORDS[state]}_{name}", found)
    return rows, metrics


def trajectory_rows(observed: Observed) -> tuple[list[Row], list[dict[str, Any]]]:
    """Scores of the first principal components, one row a puzzle and step, and the variance that they explain."""
    rows: list[Row] = []
    shares = []
    for puzzle in range(len(observed.paths[0])):
        for state in observed.states:
            places = observed.of(state)
            found = principal_components(torch.stack([observed.paths[place][puzzle] for place in places]))
            for place, scores in zip(places, found.scores.tolist(), strict=True):
                named = {f"component_{number}": score for number, score in enumerate(scores, 1)}
                rows.append({"puzzle": puzzle, **_about(observed.steps[place]), **named})
            values = [round(share, DIGITS) for share in found.shares.tolist()]
            shares.append({"puzzle": puzzle, "state": state, "components": KEPT, "shares": values})
    return rows, shares


def participation_rows(observed: Observed, weights: str, params: StatesParams, confidence: float) -> list[Row]:
    """One row a kind of vector, number of trajectories and state, and the quotient of H and L."""
    most = observed.residuals.shape[1]
    counts = sorted({min(count, most) for count in params.trajectories})
    return [
        {
            "weights": weights,
            "samples": kind,
            "state": state,
            "trajectories": count,
            "ratio": found.value,
            "ratio_low": found.low,
            "ratio_high": found.high,
        }
        for kind in SAMPLES
        for count in counts
        for state, found in estimates(observed.moments[kind], count, params.resamples, confidence).items()
    ]


def participation_metrics(rows: Sequence[Row]) -> Metrics:
    """The ratios over most trajectories."""
    most = max(int(row["trajectories"]) for row in rows)
    metrics: Metrics = {}
    for row in rows:
        if row["samples"] == HEADLINE and row["trajectories"] == most:
            found = Estimate(*(float(row[column]) for column in ("ratio", "ratio_low", "ratio_high")))
            metrics |= _with_interval(f"participation_ratio_{WORDS[str(row['state'])]}", found)
    return metrics


def _beside(untrained: Metrics) -> Metrics:
    """What the untrained network has, to stand beside the trained one's: NAME_untrained, with its interval."""
    found = {}
    for name, value in untrained.items():
        if name.startswith(("residual_", "participation_")):
            end = next((end for end in INTERVAL_ENDS if name.endswith(end)), "")
            found[f"{name.removesuffix(end)}_untrained{end}"] = value
    return found


def _about(step: Step) -> Row:
    return {"state": step.state, "step": step.step, "segment": step.segment, "cycle": step.cycle}


def _with_interval(name: str, found: Estimate) -> Metrics:
    low, high = INTERVAL_ENDS
    values = {name: found.value, name + low: found.low, name + high: found.high}
    return {key: round(value, DIGITS) for key, value in values.items()}
