"""What a trained network does with more computation than in training, and with easy puzzles: from files to tables."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from hrm.analysis.choices import BY_HALTING, WITHOUT, Chosen, of_first
from hrm.analysis.tries import Tries, emptying_order, noisy_tries, symmetric_tries, with_empty_cells
from hrm.analysis.votes_and_ids import IDS, WithIds, id_table
from hrm.core.analysis_schema import TestTimeParams
from hrm.core.device import describe_hardware
from hrm.core.files import sha256_file, write_json, write_text
from hrm.core.intervals import paired_difference, wilson_interval
from hrm.core.provenance import provenance
from hrm.core.schema import EvaluationParams, HaltingParams
from hrm.data.dataset import Dataset, load_dataset
from hrm.data.task import Exam, Task, find_task
from hrm.evaluation import measures
from hrm.evaluation.evaluate import DIGITS, check_fit, csv_text, test_examples
from hrm.evaluation.measures import Row
from hrm.evaluation.segments import Examples, SegmentRecord, record_segments
from hrm.models.segment import SegmentModel
from hrm.training.checkpoint import load_model, model_from_facts

UNTRAINED = "untrained"
PREFIX = "test_time_"
DEFINITIONS = {
    "exact_accuracy": "share of puzzles whose whole answer is right, of ARC votes share of tasks; Wilson interval",
    "segments": "how far each try goes at most",
    "mean_segments": "mean segments until the answer is there, with all tries side by side",
    "mean_passes": "mean segments of all tries together",
    "gain": "difference on the same puzzles to one try with the segments of training; Agresti and Min's interval",
    "choice": "last: the answer after the last segment; halts: where the halt head stops; best_halt: the try of the"
    " highest halt value; first_to_halt: the try that halts first; majority: the most frequent answer; any: right if"
    " any try is after the last segment, which nobody can choose",
    "noise": "standard deviation of what is added to every number of every state",
    "symmetries": "each try solves a symmetric puzzle (Sudoku: random digits, rows, columns; mazes: turns)",
    "empty_cells": "solutions of the test puzzles with so many random cells emptied",
    "votes": "pass@K of ARC tasks, all test inputs right, when the first copies of each vote",
    "untrained": "the same network at its first weights, from the same seed",
}

Metrics = dict[str, float | int | None]
Right = NDArray[np.bool_]


def analyse_test_time(
    model_path: Path, data: Path, out: Path, params: TestTimeParams, evaluation: EvaluationParams, device: torch.device
) -> dict[str, Metrics]:
    """Measure each set of weights; each has a folder of three files in `out`, untrained/ has metrics.json alone.

    test_time.csv (a row a way of answering), metrics.json (flat), test_time.json (definitions, provenance). Nothing is
    written before everything is measured.

    Args:
        model_path: model.safetensors.
        data: folder of the data set.
        out: folder of the results.
        params: what to measure.
        evaluation: the sets of weights, confidence, threads, compilation and the block of votes are taken from it.
        device: where the model runs.

    Returns:
        The metrics by player: the sets of weights, and "untrained".

    Raises:
        CheckpointError: the model file is broken.
        DataError: the data set is broken, has no test examples, or does not fit the model.
    """
    started = time.monotonic()
    torch.set_num_threads(evaluation.threads)
    torch.set_float32_matmul_precision("high" if device.type == "cuda" else "highest")
    loaded = load_model(model_path, evaluation.weights[0], device, compile=False)
    dataset = load_dataset(data)
    check_fit(loaded, dataset, model_path, data)
    examples = test_examples(dataset, params.examples_at(loaded.facts["scale"]), device)
    halting = loaded.params.halting
    if device.type == "cuda" and len(examples.inputs) * halting.evaluated_segments >= evaluation.compile_from:
        loaded.model.compile()
    networks: dict[str, SegmentModel] = {
        weights: load_model(model_path, weights, device, compile=False).model for weights in evaluation.weights
    }
    networks[UNTRAINED] = model_from_facts(loaded.params, loaded.facts).to(device)
    found: dict[str, Measured] = {}
    for player, network in networks.items():
        loaded.model.load_state_dict(network.state_dict())  # into the same modules, so that nothing is compiled twice
        # Metrics alone are kept of the untrained network, and only the first kind of noise has some.
        kinds = params if player != UNTRAINED else params.model_copy(update={"noise": params.noise[:1]})
        found[player] = Measured(loaded.model, dataset, examples, halting, kinds, evaluation)
        found[player].measure()

    about = {key: loaded.facts[key] for key in ("task", "variant", "scale", "seed", "step")}
    seconds = round(time.monotonic() - started, 2)
    for weights in evaluation.weights:
        names: Row = {"task": about["task"], "variant": about["variant"], "seed": about["seed"], "weights": weights}
        write_text(out / weights / "test_time.csv", csv_text([names | row for row in found[weights].rows]))
        record = provenance(
            **about,
            weights=weights,
            definitions=DEFINITIONS,
            trained_segments=halting.evaluated_segments,
            test_examples=len(examples.inputs),
            params=params.model_dump(exclude={"runs"}),
            confidence=evaluation.confidence,
            hardware=describe_hardware(device),
            seconds=seconds,
            data_sha256=dataset.info.sha256,
            trained_on_sha256=loaded.facts["data_sha256"],
            model_sha256=sha256_file(model_path),
        )
        write_json(out / weights / "test_time.json", record)
    for player, measured in found.items():
        write_json(out / player / "metrics.json", measured.metrics)
    return {player: measured.metrics for player, measured in found.items()}


@dataclass
class Measured:
    """One player: its rows of test_time.csv and its metrics, filled by `measure`."""

    model: SegmentModel
    dataset: Dataset
    examples: Examples
    halting: HaltingParams
    params: TestTimeParams
    evaluation: EvaluationParams
    rows: list[Row] = field(default_factory=list)
    metrics: Metrics = field(default_factory=dict)

    @property
    def trained(self) -> int:
        """The segments after which an answer is taken."""
        return self.halting.evaluated_segments

    def measure(self) -> None:
        """Everything that applies to the family of the data set."""
        self.metrics[f"{PREFIX}examples"] = len(self.examples.inputs)
        plain = self._segments()
        tries = self.params.tries[-1]
        for number, noise in enumerate(self.params.noise):
            made = noisy_tries(self.model, self.examples, self.halting, tries, noise, self.params.seed, self._batch)
            facts: Row = {"noise": noise.deviation, "noise_place": noise.place}
            self._tries("noise", made, plain, number == 0, facts)
        task = find_task(self.dataset.info.family)
        symmetry = task.symmetry(self.dataset.info, self.params.seed)
        if symmetry is not None:
            made = symmetric_tries(self.model, self.examples, self.halting, tries, symmetry, self._batch)
            self._tries("symmetries", made, plain, True, {})
        if task.empty_token is not None:
            self._empty_cells(plain, task.empty_token)
        self._votes(task)

    @property
    def _batch(self) -> int:
        return min(self.params.batch_size, len(self.examples.inputs))

    def _record(self, examples: Examples, segments: int) -> SegmentRecord:
        return record_segments(self.model, examples, segments, self._batch, self.trained)

    def _segments(self) -> Right:
        """More segments than in training; which puzzles are solved with those of training (examples,)."""
        record = self._record(self.examples, self.trained * self.params.segment_factors[-1])
        exact = record.exact.numpy()
        plain: Right = exact[self.trained - 1]
        steps = {2**power for power in range(len(exact).bit_length())} | {
            self.trained * factor for factor in self.params.segment_factors
        }
        for segments in sorted(step for step in steps if step <= len(exact)):
            self._row("segments", "last", exact[segments - 1], segments, segments, segments, {})
            if self.halting.rule != "fixed":
                halted = measures.halting(record, self.halting, segments)
                right = round(halted.accuracy * exact.shape[1])
                self._row("segments", "halts", right, segments, halted.mean_steps, halted.mean_steps, {})
        for factor in self.params.segment_factors:
            right = exact[self.trained * factor - 1]
            self._share(f"accuracy_segments_{factor}x", right)
            if factor > 1:
                self._gain(f"gain_segments_{factor}x", right, plain)
        return plain

    def _tries(self, method: str, made: Tries, plain: Right, headline: bool, facts: Row) -> None:
        """Rows of every way to choose among the first 1, 2, ... tries; of the headline the metrics of all tries."""
        ways = WITHOUT if self.halting.rule == "fixed" else BY_HALTING | WITHOUT
        most = len(made.exact)
        for count in sorted({min(count, most) for count in self.params.tries}):
            for name, choose in ways.items():
                chosen = choose(of_first(made, count))
                lengths = float(chosen.segments.mean()), float(chosen.passes.mean())
                self._row(method, name, chosen.right, self.trained, *lengths, {"tries": count} | facts)
        if headline:
            self._choices(method, {name: choose(made) for name, choose in ways.items()}, plain, most)

    def _choices(self, method: str, chosen: Mapping[str, Chosen], plain: Right, tries: int) -> None:
        for name, one in chosen.items():
            self._share(f"accuracy_{method}_{name}", one.right)
            self._gain(f"gain_{method}_{name}", one.right, plain)
        self._share(f"share_of_failures_{method}_can_solve", chosen["any"].right[~plain])
        if "first_to_halt" in chosen:
            first = chosen["first_to_halt"]
            self._gain(f"gain_{method}_first_to_halt_over_majority", first.right, chosen["majority"].right)
            passes = float(first.passes.mean()) / (tries * self.trained)
            self.metrics[f"{PREFIX}share_of_passes_{method}_first_to_halt"] = round(passes, DIGITS)

    def _empty_cells(self, plain: Right, empty: int) -> None:
        """Of one empty cell also: which of the puzzles that are solved fail when all but one cell is given."""
        examples, cells = self.examples.labels.shape
        order = emptying_order(examples, cells, self.params.seed)
        for count in self.params.empty_cells:
            if count >= cells:
                continue
            easy = with_empty_cells(self.examples, order, count, empty)
            right: Right = self._record(easy, self.trained).exact[-1].numpy()
            self._row("empty_cells", "last", right, self.trained, self.trained, self.trained, {"empty_cells": count})
            self._share(f"accuracy_{count}_empty", right)
            if count == 1:
                self._share("share_of_solved_failed_with_1_empty", ~right[plain])

    def _votes(self, task: Task) -> None:
        """Share of tasks solved under each kind of id, by the test input itself and by its copies, where copies vote.

        ARC's do.
        """
        halts, inputs = self.halting.rule != "fixed", self.examples.inputs
        rating = torch.from_numpy(self.dataset.test.rating[: len(inputs)])
        most = min(self.params.copies, self.dataset.test.plan.shape[1])
        firsts: dict[tuple[str, int], Right] = {}
        for ids in IDS:
            for copies in (1, most):
                batch = min(self.params.batch_size, len(inputs) * copies)
                votes = self.evaluation.votes
                test = Exam(
                    self.dataset, inputs, rating, self.trained, halts, votes, self.evaluation.confidence, batch, batch
                )
                told = WithIds(self.model, id_table(self.dataset, ids).to(inputs.device))
                found = task.solved(told, test, copies)
                if found is None:
                    return
                for answers, right in zip((1, 2), found, strict=True):
                    lengths = self.trained, self.trained, self.trained * copies
                    facts: Row = {"tries": copies, "answers": answers, "ids": ids}
                    self._row("votes", "majority", right, *lengths, facts)
                    name = "one_vote" if copies == 1 else "votes"
                    self._share(f"accuracy_pass_at_{answers}_{ids}_{name}", right)
                firsts[ids, copies] = found[0]
        self._gain("gain_votes", firsts["own_id", most], firsts["own_id", 1])
        for ids in ("blank_id", "other_id"):
            pair = (firsts[name, most] for name in ("own_id", ids))
            self._gain(f"gain_own_id_over_{ids}", *pair)

    def _row(
        self,
        method: str,
        choice: str,
        right: Right | int,
        segments: int,
        mean_segments: float,
        mean_passes: float,
        facts: Row,
    ) -> None:
        """`right` are the puzzles (or tasks) that are solved, or their number among all examples."""
        total, solved = (len(self.examples.inputs), right) if isinstance(right, int) else (len(right), int(right.sum()))
        low, high = wilson_interval(solved, total, self.evaluation.confidence)
        row: Row = {"method": method, "choice": choice, "segments": segments, "trained_segments": self.trained}
        row |= {"tries": 1, "noise": "", "noise_place": "", "empty_cells": "", "ids": "", "answers": 1}
        row |= facts
        row |= {"examples": total, "exact_accuracy": solved / total}
        row |= {"exact_accuracy_low": low, "exact_accuracy_high": high}
        self.rows.append(row | {"mean_segments": float(mean_segments), "mean_passes": float(mean_passes)})

    def _share(self, name: str, right: Right) -> None:
        """A metric with Wilson's interval; without puzzles there is none."""
        if not len(right):
            self.metrics[PREFIX + name] = None
            return
        solved, total = int(right.sum()), len(right)
        ends = wilson_interval(solved, total, self.evaluation.confidence)
        for end, value in zip(("", "_low", "_high"), (solved / total, *ends), strict=True):
            self.metrics[PREFIX + name + end] = round(value, DIGITS)

    def _gain(self, name: str, first: Right, second: Right) -> None:
        found = paired_difference(first, second, self.evaluation.confidence)
        for end, value in zip(("", "_paired_low", "_paired_high"), found, strict=True):
            self.metrics[PREFIX + name + end] = round(value, DIGITS)
