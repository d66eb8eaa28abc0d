"""The picture at the top of the README: a puzzle as it is solved, beside the accuracy of two modules, one, and none.

It reads records, so that the README shows what they hold: steps.json of the published model, and metrics.json of both
sets of weights. `python -m hrm.report.first_picture results/reference sudoku docs/images/first.png` makes it again.
"""

import sys
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from hrm.core.errors import DataError
from hrm.core.files import atomic_path, read_json
from hrm.report import film_panels, grids, style
from hrm.report.film import Cells, Film, Frame, mark, read_film, settled_frame
from hrm.report.run_paths import WEIGHTS, WEIGHTS_IN_WORDS, Player

SIZE = (8.0, 4.0)  # inches
SHOWN = "hrm"  # whose puzzle is drawn
WEIGHTS_SHOWN = "ema"
# Variants of the bars, in words. All have the same layers; one pass is direct prediction.
BARS = {
    "hrm": "two modules,\nrepeated (HRM)",
    "single": "one module,\nrepeated",
    "transformer": "the same layers,\none pass",
}
SHADES = {"raw": style.BLUE, "ema": "#9CC3E0"}


def draw(records: Path, task: str) -> Figure:
    """The picture from the records of `task`, as results/reference; DataError where one is missing."""
    steps = _record(records, task, SHOWN, f"{WEIGHTS_SHOWN}/steps.json")
    film = read_film(read_json(steps), str(steps))
    accuracies = {
        (variant, weights): _accuracy(_record(records, task, variant, f"{weights}/metrics.json"))
        for variant in BARS
        for weights in WEIGHTS
    }
    figure = style.new_figure(*SIZE, layout=None)
    grid = figure.add_gridspec(2, 2, left=0.012, right=0.445, bottom=0.1, top=0.93, wspace=0.08, hspace=0.2)
    panels = [figure.add_subplot(grid[place // 2, place % 2]) for place in range(4)]
    side = SIZE[0] * (0.445 - 0.012) / 2.1
    film_panels.panel(film.family)(panels[0], film, film.given, None, side)
    panels[0].set_title("a puzzle it has not seen", size=8)
    before: Cells | None = None
    for axes, frame in zip(panels[1:], _three(film), strict=False):
        film_panels.panel(film.family)(axes, film, frame.cells, mark(film, frame.cells, before), side)
        wrong = film.wrong(frame)
        axes.set_title(f"segment {frame.segment}: {f'{wrong} wrong' if wrong else 'solved'}", size=8)
        before = frame.cells
    given = Patch(facecolor=grids.GIVEN, label="given")
    new = Patch(facecolor=film_panels.NEW_GROUND, label="changed")
    wrong_cell = Patch(fill=False, edgecolor=film_panels.WRONG, linewidth=1.3, label="wrong")
    figure.legend(handles=[given, new, wrong_cell], loc=(0.08, 0.005), ncols=3, handlelength=1.2)
    rows, columns = film.target.shape
    bars = figure.add_axes((0.585, 0.16, 0.39, 0.72))
    bars.set_title(f"{film.examples:,} unseen {rows}x{columns} puzzles, equal sizes, one training each", loc="right")
    _bars(bars, accuracies)
    return figure


def _three(film: Film) -> list[Frame]:
    """The answer after the first segment, halfway, and after the one that solves the puzzle (or the last)."""
    settled = settled_frame(film)
    last = film.segments if settled is None else film.frames[settled].segment
    chosen = sorted({1, (last + 1) // 2, last})
    return [frame for frame in film.frames if frame.segment in chosen and frame.step == film.steps]


def _bars(axes: Axes, accuracies: dict[tuple[str, Player], float]) -> None:
    for place, variant in enumerate(BARS):
        for offset, weights in zip((-0.19, 0.19), WEIGHTS, strict=True):
            value = 100 * accuracies[variant, weights]
            axes.barh(place + offset, value, height=0.36, color=SHADES[weights])
            axes.text(value + 1, place + offset, f"{value:.1f} %", va="center", size=8.5)
    axes.set_yticks(np.arange(len(BARS)), list(BARS.values()))
    axes.invert_yaxis()
    axes.set_xlim(0, 80)
    axes.grid(visible=False, axis="y")
    axes.set_xlabel("puzzles solved, %")
    handles = [Patch(facecolor=SHADES[weights], label=WEIGHTS_IN_WORDS[weights]) for weights in WEIGHTS]
    axes.legend(handles=handles, loc="lower right")


def _record(records: Path, task: str, variant: str, name: str) -> Path:
    """The one file of a variant's first seed; it may lie in a folder that is named by its key."""
    found = sorted((records / task / variant / "seed0").rglob(name))
    if len(found) != 1:
        raise DataError(f"{records / task / variant / 'seed0'}: holds {len(found)} files {name}; there must be one")
    return found[0]


def _accuracy(path: Path) -> float:
    metrics: Any = read_json(path)
    try:
        return float(metrics["exact_accuracy"])
    except (KeyError, TypeError):
        raise DataError(f"{path}: has no exact_accuracy (hrm evaluate writes it)") from None


if __name__ == "__main__":
    records, task, target = sys.argv[1:]
    with style.styled(), atomic_path(Path(target)) as temporary:
        style.write_png(draw(Path(records), task), temporary)
