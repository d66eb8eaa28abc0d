"""Evaluation of one trained model on one data set: from files to files."""

import csv
import io
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from hrm.core.device import describe_hardware
from hrm.core.errors import DataError
from hrm.core.files import read_json, sha256_file, write_json, write_text
from hrm.core.params import parse_value
from hrm.core.provenance import provenance
from hrm.core.schema import EvaluationParams, HaltingParams
from hrm.data.dataset import Dataset, DatasetInfo, load_dataset
from hrm.data.players import batch_starts
from hrm.data.task import Exam, Measure, Measures, find_task
from hrm.evaluation import measures
from hrm.evaluation.chance import MajorityAnswer
from hrm.evaluation.intermediate import earlier_answers
from hrm.evaluation.segments import Examples, SegmentRecord, record_example, record_segments
from hrm.evaluation.stored import write_predictions
from hrm.models.architecture import layers_a_segment
from hrm.models.build import count_parameters
from hrm.models.segment import SegmentModel
from hrm.training.checkpoint import LoadedModel, Weights, load_model, model_from_facts

Metrics = dict[str, float | int | None]
UNTRAINED, CHANCE = "untrained", "chance"  # players without skill, as their folders are called
DIGITS = 6  # of what is written: more would only make differences hard to read


def evaluate(
    model_path: Path, data: Path, out: Path, params: EvaluationParams, limit: int | None, device: torch.device
) -> dict[str, Metrics]:
    """Measure a model file on the test split of `data`, and beside it what players without skill get.

    Each of `params.weights`, raw and ema, has a folder in `out` with metrics.json (flat), segments.csv, difficulty.csv,
    steps.json (one puzzle, segment by segment), predictions.npz and evaluation.json (provenance), and what the task
    adds: of ARC votes.csv and submission.json. untrained/metrics.json is the same network at its first weights,
    chance/metrics.json no network at all (hrm.evaluation.chance). Nothing is written before everything is measured.

    Args:
        model_path: model.safetensors; provenance.json is looked for beside it.
        data: folder of the data set; another one than the model was trained on is allowed and said on stderr.
        out: folder of the results.
        params: how to measure.
        limit: only the first so many test examples; None for all.
        device: where the model runs.

    Returns:
        The metrics of every player, by the names of their folders.

    Raises:
        CheckpointError: the model file is broken.
        DataError: the data set is broken, has no test examples, or does not fit the model.
    """
    torch.set_num_threads(params.threads)
    torch.set_float32_matmul_precision("high" if device.type == "cuda" else "highest")
    loaded = load_model(model_path, params.weights[0], device, compile=False)
    dataset = load_dataset(data)
    check_fit(loaded, dataset, model_path, data)
    if loaded.facts["data_sha256"] != dataset.info.sha256:
        print(f"hrm evaluate: note: {model_path} was trained on other data than {data}", file=sys.stderr)
    test = _test(loaded, dataset, params, limit, device)

    measured: dict[Weights, Measured] = {}
    states: dict[Weights, dict[str, Tensor]] = {}
    for weights in params.weights:
        states[weights] = load_model(model_path, weights, device, compile=False).model.state_dict()
        # Without an average of the weights both sets are the same.
        same = next((other for other in measured if _equal(states[other], states[weights])), None)
        if same is not None:
            measured[weights] = measured[same].of(weights)
            continue
        # Into the same modules, so that nothing is compiled twice.
        loaded.model.load_state_dict(states[weights])
        measured[weights] = _measure(loaded.model, test, weights)
    fresh = model_from_facts(loaded.params, loaded.facts).to(device)
    loaded.model.load_state_dict(fresh.state_dict())
    untrained = _measure(loaded.model, test, UNTRAINED).metrics
    majority = MajorityAnswer(dataset.train, dataset.info.vocabulary_size).to(device)
    chance = _measure(majority, test, CHANCE).metrics

    about_model = _about_model(model_path, loaded)
    about = {key: loaded.facts[key] for key in ("task", "variant", "scale", "seed", "step")}
    for weights, found in measured.items():
        folder = out / weights
        found.metrics.update(about_model)
        write_text(folder / "segments.csv", csv_text(found.segments))
        write_text(folder / "difficulty.csv", csv_text(found.difficulty))
        write_json(folder / "steps.json", found.steps)
        write_predictions(folder / "predictions.npz", found.answers, found.q)
        for name, rows in found.of_task.tables.items():
            write_text(folder / f"{name}.csv", csv_text(rows))
        for name, values in found.of_task.files.items():
            write_json(folder / f"{name}.json", values)
        record = provenance(
            **about,
            weights=weights,
            params=params.model_dump(),
            limit=limit,
            test_examples=len(test.rating),
            hardware=describe_hardware(device),
            seconds=found.seconds,
            data_sha256=dataset.info.sha256,
            trained_on_sha256=loaded.facts["data_sha256"],
            model_sha256=sha256_file(model_path),
        )
        write_json(folder / "evaluation.json", record)
        write_json(folder / "metrics.json", found.metrics)
    write_json(out / UNTRAINED / "metrics.json", untrained)
    write_json(out / CHANCE / "metrics.json", chance)
    players: dict[str, Metrics] = {weights: found.metrics for weights, found in measured.items()}
    return players | {UNTRAINED: untrained, CHANCE: chance}


