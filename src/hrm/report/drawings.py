"""How examples of each family of tasks look: one function a family, chosen by `drawing`."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.patches import Rectangle
from matplotlib.text import Text
from numpy.typing import NDArray

from hrm.core.errors import DataError
from hrm.report import grids, style

Tokens = NDArray[Any]  # (rows, columns)
# Draws tokens into axes; `given` are the tokens of the example's input, and the same as those where they are the input.
# `side` is the length of the axes in inches.
Draw = Callable[[Axes, Tokens, Tokens, float], None]

# The ten colours of the ARC editor.
ARC_COLOURS = (
    *("#000000", "#0074D9", "#FF4136", "#2ECC40", "#FFDC00"),
    *("#AAAAAA", "#F012BE", "#FF851B", "#7FDBFF", "#870C25"),
)
FIRST_COLOUR = 2  # tokens 0 and 1 are pad and end mark
WALL, OPEN, START, GOAL, PATH = range(1, 6)
MAZE_COLOURS = {WALL: "#3A3A3A", OPEN: "#FFFFFF", START: "#BBDDF2", GOAL: "#F6C9AE", PATH: "#C27A00"}
# Lattice mazes: an input is 1 + openings + 16 * role, where bit m of the openings says that move m meets no wall, and
# roles are plain, start, goal; a label is 1 + the move to the next cell of the path. Moves are up, down, left, right.
SIDES = 16
MOVES = ((-1, 0), (1, 0), (0, -1), (0, 1))
# Ends of the wall on the side of each move, (row, column) from the upper left corner of the cell.
WALLS = (((0, 0), (0, 1)), ((1, 0), (1, 1)), ((0, 0), (1, 0)), ((0, 1), (1, 1)))
SMALLEST = 4.0  # points: numbers below this are left out


def drawing(family: str, generator: Mapping[str, Any]) -> Draw:
    """The function that draws examples of a family; `generator` is that of dataset.json.

    Raises DataError when it says too little.
    """
    if family == "sudoku":
        try:
            box = (generator["box_height"], generator["box_width"])
        except KeyError as error:
            raise DataError(f"dataset.json: generator lacks {error}, without which no Sudoku can be drawn") from None
        return lambda axes, tokens, given, side: _sudoku(axes, tokens, given, side, box)
    return {"arc": _colours, "maze": _maze, "lattice": _lattice}.get(family, _numbers)


def rating_text(family: str, rating: int) -> str:
    """Difficulty with its unit."""
    if family == "sudoku":
        return f"{rating:,} {'guess' if rating == 1 else 'guesses'}"
    if family in ("maze", "lattice"):
        return f"{rating:,} {'step' if rating == 1 else 'steps'}"
    if family == "arc":
        return f"{rating:,} {'cell' if rating == 1 else 'cells'}"
    return f"rating {rating:,}"


def _sudoku(axes: Axes, tokens: Tokens, given: Tokens, side: float, box: tuple[int, int]) -> None:
    """Clues bold on grey, the rest of the solution thin and blue."""
    grids.box_lines(axes, box, tokens.shape)
    size = _points(side, len(tokens), 0.58)
    for (row, column), token in np.ndenumerate(tokens):
        is_given = given[row, column] > 1
        if is_given:
            axes.add_patch(Rectangle((column, row), 1, 1, facecolor=grids.GIVEN, edgecolor="none", zorder=0))
        if token > 1:
            weight, colour = ("bold", style.BLACK) if is_given else ("normal", style.BLUE)
            letter(axes, row, column, str(token - 1), size, colour, weight)


def _colours(axes: Axes, tokens: Tokens, given: Tokens, side: float) -> None:
    """The grid without pad and end marks, at the scale of its own size; colours are numbered where there is room."""
    rows, columns = np.nonzero(tokens >= FIRST_COLOUR)
    if not len(rows):
        grids.bare(axes, 1, 1)
        axes.text(0.5, 0.5, "empty", ha="center", va="center", color=style.GREY)
        return
    grid = tokens[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1].astype(int) - FIRST_COLOUR
    inside = [[ARC_COLOURS[colour] if colour >= 0 else "#FFFFFF" for colour in row] for row in grid]
    grids.coloured(axes, inside, "#5C5C5C", 0.4)
    size = _points(side, max(grid.shape), 0.42)
    if size >= SMALLEST:
        for (row, column), colour in np.ndenumerate(grid):
            if colour > 0:  # the background needs no number
                light = colour in (3, 4, 5, 7, 8)
                letter(axes, row, column, str(colour), size, "#000000" if light else "#FFFFFF", "normal")


def _maze(axes: Axes, tokens: Tokens, given: Tokens, side: float) -> None:
    """Walls dark, the path amber, start and goal as letters on discs."""
    grids.coloured(axes, [[MAZE_COLOURS.get(int(token), "#FFFFFF") for token in row] for row in tokens], "#9A9A9A", 0.2)
    for (row, column), token in np.ndenumerate(tokens):
        if token in (START, GOAL):
            end_mark(axes, row, column, int(token), side / len(tokens))


def _lattice(axes: Axes, tokens: Tokens, given: Tokens, side: float) -> None:
    """Walls as lines between cells; of a label the path as a line, in the walls of its input."""
    size = len(tokens)
    roles = (given.astype(int) - 1) // SIDES
    lattice_walls(axes, given)
    if tokens is not given:
        steps = [
            [(column + 0.5, row + 0.5), (column + 0.5 + MOVES[token - 1][1], row + 0.5 + MOVES[token - 1][0])]
            for (row, column), token in np.ndenumerate(tokens)
            if 1 <= token <= len(MOVES)
        ]
        axes.add_collection(LineCollection(steps, colors=style.ORANGE, linewidths=2.4, capstyle="round"))
    for (row, column), role in np.ndenumerate(roles):
        if role in (1, 2):
            end_mark(axes, row, column, START if role == 1 else GOAL, side / size)


def lattice_walls(axes: Axes, given: Tokens) -> None:
    """Axes of a lattice maze with its walls, from its input."""
    size = len(given)
    grids.bare(axes, size, size)
    walls = [
        [(column + right, row + down) for down, right in ends]
        for (row, column), sides in np.ndenumerate((given.astype(int) - 1) % SIDES)
        for move, ends in enumerate(WALLS)
        if not sides >> move & 1
    ]
    border = [[(0, 0), (size, 0), (size, size), (0, size), (0, 0)]]
    axes.add_collection(LineCollection(walls + border, colors="#3A3A3A", linewidths=1.2, capstyle="projecting"))


def end_mark(axes: Axes, row: int, column: int, token: int, cell: float) -> None:
    """Start or goal: the letter may be larger than its cell (inches), as it must be found at a glance."""
    name, colour = ("S", style.BLUE) if token == START else ("G", style.VERMILLION)
    text = letter(axes, row, column, name, max(0.5 * 72 * cell, 4.5), colour, "bold")
    text.set_zorder(6)
    text.set_bbox({"boxstyle": "circle,pad=0.12", "facecolor": "white", "edgecolor": colour, "lw": 0.8})


def _numbers(axes: Axes, tokens: Tokens, given: Tokens, side: float) -> None:
    """Any other family: tokens as numbers on shades, pad left blank."""
    highest = max(int(tokens.max()), 1)
    shades = [[_shade(int(token), highest) for token in row] for row in tokens]
    grids.coloured(axes, shades, grids.LIGHT, 0.4)
    size = _points(side, len(tokens), 0.4)
    if size >= SMALLEST:
        for (row, column), token in np.ndenumerate(tokens):
            if token:
                letter(axes, row, column, str(token), size, style.BLACK, "normal")


def _shade(token: int, highest: int) -> str:
    level = round(255 - 110 * token / highest)
    return f"#{level:02X}{level:02X}{level:02X}"


def _points(side: float, cells: int, share: float) -> float:
    """Size of letters that fill `share` of a cell."""
    return min(11.0, share * 72 * side / cells)


def letter(axes: Axes, row: int, column: int, text: str, size: float, colour: str, weight: str) -> Text:
    """A text in the middle of a cell."""
    drawn = axes.text(
        column + 0.5, row + 0.53, text, size=size, color=colour, weight=weight, ha="center", va="center", zorder=4
    )
    drawn.set_in_layout(False)  # the layout need not look at hundreds of letters inside the axes
    return drawn
