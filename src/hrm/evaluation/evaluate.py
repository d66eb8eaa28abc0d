"""Evaluation of one trained model on one data set: from files to files."""

import csv
import io
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from hrm.core.device import describe_hardware
from hrm.core.errors import DataError
from hrm.core.files import read_json, sha256_file, write_json, write_text
from hrm.core.params import parse_value
from hrm.core.provenance import provenance
from hrm.core.schema import EvaluationParams
from hrm.data.arc.mixing import refuse_mixing
from hrm.data.dataset import Dataset, DatasetInfo, load_dataset
from hrm.evaluation import measures
from hrm.evaluation.arc import all_copies, arc_votes
from hrm.evaluation.greedy import greedy_shares
from hrm.evaluation.intermediate import earlier_answers
from hrm.evaluation.judges import judge
from hrm.evaluation.segments import Examples, SegmentRecord, batch_starts, record_example, record_segments
from hrm.models.build import count_parameters
from hrm.models.layer_calls import layers_a_segment
from hrm.models.segment import SegmentModel
from hrm.training.checkpoint import LoadedModel, Weights, load_model

Metrics = dict[str, float | int | None]
DIGITS = 6  # of what is written: more would only make differences hard to read


def evaluate(
    model_path: Path, data: Path, out: Path, params: EvaluationParams, limit: int | None, device: torch.device
) -> Metrics:
    """Measure a model file on the test split of `data` and write five files to `out`, for ARC seven.

    metrics.json (flat), segments.csv, difficulty.csv, steps.json (one puzzle, segment by segment), evaluation.json
    (provenance); votes.csv and submission.json of ARC. Nothing is written before everything is measured.

    Args:
        model_path: model.safetensors; provenance.json is looked for beside it.
        data: folder of the data set; another one than the model was trained on is allowed and said on stderr.
        out: folder of the results.
        params: how to measure.
        limit: only the first so many test examples; None for all.
        device: where the model runs.

    Raises:
        CheckpointError: the model file is broken.
        DataError: the data set is broken, has no test examples, or does not fit the model.
    """
    started = time.monotonic()
    torch.set_num_threads(params.threads)
    torch.set_float32_matmul_precision("high" if device.type == "cuda" else "highest")
    loaded = load_model(model_path, params.weights, device, compile=False)
    dataset = load_dataset(data)
    check_fit(loaded, dataset, model_path, data)
    if loaded.facts["data_sha256"] != dataset.info.sha256:
        print(f"hrm evaluate: note: {model_path} was trained on other data than {data}", file=sys.stderr)
    examples = test_examples(dataset, limit, device)
    rating = torch.from_numpy(dataset.test.rating[:limit])
    trained = loaded.params.halting.evaluated_segments
    halts = loaded.params.halting.rule != "fixed"
    votes = len(all_copies(dataset, len(rating), params.votes).codes) if dataset.info.family == "arc" else 0
    batch_size = min(params.batch_size, len(rating))
    work = len(rating) * trained * params.segment_factor + votes * trained
    if device.type == "cuda" and work >= params.compile_from:
        loaded.model.compile()
        batch_size = params.batch_size  # one shape for all that is run

    record = _record(loaded.model, examples, trained * params.segment_factor, batch_size, trained, params.weights)
    shown = measures.example_to_show(record.exact[:trained])
    steps = _shown_example(loaded.model, dataset, examples, shown, record.exact[:trained, shown], batch_size, halts)
    greedy = greedy_shares(loaded.model, dataset.info, examples, rating, trained, batch_size)
    voted = None
    if votes:
        size = min(params.batch_size, votes)
        voted = arc_votes(loaded.model, dataset, examples.inputs, params.votes, trained, halts, size, params.confidence)
    other: Weights = "raw" if params.weights == "ema" else "ema"
    # Into the same modules, so that nothing is compiled twice.
    loaded.model.load_state_dict(load_model(model_path, other, device, compile=False).model.state_dict())
    other_record = _record(loaded.model, examples, trained, batch_size, trained, other)

    layers = layers_a_segment(loaded.params.model)
    segments = measures.segment_rows(record, loaded.params.halting, layers, params.confidence)
    difficulty = measures.difficulty_rows(record.exact[trained - 1], rating, params.rating_bins, params.confidence)
    metrics = flat_metrics(record, segments, loaded, params.segment_factor)
    # Of a segment, as the TRM paper counts it, and of the whole answer.
    metrics |= {"effective_depth": layers, "layers": layers * trained}
    metrics[f"exact_accuracy_{params.weights}"] = metrics["exact_accuracy"]
    metrics[f"exact_accuracy_{other}"] = round(measures.share(other_record.exact[-1]), DIGITS)
    judged = judge(dataset.info, examples.inputs, record.answers.to(device), rating)
    metrics |= {name: round(value, DIGITS) for name, value in (judged | greedy).items()}
    if voted:
        metrics |= {name: round(value, DIGITS) for name, value in voted.metrics.items()}
    metrics["parameters"] = count_parameters(loaded.model)
    beside = model_path.parent / "provenance.json"
    metrics["train_seconds"] = read_json(beside).get("seconds") if beside.is_file() else None

    write_text(out / "segments.csv", csv_text(segments))
    write_text(out / "difficulty.csv", csv_text(difficulty))
    write_json(out / "steps.json", steps)
    if voted:
        write_text(out / "votes.csv", csv_text(voted.rows))
        write_json(out / "submission.json", voted.submission)
    about = {key: loaded.facts[key] for key in ("task", "variant", "scale", "seed", "step")}
    record_of_run = provenance(
        **about,
        params=params.model_dump(),
        limit=limit,
        test_examples=len(rating),
        hardware=describe_hardware(device),
        seconds=round(time.monotonic() - started, 2),
        data_sha256=dataset.info.sha256,
        trained_on_sha256=loaded.facts["data_sha256"],
        model_sha256=sha256_file(model_path),
    )
    write_json(out / "evaluation.json", record_of_run)
    write_json(out / "metrics.json", metrics)
    return metrics


