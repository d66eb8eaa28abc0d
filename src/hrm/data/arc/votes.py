"""A model's answers to all augmented copies of the ARC test inputs, and what the votes on them make of it."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from tqdm import tqdm

from hrm.core.vote_schema import VoteParams
from hrm.data.arc.answers import collate, grid_of
from hrm.data.arc.encoding import decode
from hrm.data.arc.group import Grid
from hrm.data.arc.scores import Ballot, ranking, vote_rows
from hrm.data.arc.symmetries import ArcSymmetries
from hrm.data.dataset import NONE, Dataset
from hrm.data.players import Player, batch_rows, batch_starts, predictions
from hrm.data.task import Row

ATTEMPTS = 2  # that the ARC Prize allows
NO_ANSWER: list[list[int]] = [[0]]  # where there is no second answer, or only the empty grid: a grid has to be there


class ArcVotes(NamedTuple):
    """What the votes give."""

    rows: list[Row]  # of votes.csv
    metrics: dict[str, float]
    submission: dict[str, list[dict[str, list[list[int]]]]]  # task -> its test inputs -> both attempts


class Copies(NamedTuple):
    """Augmented copies of test inputs: those of one input stand together, those of the first input first."""

    examples: NDArray[np.int64]  # (copies,) test input
    codes: NDArray[np.int32]  # (copies,) symmetry
    puzzle_ids: NDArray[np.int64]  # (copies,)


def arc_votes(
    model: Player,
    dataset: Dataset,
    inputs: Tensor,
    params: VoteParams,
    segments: int,
    halts: bool,
    batch_size: int,
    confidence: float,
) -> ArcVotes:
    """Let all copies of the test inputs vote, after 1, 2, 4, ... and `segments` segments.

    At most `params.block` predictions (or the copies of one input, if they are more) are kept at a time.

    Args:
        model: in eval mode, on the device of `inputs`.
        dataset: of the family arc; at least one test input.
        inputs: (test inputs, cells) tokens as stored: the first so many of the test split.
        params: how to vote.
        segments: that the judged answer takes.
        halts: whether the model learned when to halt; if not, all halt values count the same.
        batch_size: copies at a time.
        confidence: of the intervals.
    """
    recorded = [2**power for power in range(segments.bit_length()) if 2**power < segments] + [segments]
    copies = all_copies(dataset, len(inputs), params)
    ballots: dict[int, list[Ballot]] = {after: [] for after in recorded}
    submission: dict[str, list[dict[str, list[list[int]]]]] = {}
    names = dataset.info.group_names["test"]
    with tqdm(total=len(copies.codes), desc="vote", unit="copy", disable=None) as bar:
        for block in _blocks(copies, params.block):
            cells, values = _predict(model, inputs, block, recorded, batch_size)
            if not halts:
                values[:] = 0
            for example in np.unique(block.examples):
                group, here = int(dataset.test.groups[example]), block.examples == example
                for index, after in enumerate(recorded):
                    answers = collate(cells[index, here], block.codes[here], dataset.test.labels[example])
                    ballots[after].append(Ballot(group, answers.numbers, values[index, here], answers.right))
                best = ranking(answers.numbers, values[-1, here])[:ATTEMPTS]
                submission.setdefault(names[group], []).append(attempts([grid_of(answers.grids[i]) for i in best]))
            bar.update(len(block.codes))
    rows = vote_rows(ballots[segments], params, confidence)
    metrics = vote_metrics(rows)
    for after in recorded[:-1]:
        fewer = params.model_copy(update={"counts": [len(copies.codes)]})  # all votes alone
        earlier = vote_metrics(vote_rows(ballots[after], fewer, confidence))
        suffix = "1_segment" if after == 1 else f"{after}_segments"
        for name in (f"arc_pass_at_{ATTEMPTS}", f"arc_pass_at_{ATTEMPTS}_inputs"):
            metrics |= {f"{name}_{suffix}{end}": earlier[name + end] for end in ("", "_low", "_high")}
    return ArcVotes(rows, metrics, submission)


def all_copies(dataset: Dataset, examples: int, params: VoteParams) -> Copies:
    """The copies of the first `examples` test inputs that vote, in the order of the plan."""
    test = dataset.test
    wanted = test.plan if params.augmentations == "all" else test.plan[:, : params.augmentations]
    of_example = wanted[test.groups[:examples]]
    example, place = np.nonzero(of_example != NONE)
    ids = test.first_ids[test.groups[example]].astype(np.int64) + place
    return Copies(example.astype(np.int64), of_example[example, place].astype(np.int32), ids)


def attempts(grids: list[Grid]) -> dict[str, list[list[int]]]:
    """The best answers to one test input as ARC Prize's submission.json holds them."""
    given = [grid.tolist() if grid.size else NO_ANSWER for grid in grids]
    return {f"attempt_{number + 1}": (given + [NO_ANSWER] * ATTEMPTS)[number] for number in range(ATTEMPTS)}


