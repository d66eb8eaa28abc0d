"""How an answer looks in a film strip, one drawing a family of tasks.

Every mark is told by its shape as well as by its colour: a right cell is a bold digit or a filled dot, a wrong one has
a frame, a cross or (a path cell that is missing) an empty ring, a new one a triangle in its corner. Given cells are
plain.
"""

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from hrm.report import drawings, grids, style
from hrm.report.film import Cells, Film, Flags, Marks

Points = NDArray[np.float64]  # (cells, 2) columns and rows of the middles of cells
# Draws cells with their marks; None for the input and the target, which have none. `side` is that of the axes, inches.
Panel = Callable[[Axes, Film, Cells, Marks | None, float], None]

RIGHT, WRONG, NEW, PLAIN = "#00694C", style.VERMILLION, style.BLUE, "#4A4A4A"
NEW_GROUND = "#CFE6F5"
END_MARK = "#D9D9D9"


def panel(family: str) -> Panel:
    """The drawing of a family; other families than these are drawn as ARC grids are, in shades and numbers."""
    return {"sudoku": _sudoku, "maze": _maze, "lattice": _lattice, "arc": _arc}.get(family, _numbers)


def _sudoku(axes: Axes, film: Film, cells: Cells, marks: Marks | None, side: float) -> None:
    assert film.box is not None
    grids.box_lines(axes, film.box, cells.shape)
    size = min(11.0, 0.62 * 72 * side / max(cells.shape))
    if marks is not None:
        _grounds(axes, marks.new, NEW_GROUND)
        _triangles(axes, marks.new)
        _frames(axes, marks.wrong, side)
    _grounds(axes, (film.given > 1) if marks is None else (film.given > 1) & ~marks.new, grids.GIVEN)
    for (row, column), token in np.ndenumerate(cells):
        right = marks is not None and marks.right[row, column]
        wrong = marks is not None and marks.wrong[row, column]
        # Anything but a digit (padding, empty) is an answer too, a wrong one.
        text = str(token - 1) if token > 1 else ("·" if wrong else "")  # tokens are digit + 1
        colour = RIGHT if right else WRONG if wrong else style.BLACK
        drawings.letter(axes, row, column, text, size, colour, "bold" if right else "normal")


def _maze(axes: Axes, film: Film, cells: Cells, marks: Marks | None, side: float) -> None:
    colours = {token: drawings.MAZE_COLOURS[token] for token in (drawings.WALL, drawings.START, drawings.GOAL)}
    ground = [[colours.get(int(token), "#FFFFFF") for token in row] for row in cells]
    grids.coloured(axes, ground, "#9A9A9A", 0.2)
    path = cells == drawings.PATH
    _marked_path(axes, path, (film.target == drawings.PATH) & ~path, marks, side)
    for (row, column), token in np.ndenumerate(film.given):
        if token in (drawings.START, drawings.GOAL):
            drawings.end_mark(axes, row, column, int(token), side / len(cells))


def _lattice(axes: Axes, film: Film, cells: Cells, marks: Marks | None, side: float) -> None:
    drawings.lattice_walls(axes, film.given)
    moves = (cells >= 1) & (cells <= len(drawings.MOVES)) & (cells is not film.given)
    for chosen, colour, pattern in _kinds(moves, marks):
        middles = _middles(chosen)
        steps = np.array([drawings.MOVES[token - 1][::-1] for token in cells[chosen]]).reshape(-1, 2)
        # A right move reaches the next cell; a wrong one stops half way, as it may point into a wall.
        ends = middles + steps * (0.45 if pattern == ":" else 1.0)
        lines: list[Any] = list(np.stack((middles, ends), axis=1))
        axes.add_collection(LineCollection(lines, colors=colour, linewidths=1.6, linestyles=pattern))
    _marked_path(axes, moves, np.zeros_like(moves), marks, side)
    for (row, column), token in np.ndenumerate(film.given):
        role = (int(token) - 1) // drawings.SIDES
        if role in (1, 2):
            end = drawings.START if role == 1 else drawings.GOAL
            drawings.end_mark(axes, row, column, end, 0.8 * side / len(cells))