class Test(NamedTuple):
    """What every player is asked, and how it is measured."""

    dataset: Dataset
    examples: Examples
    rating: Tensor  # (examples,) on the CPU
    halting: HaltingParams
    layers: int  # passed in a segment
    params: EvaluationParams
    batch_size: int
    measure: Measure  # of the task

    @property
    def trained(self) -> int:
        """The segments after which the answer is taken."""
        return self.halting.evaluated_segments

    @property
    def halts(self) -> bool:
        """Whether the halt head is trained."""
        return self.halting.rule != "fixed"


class Measured(NamedTuple):
    """What one player got."""

    metrics: Metrics
    segments: list[measures.Row]
    difficulty: list[measures.Row]
    answers: Tensor  # (examples, cells) after the judged segment
    q: Tensor  # (judged segments, examples, 2)
    steps: dict[str, Any] | None  # of networks
    of_task: Measures
    seconds: float

    def of(self, weights: Weights) -> "Measured":
        """The same under the name of another set of weights."""
        steps = None if self.steps is None else self.steps | {"weights": weights}
        return self._replace(metrics=dict(self.metrics), steps=steps)


def _test(
    loaded: LoadedModel, dataset: Dataset, params: EvaluationParams, limit: int | None, device: torch.device
) -> Test:
    """The examples, and a batch size; on CUDA the model is compiled where that pays."""
    examples = test_examples(dataset, limit, device)
    rating = torch.from_numpy(dataset.test.rating[:limit])
    halting = loaded.params.halting
    task = find_task(dataset.info.family)
    copies = task.copies(dataset, len(rating), params.votes)
    batch_size = min(params.batch_size, len(rating))
    work = len(rating) * halting.evaluated_segments * params.segment_factor + copies * halting.evaluated_segments
    if device.type == "cuda" and work >= params.compile_from:
        loaded.model.compile()
        batch_size = params.batch_size  # one shape for all that is run
    layers = layers_a_segment(loaded.params.model)
    asked = Exam(
        dataset,
        examples.inputs,
        rating,
        halting.evaluated_segments,
        halting.rule != "fixed",
        params.votes,
        params.confidence,
        batch_size,
        params.batch_size,
    )
    return Test(dataset, examples, rating, halting, layers, params, batch_size, task.measure(asked))


def _measure(model: SegmentModel | MajorityAnswer, test: Test, player: str) -> Measured:
    """Everything that is measured of one player; `player` names it on the progress bar."""
    started = time.monotonic()
    params, trained, batch_size = test.params, test.trained, test.batch_size
    device = test.examples.inputs.device
    record = _record(model, test.examples, trained * params.segment_factor, batch_size, trained, player)
    segments = measures.segment_rows(record, test.halting, test.layers, params.confidence)
    difficulty = measures.difficulty_rows(record.exact[trained - 1], test.rating, params.rating_bins, params.confidence)
    metrics = flat_metrics(record, segments, test.halting, params.segment_factor)
    of_task = test.measure(model, record.answers.to(device), isinstance(model, MajorityAnswer))
    metrics |= {name: round(value, DIGITS) for name, value in of_task.metrics.items()}
    steps = None
    if player in params.weights and not isinstance(model, MajorityAnswer):
        shown = measures.example_to_show(record.exact[:trained])
        exact = record.exact[:trained, shown]
        steps = _shown_example(model, test.dataset, test.examples, shown, exact, batch_size, test.halts, player)
    seconds = round(time.monotonic() - started, 2)
    return Measured(metrics, segments, difficulty, record.answers, record.q[:trained], steps, of_task, seconds)


def _about_model(model_path: Path, loaded: LoadedModel) -> Metrics:
    """What does not depend on the weights: sizes, and what the training took."""
    layers = layers_a_segment(loaded.params.model)
    # Of a segment, as the TRM paper counts it, and of the whole answer.
    metrics: Metrics = {
        "effective_depth": layers,
        "layers": layers * loaded.params.halting.evaluated_segments,
        "max_segments": loaded.params.halting.max_segments,
        "judged_segments": loaded.params.halting.evaluated_segments,
        "steps": int(loaded.facts["step"]),
        "parameters": count_parameters(loaded.model),
    }
    beside = model_path.parent / "provenance.json"
    trained_record = read_json(beside) if beside.is_file() else {}
    metrics["train_seconds"] = trained_record.get("seconds")
    if "energy_joules" in trained_record:  # of the devices, where they count it: hrm.core.energy
        metrics["energy_joules"] = trained_record["energy_joules"]
    return metrics


