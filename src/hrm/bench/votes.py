"""`hrm bench votes`: ARC predictions a second that are undone, compared and voted on, beside plain Python."""

import argparse
import time
from collections import defaultdict
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from hrm.core.device import describe_hardware
from hrm.core.errors import ParameterError
from hrm.core.seeds import numpy_generator
from hrm.data.arc.answers import collate
from hrm.data.arc.encoding import decode, encode
from hrm.data.arc.group import ORDER, colour_tables
from hrm.data.arc.scores import NOWHERE, place_of
from hrm.data.arc.symmetries import ArcSymmetries
from hrm.data.turns import TURNS, turned

COPIES = 1000  # of a test input, as published
ANSWERS = 50  # different ones that the copies of an input give here, the first the right one
INPUTS = 20  # different ones; they are voted on again and again
BACK = (0, 3, 2, 1, 4, 5, 6, 7)  # the turn that undoes each turn


class Case(NamedTuple):
    """The predictions of all copies of one test input."""

    predictions: NDArray[np.uint8]  # (copies, cells)
    codes: NDArray[np.int32]  # (copies,)
    halts: NDArray[np.float64]  # (copies,)
    label: NDArray[np.uint8]  # (cells,)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `hrm bench votes`."""
    parser.add_argument("--predictions", type=int, default=1_000_000, help="that are voted on (1000000)")
    parser.add_argument("--reference", type=int, default=5000, help="that plain Python votes on (5000)")
    parser.add_argument("--side", type=int, default=30, help="of the canvas (30)")


def run(arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """What the options ask for, on one core."""
    for name in ("predictions", "reference"):
        if getattr(arguments, name) < COPIES:
            raise ParameterError(f"--{name} is {getattr(arguments, name)}; it must be {COPIES} or more")
    if not 1 <= arguments.side <= 30:
        raise ParameterError(f"--side is {arguments.side}; it must be 1 to 30")
    cases = make_cases(arguments.side, INPUTS)
    return vote_rows(cases, arguments.predictions // COPIES, arguments.reference // COPIES)


def make_cases(side: int, count: int) -> list[Case]:
    """Predictions that disagree about as a model's do: of each input 50 answers, the earlier ones more often."""
    symmetries, cases = ArcSymmetries(side), []
    for index in range(count):
        generator = numpy_generator(0, "bench votes", index)
        shape = generator.integers(1, side + 1, size=2)
        grids = generator.integers(0, 10, size=(ANSWERS, *shape), dtype=np.uint8)
        answers = np.stack([encode(grid, side) for grid in grids])
        chosen = np.minimum(generator.geometric(0.1, size=COPIES) - 1, ANSWERS - 1)
        codes = generator.integers(ORDER, size=COPIES).astype(np.int32)
        made = symmetries.apply_tokens(torch.from_numpy(codes.astype(np.int64)), torch.from_numpy(answers[chosen]))
        cases.append(Case(made.numpy(), codes, generator.random(COPIES), answers[0]))
    return cases


def vote_rows(cases: Sequence[Case], inputs: int, reference: int) -> list[dict[str, Any]]:
    """Rows of plain Python and of ours: seconds for `reference` and `inputs` test inputs, and whether both agree."""
    _ours(cases[0])  # compiled, or read from the disk
    rows: list[dict[str, Any]] = []
    places: list[list[int]] = []
    for path, vote, wanted in (("plain Python", plain_place, reference), ("compiled", _ours, inputs)):
        started = time.perf_counter()
        places.append([vote(cases[index % len(cases)]) for index in range(wanted)])
        seconds = time.perf_counter() - started
        predictions = wanted * COPIES
        rows.append({"path": path, "predictions": predictions, "seconds": seconds})
        rows[-1] |= {"predictions_per_second": predictions / seconds, "seconds_a_million": 1e6 * seconds / predictions}
    same = min(len(places[0]), len(places[1]))
    agree = places[0][:same] == places[1][:same]
    ratio = rows[1]["predictions_per_second"] / rows[0]["predictions_per_second"]
    machine = {"path": "both", "same_places": agree, "ratio": ratio, "hardware": describe_hardware(torch.device("cpu"))}
    return [*rows, machine]


def plain_place(case: Case) -> int:
    """The published way: one grid after another, hashed; the place of the right answer."""
    votes: dict[int, list[float]] = defaultdict(list)
    for tokens, code, halt in zip(case.predictions, case.codes.tolist(), case.halts.tolist(), strict=True):
        rank, turn = divmod(code, TURNS)
        grid = colour_tables()[rank].argsort()[turned(decode(tokens), BACK[turn])].astype(np.uint8)
        votes[hash((grid.tobytes(), grid.shape))].append(halt)
    label = decode(case.label)
    order = sorted(votes, key=lambda answer: (len(votes[answer]), sum(votes[answer]) / len(votes[answer])))[::-1]
    wanted = hash((label.tobytes(), label.shape))
    return order.index(wanted) if wanted in votes else NOWHERE


def _ours(case: Case) -> int:
    answers = collate(case.predictions, case.codes, case.label)
    return place_of(answers.right, answers.numbers, case.halts)
