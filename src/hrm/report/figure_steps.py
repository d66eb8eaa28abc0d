"""One puzzle, segment by segment: what the model would answer after each."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle
from numpy.typing import NDArray

from hrm.core.errors import DataError
from hrm.report import style
from hrm.report.drawings import drawing, rating_text
from hrm.report.grids import GIVEN, LIGHT, box_lines

Cells = NDArray[np.int64]
KEYS = {"family", "input", "label", "predictions", "q_halt", "box", "grid_shape", "settled_segment", "rating"} | {
    "test_example",
    "test_examples",
}
# Draws cells into axes, with marks at those that are wrong or differ from the cells before (None: no marks).
Panel = Callable[[Axes, Cells, Cells | None], None]
MOST_PANELS = 8  # the input and seven answers fill two rows of a page
LARGEST_SIDE = style.PAGE_WIDTH / 4  # inches of one grid
CHANGED = "#CFE6F5"


def draw(steps: Mapping[str, Any], source: str) -> Figure:
    """The input and the answers after chosen segments, from steps.json.

    A wrong cell is vermillion inside a frame; a cell that changed since the panel before has a blue ground (a Sudoku)
    and a triangle in its corner (the first answer fills every cell, so that it marks none): each is told by shape as
    well as by colour. Given cells of a Sudoku are bold on grey. Cells without a label count as neither.

    Raises DataError when `steps` is of another kind.
    """
    if not isinstance(steps, Mapping) or not set(steps) >= KEYS or (steps["family"] == "sudoku" and not steps["box"]):
        raise DataError(f"{source}: is not a steps.json (hrm evaluate writes it)")
    shape = tuple(steps["grid_shape"])
    given, answer = (np.array(steps[name]).reshape(shape) for name in ("input", "label"))
    predictions = np.array(steps["predictions"]).reshape(-1, *shape)
    predictions = np.where(answer > 0, predictions, 0)
    settled = steps["settled_segment"]
    chosen = choose_segments(predictions, settled, MOST_PANELS - 1)
    columns = layout(len(chosen) + 1, max(shape))
    rows = -(-(len(chosen) + 1) // columns)
    side = min(LARGEST_SIDE, style.PAGE_WIDTH / columns)
    figure = style.new_figure(columns * side, rows * (side + 0.28) + 0.35)
    panels = list(figure.subplots(rows, columns, squeeze=False).flat)
    for axes in panels[len(chosen) + 1 :]:
        axes.set_axis_off()
    panel = _sudoku(steps, side) if steps["family"] == "sudoku" else _marked(steps, side)
    number, total = steps["test_example"] + 1, steps["test_examples"]
    panels[0].set_title(f"Test puzzle {number:,} of {total:,}\n{rating_text(steps['family'], steps['rating'])}")
    panel(panels[0], given, None)
    before = given
    for axes, segment in zip(panels[1:], chosen, strict=False):
        prediction = predictions[segment - 1]
        panel(axes, prediction, prediction if segment == chosen[0] else before)
        wrong = int((prediction != answer).sum())
        title = f"Segment {segment}: " + ("solved" if wrong == 0 else f"{wrong} wrong")
        if steps["q_halt"]:
            title += f"\np(halt) = {1 / (1 + np.exp(-steps['q_halt'][segment - 1])):.2f}"
        axes.set_title(title)
        before = prediction
    handles, names = zip(*_legend(steps["family"]), strict=True)
    figure.legend(handles, names, loc="outside lower center", ncols=3 if columns > 3 else 1, handlelength=1.2)
    return figure


def choose_segments(predictions: Cells, settled: int | None, most: int) -> list[int]:
    """Segments to show, counted from 1: the first, those whose answer changed, the one that settles it.

    Up to the settling segment, or to the last where nothing settles; when more than `most` changed, evenly chosen ones
    of them, the first and the last included.
    """
    last = settled or len(predictions)
    changed = [
        segment
        for segment in range(1, last + 1)
        if segment in (1, last) or (predictions[segment - 1] != predictions[segment - 2]).any()
    ]
    if len(changed) <= most:
        return changed
    places = np.linspace(0, len(changed) - 1, most).round().astype(int)
    return [changed[place] for place in places]


def layout(panels: int, side: int) -> int:
    """Number of columns for so many grids of `side` cells a side, so that digits stay legible and rows full."""
    if panels <= 4 or (side <= 6 and panels <= 6):
        return panels
    return 3 if panels <= 6 else 4


def _sudoku(steps: Mapping[str, Any], side: float) -> Panel:
    shape = tuple(steps["grid_shape"])
    given, answer = (np.array(steps[name]).reshape(shape) - 1 for name in ("input", "label"))  # tokens are digit + 1
    size = min(10.0, 0.58 * 72 * side / max(shape))  # points, a good half of a cell

    def panel(axes: Axes, shown: Cells, before: Cells | None) -> None:
        box_lines(axes, steps["box"], shape)
        _digits(axes, shown - 1, given, answer, None if before is None else before - 1, size)

    return panel


def _marked(steps: Mapping[str, Any], side: float) -> Panel:
    """Panels of any other family: as on its contact sheet, with the marks on top."""
    shape = tuple(steps["grid_shape"])
    given, answer = (np.array(steps[name]).reshape(shape) for name in ("input", "label"))
    draw_cells = drawing(steps["family"], {})

    def panel(axes: Axes, shown: Cells, before: Cells | None) -> None:
        draw_cells(axes, given if before is None else shown, given, side)
        for row, column in zip(*np.nonzero(answer > 0), strict=True) if before is not None else []:
            if before is not None and shown[row, column] != before[row, column]:
                _corner(axes, row, column)
            if shown[row, column] != answer[row, column]:
                _frame(axes, row, column)

    return panel


def _digits(axes: Axes, shown: Cells, given: Cells, answer: Cells, before: Cells | None, size: float) -> None:
    for (row, column), digit in np.ndenumerate(shown):
        is_given = given[row, column] > 0
        changed = before is not None and digit != before[row, column]
        wrong = digit > 0 and digit != answer[row, column]
        if is_given or changed:
            ground = CHANGED if changed else GIVEN
            axes.add_patch(Rectangle((column, row), 1, 1, facecolor=ground, edgecolor="none", zorder=0))
        if changed:
            _corner(axes, row, column)
        # Anything but a digit of the puzzle (padding, empty) is an answer too, a wrong one.
        text = str(digit) if digit > 0 else ("" if before is None else "·")
        axes.text(
            column + 0.5,
            row + 0.53,
            text,
            size=size,
            ha="center",
            va="center",
            weight="bold" if is_given else "normal",
            color=style.VERMILLION if wrong else style.BLACK,
            zorder=4,
        )
        if wrong or (before is not None and digit <= 0):
            _frame(axes, row, column)


def _corner(axes: Axes, row: int, column: int) -> None:
    corner = [(column, row), (column + 0.3, row), (column, row + 0.3)]
    axes.fill(*zip(*corner, strict=True), color=style.BLUE, lw=0, zorder=6)


def _frame(axes: Axes, row: int, column: int) -> None:
    frame = Rectangle((column + 0.1, row + 0.1), 0.8, 0.8, fill=False, edgecolor=style.VERMILLION, lw=1.3)
    axes.add_patch(frame).set_zorder(5)


def _legend(family: str) -> list[tuple[Artist | tuple[Artist, ...], str]]:
    # Corners of the triangle, upper left of the marker's place.
    triangle: Any = ((-1.0, 1.0), (-1.0, -0.2), (0.2, 1.0))
    corner = Line2D([], [], color=style.BLUE, marker=triangle, linestyle="none", markersize=5)
    wrong = (Patch(fill=False, edgecolor=style.VERMILLION, linewidth=1.3), "wrong")
    if family != "sudoku":
        return [(corner, "changed since the panel before"), wrong]
    ground = Patch(facecolor=CHANGED, edgecolor=LIGHT, linewidth=0.5)
    return [
        (Patch(facecolor=GIVEN, edgecolor=LIGHT, linewidth=0.5), "given (bold)"),
        ((ground, corner), "changed since the panel before"),
        wrong,
    ]