def vote_metrics(rows: list[Row]) -> dict[str, float]:
    """Flat metrics of votes.csv: the scores of all votes, what fewer votes lose of pass@2, the number of votes."""
    most = max(int(row["votes"]) for row in rows)
    full = {int(row["k"]): row for row in rows if row["votes"] == most}
    metrics: dict[str, float] = {"arc_votes": most}
    for top, row in full.items():
        for name, score in ((f"arc_pass_at_{top}", "task_score"), (f"arc_pass_at_{top}_inputs", "input_score")):
            metrics[name] = float(row[score])
            metrics |= {f"{name}_{end}": float(row[f"{score}_{end}"]) for end in ("low", "high")}
    for row in rows:
        if row["votes"] != most and row["k"] == ATTEMPTS:
            metrics[f"arc_loss_with_{row['votes']}_votes"] = metrics["arc_pass_at_2"] - float(row["task_score"])
    return metrics


def _blocks(copies: Copies, size: int) -> Iterator[Copies]:
    """All copies of whole test inputs, as many as `size` holds, at least one input."""
    ends = np.flatnonzero(np.diff(copies.examples, append=-1)) + 1  # behind the copies of each input
    start = 0
    while start < len(copies.codes):
        fitting = ends[(ends > start) & (ends <= start + size)]
        end = int(fitting[-1]) if len(fitting) else int(ends[ends > start][0])
        yield Copies(copies.examples[start:end], copies.codes[start:end], copies.puzzle_ids[start:end])
        start = end


@torch.inference_mode()
def _predict(
    model: Player, inputs: Tensor, copies: Copies, recorded: list[int], batch_size: int
) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """Tokens (recorded, copies, cells) and halt values (recorded, copies) after each segment of `recorded`.

    The device is waited for once, at the end.
    """
    device, count = inputs.device, len(copies.codes)
    examples, codes, ids = (torch.from_numpy(column.astype(np.int64)).to(device) for column in copies)
    symmetries = ArcSymmetries(round(inputs.shape[1] ** 0.5))
    cells = torch.zeros(len(recorded), count, inputs.shape[1], dtype=torch.uint8, device=device)
    values = torch.zeros(len(recorded), count, dtype=torch.float32, device=device)
    for start in batch_starts(count, batch_size):
        rows = batch_rows(start, count, batch_size, device)
        kept = min(batch_size, count - start)
        tokens = symmetries.apply_tokens(codes[rows], inputs[examples[rows]])
        for segment, (prediction, q) in enumerate(predictions(model, tokens, ids[rows], recorded[-1])):
            if segment + 1 in recorded:
                index = recorded.index(segment + 1)
                cells[index, start : start + kept] = prediction[:kept].to(torch.uint8)
                values[index, start : start + kept] = q[:kept, 0].float().sigmoid()
    return cells.cpu().numpy(), values.cpu().double().numpy()


def solved(
    submission: dict[str, list[dict[str, list[list[int]]]]], dataset: Dataset, inputs: int
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which test tasks submitted attempts at the first `inputs` test inputs solve, in the order of their names.

    Both (tasks,): every test input is right at the first attempt (pass@1), or at one of both (pass@2).
    """
    test, names = dataset.test, dataset.info.group_names["test"]
    right: dict[str, list[tuple[bool, bool]]] = {name: [] for name in submission}
    for example in range(inputs):
        name = names[int(test.groups[example])]
        label = decode(test.labels[example]).tolist()
        attempts = submission[name][len(right[name])]
        first = attempts["attempt_1"] == label
        right[name].append((first, first or attempts["attempt_2"] == label))
    tasks = np.array([np.all(right[name], axis=0) for name in sorted(right)])  # (tasks, 2)
    return tasks[:, 0], tasks[:, 1]