def check_fit(loaded: LoadedModel, dataset: Dataset, model_path: Path, data: Path) -> None:
    """DataError when the data set is not of the shape that the model was made for, or has nothing to test."""
    for key in ("task", "vocabulary_size", "grid_shape"):
        wanted, found = loaded.facts[key], getattr(dataset.info, key)
        if wanted != found:
            raise DataError(f"{data / 'dataset.json'}: {key} is {found!r}; the model {model_path} needs {wanted!r}")
    if not len(dataset.test.inputs):
        raise DataError(f"{data}: has no test examples")
    if dataset.info.family == "arc":
        refuse_mixing(parse_value(DatasetInfo, loaded.facts["data_info"], str(model_path)), dataset.info)


def test_examples(dataset: Dataset, limit: int | None, device: torch.device) -> Examples:
    """The first `limit` examples of the test split as they are stored, each under the id of its unchanged puzzle."""
    test = dataset.test
    ids = test.first_ids[test.groups] if dataset.info.puzzle_ids > 1 else np.zeros(len(test.inputs), dtype=np.int32)
    arrays = (test.inputs, test.labels, ids.astype(np.int64))
    return Examples(*(torch.from_numpy(array[:limit]).to(device) for array in arrays))


def flat_metrics(
    record: SegmentRecord, segments: Sequence[measures.Row], loaded: LoadedModel, segment_factor: int
) -> Metrics:
    """The scalars of metrics.json that follow from the record; shares are fractions of 1, steps are segments."""
    trained = loaded.params.halting.evaluated_segments
    at_trained, longest = segments[trained - 1], segments[-1]
    halted = measures.halting(record, loaded.params.halting, trained)
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
    counts = {"max_segments": loaded.params.halting.max_segments, "judged_segments": trained}
    return rounded | counts | {"steps": int(loaded.facts["step"]), "test_examples": len(record.cells)}


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
    model: SegmentModel, examples: Examples, segments: int, batch_size: int, trained: int, weights: str
) -> SegmentRecord:
    starts = batch_starts(len(examples.inputs), batch_size)
    bar = tqdm(starts, desc=f"evaluate {weights} weights", unit="batch", disable=None)
    return record_segments(model, examples, segments, batch_size, trained, bar)


def _shown_example(
    model: SegmentModel, dataset: Dataset, examples: Examples, shown: int, exact: Tensor, batch_size: int, halts: bool
) -> dict[str, Any]:
    """steps.json: one test example with its prediction after each segment up to the trained number, and on the way."""
    cells, q = record_example(model, examples, shown, len(exact), batch_size)
    settled = int(measures.settled_segment(exact[:, None])[0])
    generator = dataset.info.generator
    return {
        "rule": measures.EXAMPLE_RULE,
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