def _arc(axes: Axes, film: Film, cells: Cells, marks: Marks | None, side: float) -> None:
    """The ten colours of the editor; end marks hatched grey, padding white."""
    kept = _extent(film.given if cells is film.given else film.target)
    cut = cells[kept]
    colours = [[_arc_colour(int(token)) for token in row] for row in cut]
    grids.coloured(axes, colours, "#5C5C5C", 0.3)
    ends = _middles(cut == drawings.FIRST_COLOUR - 1)
    _points(axes, ends, "x", 0.3, side / max(cut.shape), "#8C8C8C")
    if marks is not None:
        inside = Marks(*(flags[kept] for flags in marks))
        _triangles(axes, inside.new, style.BLACK, "#FFFFFF")
        _points(axes, _middles(inside.wrong), "X", 0.62, side / max(cut.shape), "#FFFFFF", style.BLACK)


def _numbers(axes: Axes, film: Film, cells: Cells, marks: Marks | None, side: float) -> None:
    """Families without a drawing of their own."""
    drawings.drawing(film.family, {})(axes, cells, film.given, side)
    if marks is not None:
        _triangles(axes, marks.new)
        _frames(axes, marks.wrong, side)


def _kinds(shown: Flags, marks: Marks | None) -> list[tuple[Flags, str, Literal["-", ":"]]]:
    """Parts of what is shown with their colour and line: right solid and wrong dotted, or all of it plain."""
    if marks is None:
        return [(shown, PLAIN, "-")]
    return [(shown & ~marks.wrong, RIGHT, "-"), (shown & marks.wrong, WRONG, ":")]


def _marked_path(axes: Axes, shown: Flags, missing: Flags, marks: Marks | None, side: float) -> None:
    """Dots on right cells of a path, crosses on wrong ones, rings where it is missing; plain dots without marks.

    Crosses lie above the letters of start and goal, dots below.
    """
    cell = side / len(shown)
    if marks is None:
        _points(axes, _middles(shown), "o", 0.5, cell, PLAIN)
        return
    _triangles(axes, marks.new)
    missed = marks.wrong & missing
    _points(axes, _middles(shown & ~marks.wrong), "o", 0.5, cell, RIGHT)
    _points(axes, _middles(missed), "o", 0.5, cell, "none", WRONG)
    _points(axes, _middles(marks.wrong & ~missed), "X", 0.62, cell, WRONG)


def _points(axes: Axes, at: Points, shape: str, share: float, cell: float, face: str, edge: str = "none") -> None:
    """Markers that fill `share` of a cell of `cell` inches."""
    size = share * 72 * cell
    width = min(1.2, 0.16 * size) if edge != "none" or shape == "x" else 0.0
    zorder = 7 if shape == "X" else 5
    colour: dict[str, Any] = {"c": face} if shape == "x" else {"facecolors": face, "edgecolors": edge}
    if len(at):
        axes.scatter(at[:, 0], at[:, 1], s=size**2, marker=shape, linewidths=width, zorder=zorder, **colour)


def _middles(flags: Flags) -> Points:
    return np.asarray(np.argwhere(flags)[:, ::-1] + 0.5, dtype=np.float64)


def _grounds(axes: Axes, flags: Flags, colour: str) -> None:
    for row, column in np.argwhere(flags):
        axes.add_patch(Rectangle((column, row), 1, 1, facecolor=colour, edgecolor="none", zorder=0))


def _triangles(axes: Axes, flags: Flags, face: str = NEW, edge: str = "none") -> None:
    corners = np.argwhere(flags)[:, None, ::-1] + np.array([(0.0, 0.0), (0.42, 0.0), (0.0, 0.42)])
    axes.add_collection(PolyCollection(list(corners), facecolors=face, edgecolors=edge, linewidths=0.5, zorder=6))


def _frames(axes: Axes, flags: Flags, side: float) -> None:
    width = min(1.3, 0.08 * 72 * side / max(flags.shape))
    for row, column in np.argwhere(flags):
        frame = Rectangle((column + 0.1, row + 0.1), 0.8, 0.8, fill=False, edgecolor=WRONG, lw=width)
        axes.add_patch(frame).set_zorder(5)


def _extent(tokens: Cells) -> tuple[slice, slice]:
    """Rows and columns that hold anything but padding; all of them where nothing does."""
    rows, columns = np.nonzero(tokens > 0)
    if not len(rows):
        return slice(None), slice(None)
    return slice(rows.min(), rows.max() + 1), slice(columns.min(), columns.max() + 1)


def _arc_colour(token: int) -> str:
    if token < drawings.FIRST_COLOUR:
        return END_MARK if token else "#FFFFFF"
    return drawings.ARC_COLOURS[min(token - drawings.FIRST_COLOUR, 9)]