def _equal(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    return all(torch.equal(tensor, other[name]) for name, tensor in one.items())


def check_fit(loaded: LoadedModel, dataset: Dataset, model_path: Path, data: Path) -> None:
    """DataError when the data set is not of the shape that the model was made for, or has nothing to test."""
    for key in ("task", "vocabulary_size", "grid_shape"):
        wanted, found = loaded.facts[key], getattr(dataset.info, key)
        if wanted != found:
            raise DataError(f"{data / 'dataset.json'}: {key} is {found!r}; the model {model_path} needs {wanted!r}")
    if not len(dataset.test.inputs):
        raise DataError(f"{data}: has no test examples")
    trained = loaded.facts.get("data_info")
    if trained is not None:
        check = find_task(dataset.info.family).check_test
        check(parse_value(DatasetInfo, trained, str(model_path)), dataset.info)


def test_examples(dataset: Dataset, limit: int | None, device: torch.device) -> Examples:
    """The first `limit` examples of the test split as they are stored, each under the id of its unchanged puzzle."""
    test = dataset.test
    ids = test.first_ids[test.groups] if dataset.info.puzzle_ids > 1 else np.zeros(len(test.inputs), dtype=np.int32)
    arrays = (test.inputs, test.labels, ids.astype(np.int64))
    return Examples(*(torch.from_numpy(array[:limit]).to(device) for array in arrays))


def flat_metrics(
    record: SegmentRecord, segments: Sequence[measures.Row], halting: HaltingParams, segment_factor: int
) -> Metrics:
    """The scalars of metrics.json that follow from the record; shares are fractions of 1, steps are segments."""
    trained = halting.evaluated_segments
    at_trained, longest = segments[trained - 1], segments[-1]
    halted = measures.halting(record, halting, trained)
    exact = float(at_trained["exact_accuracy"])
    values: Metrics = {
        "exact_accuracy": exact,
        "exact_accuracy_low": float(at_trained["exact_accuracy_low"]),
        "exact_accuracy_high": float(at_trained["exact_accuracy_high"]),
        "cell_accuracy": float(at_trained["cell_accuracy"]),
        "open_accuracy": float(at_trained["open_accuracy"]),
        "exact_accuracy_1_segment": float(segments[0]["exact_accuracy"]),
        f"exact_accuracy_{segment_factor}x": float(longest["exact_accuracy"]),
        "scaling_gain": float(longest["exact_accuracy"]) - exact,
        "halting_accuracy": halted.accuracy,
        "halting_accuracy_loss": exact - halted.accuracy,
        "mean_steps": halted.mean_steps,
        "mean_steps_share": halted.mean_steps / trained,
        "correct_halts": halted.correct_halts,
        "halted_share": halted.halted_share,
    }
    rounded: Metrics = {name: None if value is None else round(value, DIGITS) for name, value in values.items()}
    return rounded | {"test_examples": len(record.cells)}


def csv_text(rows: Sequence[measures.Row]) -> str:
    """A table with a header line; floats with DIGITS decimals."""
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow(
            {key: round(value, DIGITS) if isinstance(value, float) else value for key, value in row.items()}
        )
    return buffer.getvalue()


def _record(
    model: SegmentModel | MajorityAnswer, examples: Examples, segments: int, batch_size: int, trained: int, player: str
) -> SegmentRecord:
    starts = batch_starts(len(examples.inputs), batch_size)
    bar = tqdm(starts, desc=f"evaluate {player}", unit="batch", disable=None)
    return record_segments(model, examples, segments, batch_size, trained, bar)


def _shown_example(
    model: SegmentModel,
    dataset: Dataset,
    examples: Examples,
    shown: int,
    exact: Tensor,
    batch_size: int,
    halts: bool,
    weights: str,
) -> dict[str, Any]:
    """steps.json: one test example with its prediction after each segment up to the trained number, and on the way."""
    cells, q = record_example(model, examples, shown, len(exact), batch_size)
    settled = int(measures.settled_segment(exact[:, None])[0])
    generator = dataset.info.generator
    return {
        "rule": measures.EXAMPLE_RULE,
        "weights": weights,
        "task": dataset.info.task,
        "family": dataset.info.family,
        "grid_shape": dataset.info.grid_shape,
        "box": [generator["box_height"], generator["box_width"]] if "box_height" in generator else None,
        "test_example": shown,
        "test_examples": len(examples.inputs),
        "rating": int(dataset.test.rating[shown]),
        "settled_segment": settled or None,
        "input": dataset.test.inputs[shown].tolist(),
        "label": dataset.test.labels[shown].tolist(),
        "predictions": cells.tolist(),
        "earlier_steps": earlier_answers(model, examples, shown, len(exact), batch_size),
        "exact": exact.tolist(),
        # Where halting is fixed nobody trains the head.
        "q_halt": [round(value, DIGITS) for value in q[:, 0].tolist()] if halts else None,
        "q_continue": [round(value, DIGITS) for value in q[:, 1].tolist()] if halts else None,
    }
