"""The rules of made-up ARC tasks: each draws its parameters once and then makes pairs that follow it."""

from collections.abc import Callable

import numpy as np

from hrm.data.arc.collection import Pair
from hrm.data.arc.group import Grid

Rule = Callable[[np.random.Generator], Pair]
Maker = Callable[[np.random.Generator, int, int], Rule]  # with the smallest and the largest side of an input grid


def pattern(generator: np.random.Generator, low: int, high: int) -> Rule:
    """A hole in a repeated tile, or in diagonal stripes, is filled in."""
    diagonal = bool(generator.integers(2))
    period = [int(side) for side in generator.choice([(1, 2), (2, 1), (1, 3), (3, 1), (2, 2)])]

    def make(rng: np.random.Generator) -> Pair:
        height, width = _shape(rng, low, high)
        rows, columns = np.indices((height, width))
        if diagonal:
            tile = _colours(rng, 3)
            whole = tile[(rows + columns) % 3]
        else:
            tile = _colours(rng, period[0] * period[1]).reshape(period)
            whole = tile[rows % period[0], columns % period[1]]
        shown = whole.copy()
        hole = rng.integers(1, 3, size=2)
        at = [int(rng.integers(0, side - size + 1)) for side, size in zip((height, width), hole, strict=True)]
        shown[at[0] : at[0] + hole[0], at[1] : at[1] + hole[1]] = 0
        return Pair(shown, whole)

    return make


def recolour(generator: np.random.Generator, low: int, high: int) -> Rule:
    """Some colours become others, always the same ones; every pair shows them all."""
    count = int(generator.integers(1, 4))
    names = _colours(generator, 2 * count)
    old, new = names[:count], names[count:]
    others = np.setdiff1d(np.arange(1, 10, dtype=np.uint8), names)[:1]

    def make(rng: np.random.Generator) -> Pair:
        shape = _shape(rng, low, high)
        cells = rng.choice(np.concatenate([[0, 0], others, old]).astype(np.uint8), size=shape[0] * shape[1])
        cells[rng.permutation(len(cells))[:count]] = old
        table = np.arange(10, dtype=np.uint8)
        table[old] = new
        shown = cells.reshape(shape)
        return Pair(shown, table[shown])

    return make


def symmetry(generator: np.random.Generator, low: int, high: int) -> Rule:
    """The missing half of a picture is the mirror image of the other half."""
    upright, first = bool(generator.integers(2)), bool(generator.integers(2))

    def make(rng: np.random.Generator) -> Pair:
        height, width = _shape(rng, low, high)
        whole = _scattered(rng, (height, width), 0.6)
        half = (width + 1) // 2
        whole[:, width - half :] = whole[:, :half][:, ::-1]
        shown = whole.copy()
        missing = slice(0, width // 2) if first else slice(half, width)
        shown[:, missing] = 0
        return Pair(shown, whole) if upright else Pair(shown.T.copy(), whole.T.copy())

    return make


def counting(generator: np.random.Generator, low: int, high: int) -> Rule:
    """As many cells in a row (or a column) as the picture has of one colour."""
    colour, other = _colours(generator, 2)
    upright = bool(generator.integers(2))

    def make(rng: np.random.Generator) -> Pair:
        shape = _shape(rng, low, high)
        count = int(rng.integers(1, low + 1))
        cells = np.where(rng.random(shape[0] * shape[1]) < 0.3, other, 0).astype(np.uint8)
        cells[rng.permutation(len(cells))[:count]] = colour
        line = np.full((1, count), colour, dtype=np.uint8)
        return Pair(cells.reshape(shape), line.T.copy() if upright else line)

    return make


def gravity(generator: np.random.Generator, low: int, high: int) -> Rule:
    """All cells fall to one border."""
    quarter_turns = int(generator.integers(4))

    def make(rng: np.random.Generator) -> Pair:
        shown = _scattered(rng, _shape(rng, low, high), 0.35)
        # A stable sort moves the background up and keeps the others in order.
        fallen = np.take_along_axis(shown, np.argsort(shown > 0, axis=0, kind="stable"), axis=0)
        return _turned(Pair(shown, fallen), quarter_turns)

    return make


def fill(generator: np.random.Generator, low: int, high: int) -> Rule:
    """The inside of a frame takes one colour."""
    edge, inside = _colours(generator, 2)

    def make(rng: np.random.Generator) -> Pair:
        height, width = _shape(rng, low, high)
        rows, columns = (int(rng.integers(3, side + 1)) for side in (height, width))
        top, left = int(rng.integers(height - rows + 1)), int(rng.integers(width - columns + 1))
        shown = np.where(rng.random((height, width)) < 0.15, inside, 0).astype(np.uint8)
        shown[top : top + rows, left : left + columns] = edge
        shown[top + 1 : top + rows - 1, left + 1 : left + columns - 1] = 0
        filled = shown.copy()
        filled[top + 1 : top + rows - 1, left + 1 : left + columns - 1] = inside
        return Pair(shown, filled)

    return make


def rays(generator: np.random.Generator, low: int, high: int) -> Rule:
    """Each cell draws a line of its colour to one border."""
    quarter_turns = int(generator.integers(4))

    def make(rng: np.random.Generator) -> Pair:
        height, width = _shape(rng, low, high)
        shown, drawn = np.zeros((2, height, width), dtype=np.uint8)
        for column in rng.permutation(width)[: int(rng.integers(1, width + 1))]:
            row, colour = int(rng.integers(height)), int(rng.integers(1, 10))
            shown[row, column] = colour
            drawn[row:, column] = colour
        return _turned(Pair(shown, drawn), quarter_turns)

    return make


def crop(generator: np.random.Generator, low: int, high: int) -> Rule:
    """The one object is cut out; the background may have cells of one colour that do not belong to it."""
    noise = int(generator.integers(0, 10))

    def make(rng: np.random.Generator) -> Pair:
        height, width = _shape(rng, low, high)
        rows, columns = (int(rng.integers(2, side)) for side in (height, width))
        top, left = int(rng.integers(height - rows + 1)), int(rng.integers(width - columns + 1))
        others = np.setdiff1d(np.arange(1, 10, dtype=np.uint8), [noise])
        cut = rng.choice(others, size=(rows, columns))
        shown = np.where(rng.random((height, width)) < 0.2, noise, 0).astype(np.uint8)
        shown[top : top + rows, left : left + columns] = cut
        return Pair(shown, cut)

    return make


RULES: dict[str, Maker] = {
    "pattern": pattern,
    "recolour": recolour,
    "symmetry": symmetry,
    "counting": counting,
    "gravity": gravity,
    "fill": fill,
    "rays": rays,
    "crop": crop,
}


def _shape(rng: np.random.Generator, low: int, high: int) -> tuple[int, int]:
    height, width = rng.integers(low, high + 1, size=2)
    return int(height), int(width)


def _colours(rng: np.random.Generator, count: int) -> Grid:
    """Different colours, none the background."""
    return (rng.permutation(9)[:count] + 1).astype(np.uint8)


def _scattered(rng: np.random.Generator, shape: tuple[int, int], share: float) -> Grid:
    """Cells of any colour on the background."""
    return np.where(rng.random(shape) < share, rng.integers(1, 10, size=shape), 0).astype(np.uint8)


def _turned(pair: Pair, quarter_turns: int) -> Pair:
    return Pair(*(np.rot90(grid, quarter_turns).copy() for grid in pair))
