"""Forward residuals of several networks, and below them the trajectories of their states (HRM paper, figure 3)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from hrm.core.errors import DataError
from hrm.report import style
from hrm.report.figures import Input
from hrm.report.tables import Run, in_order, title_of

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from hrm.report.words import Words

TITLE = "forward residuals and trajectories of states"
CAPTION = (
    "How far each state moves at each module call, or at each layer of a network that answers at once (figure 3 "
    "of the HRM paper); dotted before training. A saw-tooth of the low state is the reset that the paper "
    "describes. Below, the path of the whole state of one test puzzle in the plane of its first two principal "
    "components, from the square to the star, with those of further puzzles in grey."
)
INPUTS = {
    "tables": Input("TASK/VARIANT/seedN/residuals.csv", file="residuals.csv", many=True),
    "trajectories": Input("TASK/VARIANT/seedN/trajectories.csv", file="trajectories.csv", many=True),
}
COLUMNS = ("step", "residual", "residual_low", "residual_high")
PATH_COLUMNS = ("puzzle", "step", "component_1", "component_2")
COLOURS = {"H": style.BLUE, "L": style.VERMILLION, "core": style.GREEN, "layer": style.PURPLE}
NAMES = {"H": "$z_H$", "L": "$z_L$", "core": "state", "layer": "layers"}
MOST = 5  # columns: more would be too narrow to read


def draw(words: Words, tables: Sequence[Path], trajectories: Sequence[Path]) -> Figure:
    """From residuals.csv and trajectories.csv of the same runs, a column each in the order of `tables`.

    Raises DataError when a table is broken, the two lists are not of the same runs, or there are too many of them.
    """
    runs = in_order(tables, COLUMNS, ("weights", "state"))
    paths = {_key(run): run for run in in_order(trajectories, PATH_COLUMNS, ("state",))}
    if {_key(run) for run in runs} != set(paths):
        raise DataError("residuals and trajectories are of different runs; both must list the same ones")
    if len(runs) > MOST:
        raise DataError(f"there are {len(runs)} runs; at most {MOST} fit beside each other")
    states = [_states(run.table) for run in runs]
    rows = 1 + max(map(len, states))
    shown = [name for name in COLOURS if any(name in names for names in states)]
    labels = [*(NAMES[name] for name in shown), "untrained", "first step", "last step"]
    notes = [f"bands: {words.confidence} intervals over test puzzles; grey: further puzzles"]
    width = style.PAGE_WIDTH if len(runs) > 1 else style.COLUMN_WIDTH
    legend = style.below(width, [label.replace("$", "") for label in labels], notes)
    figure = style.new_figure(width, 0.45 + 1.55 * rows + legend.height)
    axes = figure.subplots(rows, len(runs), squeeze=False, height_ratios=[1.15] + [1.0] * (rows - 1))
    for column, (run, names) in enumerate(zip(runs, states, strict=True)):
        _curves(axes[0][column], run.table, names)
        name, _, weights = title_of(run, words).partition("\n")
        title = style.wrapped(name, width / len(runs) - 0.4)
        axes[0][column].set_title(f"{title}\n{weights}" if weights else title)
        axes[0][column].set_xlabel("layer" if names == ["layer"] else "module call")
        if column:
            axes[0][column].sharey(axes[0][0])
            axes[0][column].tick_params(labelleft=False)
        for row, state in enumerate(names, 1):
            table = paths[_key(run)].table
            _path(axes[row][column], table[table["state"] == state], NAMES[state])
        for row in range(1 + len(names), rows):
            axes[row][column].set_visible(False)
    axes[0][0].set_ylabel("forward residual")
    handles = [style.handle(NAMES[name], color=COLOURS[name]) for name in shown]
    handles.append(style.handle("untrained", color=style.GREY, linestyle=":", linewidth=1.0))
    handles.append(style.handle("first step", color=style.BLACK, marker="s", markersize=4.5, linestyle="none"))
    handles.append(style.handle("last step", color=style.VERMILLION, marker="*", markersize=8, linestyle="none"))
    legend.put(figure, handles)
    return figure


def _curves(axes: Axes, table: pd.DataFrame, names: Sequence[str]) -> None:
    for name in names:
        for weights in ("untrained", "trained"):
            rows = table[(table["weights"] == weights) & (table["state"] == name)].sort_values("step")
            if weights == "untrained":
                axes.plot(rows["step"], rows["residual"], ":", color=COLOURS[name], lw=1.0)
                continue
            marker = "o" if len(rows) <= 10 else None
            axes.plot(rows["step"], rows["residual"], color=COLOURS[name], lw=1.2, marker=marker)
            ends = rows["residual_low"], rows["residual_high"]
            axes.fill_between(rows["step"], *ends, color=COLOURS[name], alpha=0.25, linewidth=0)
    axes.set_yscale("log")
    style.few_ticks(axes.xaxis, 4, integer=True)


def _path(axes: Axes, table: pd.DataFrame, name: str) -> None:
    """The first puzzle in colour, from dark (first step) to light, the others behind it in grey."""
    first = table["puzzle"].min()
    for puzzle, rows in table.sort_values("step").groupby("puzzle"):
        x, y = rows["component_1"], rows["component_2"]
        if puzzle != first:
            axes.plot(x, y, color="#B8B8B8", lw=0.8, zorder=1)
            continue
        axes.plot(x, y, color=style.GREY, lw=0.8, zorder=2)
        axes.scatter(x, y, c=rows["step"], cmap="cividis", vmax=1.3 * rows["step"].max(), s=9, zorder=3)
        axes.plot(x.iloc[:1], y.iloc[:1], "s", color=style.BLACK, ms=4.5, zorder=4)
        axes.plot(x.iloc[-1:], y.iloc[-1:], "*", color=style.VERMILLION, ms=8, zorder=4)
    axes.set_xlabel(f"{name}: component 1")
    axes.set_ylabel("component 2")
    axes.set_xticklabels([])
    axes.set_yticklabels([])


def _key(run: Run) -> tuple[str, str, str]:
    return run.task, run.variant, run.seed


def _states(table: pd.DataFrame) -> list[str]:
    known = [name for name in COLOURS if (table["state"] == name).any()]
    return known or sorted(table["state"].unique())
