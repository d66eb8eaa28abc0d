"""The plan of a task's augmentations: random symmetries that give different tasks, without making any of them.

The published builder draws random elements, makes each augmented task, hashes its pairs in sorted order, and keeps
those not seen before, until there are enough or it has tried `retries` times as many (hrm.data.arc.reference does the
same). Two elements g and h give the same task when g = h s and s maps the task's set of pairs to itself; what s does to
colours that no grid has does not matter. The few such s are found once a task, and the smallest image of an element
under them is a number that stands for the content: the same elements are kept as by hashing.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hrm.core.seeds import numpy_generator
from hrm.data.arc.collection import Pair
from hrm.data.arc.group import IDENTITY, ORDER, colour_tables, turn_products
from hrm.data.dataset import NONE
from hrm.data.turns import TURNS, turned


class Stabiliser(NamedTuple):
    """All ways in which a symmetry maps the pairs of a task to themselves, in any order."""

    colours: NDArray[np.int64]  # (used,) that the task has, ascending, without the background
    turns: NDArray[np.int64]  # (elements,)
    images: NDArray[np.int64]  # (elements, used) new colour of each used colour


def augmentation_plan(pairs: Sequence[Pair], name: str, seed: int, wanted: int, retries: int) -> NDArray[np.int32]:
    """Codes (1 + wanted,): the identity, then symmetries that give tasks different from it and from each other.

    At most `retries * wanted` are drawn; where they give too few, the rest is NONE. A task has the same plan in every
    data set of one seed, whatever other tasks are in it.
    """
    codes = draw_codes(name, seed, retries * wanted)
    _, first = np.unique(content_keys(codes, stabiliser(pairs)), return_index=True)
    kept = codes[np.sort(first)[: wanted + 1]]
    plan = np.full(wanted + 1, NONE, dtype=np.int32)
    plan[: len(kept)] = kept
    return plan


def draw_codes(name: str, seed: int, count: int) -> NDArray[np.int64]:
    """The identity, then `count` random elements for a task of this name: (1 + count,)."""
    draws = numpy_generator(seed, f"augmentations of {name}").integers(ORDER, size=count)
    return np.concatenate([[IDENTITY], draws])


def content_keys(codes: NDArray[np.int64], symmetries: Stabiliser) -> NDArray[np.int64]:
    """Numbers (codes,) that are equal exactly when two codes make the same of the task."""
    tables = colour_tables()[codes // TURNS].astype(np.int64)
    products = turn_products()[codes % TURNS]
    weights = 10 ** np.arange(len(symmetries.colours), dtype=np.int64)
    keys = np.full(len(codes), np.iinfo(np.int64).max)
    for turn, images in zip(symmetries.turns, symmetries.images, strict=True):
        # First the element that changes nothing, then the code.
        np.minimum(keys, (tables[:, images] * weights).sum(axis=1) * TURNS + products[:, turn], out=keys)
    return keys


def stabiliser(pairs: Sequence[Pair]) -> Stabiliser:
    """The symmetries of a task's pairs as a set; the identity is always one."""
    colours = np.unique(np.concatenate([grid.ravel() for pair in pairs for grid in pair]))
    colours = colours[colours > 0].astype(np.int64)
    found: list[tuple[int, list[int]]] = []
    for turn in range(TURNS):
        moved = [Pair(*(turned(grid, turn) for grid in pair)) for pair in pairs]
        for names in _matchings(moved, pairs):
            found.append((turn, [names[int(colour)] for colour in colours]))
    images = np.array([images for _, images in found], dtype=np.int64).reshape(len(found), len(colours))
    return Stabiliser(colours, np.array([turn for turn, _ in found]), images)


def _matchings(moved: Sequence[Pair], pairs: Sequence[Pair]) -> list[dict[int, int]]:
    """All renamings of colours under which the moved pairs are the pairs, in any order."""
    marks, wanted = [_mark(pair) for pair in moved], [_mark(pair) for pair in pairs]
    if sorted(marks) != sorted(wanted):
        return []
    found: dict[tuple[tuple[int, int], ...], dict[int, int]] = {}

    def extend(number: int, free: list[int], names: dict[int, int]) -> None:
        if number == len(moved):
            found[tuple(sorted(names.items()))] = names
            return
        for place in free:
            if marks[number] == wanted[place]:
                longer = _renaming(moved[number], pairs[place], names)
                if longer is not None:
                    extend(number + 1, [other for other in free if other != place], longer)

    extend(0, list(range(len(pairs))), {0: 0})
    return list(found.values())


def _mark(pair: Pair) -> tuple[Any, ...]:
    """What no renaming changes: shapes, cells of the background, how many cells each colour has."""
    counts = [np.bincount(grid.ravel(), minlength=10) for grid in pair]
    return (*pair.input.shape, *pair.output.shape, *((int(c[0]), tuple(sorted(c[1:].tolist()))) for c in counts))


def _renaming(first: Pair, second: Pair, names: dict[int, int]) -> dict[int, int] | None:
    """`names` with what makes `second` of `first`, or None when no renaming that agrees with it does.

    Two colours may become one here, but not when all pairs are matched: all colours come out, so none is lost.
    """
    both = [10 * a.astype(np.int64).ravel() + b.ravel() for a, b in zip(first, second, strict=True)]
    longer = dict(names)
    for value in np.unique(np.concatenate(both)).tolist():
        old, new = divmod(value, 10)
        if longer.setdefault(old, new) != new:
            return None
    return longer
