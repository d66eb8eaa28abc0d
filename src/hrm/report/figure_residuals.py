"""Forward residuals of several networks, and below them the trajectories of their states (HRM paper, figure 3)."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from hrm.core.errors import DataError
from hrm.report import style
from hrm.report.tables import Run, in_order, title_of

COLUMNS = ("step", "residual", "residual_low", "residual_high")
PATH_COLUMNS = ("puzzle", "step", "component_1", "component_2")
COLOURS = {"H": style.BLUE, "L": style.VERMILLION, "core": style.GREEN, "layer": style.PURPLE}
NAMES = {"H": "$z_H$", "L": "$z_L$", "core": "state", "layer": "layers"}
MOST = 5  # columns: more would be too narrow to read


def draw(residuals: Sequence[Path], trajectories: Sequence[Path], confidence_text: str) -> Figure:
    """From residuals.csv and trajectories.csv of the same runs, a column each in the order of `residuals`.

    `confidence_text` names the interval, as in "95 %". Raises DataError when a table is broken, the two lists are not
    of the same runs, or there are too many of them.
    """
    runs = in_order(residuals, COLUMNS, ("weights", "state"))
    paths = {_key(run): run for run in in_order(trajectories, PATH_COLUMNS, ("state",))}
    if {_key(run) for run in runs} != set(paths):
        raise DataError("residuals and trajectories are of different runs; both must list the same ones")
    if len(runs) > MOST:
        raise DataError(f"there are {len(runs)} runs; at most {MOST} fit beside each other")
    states = [_states(run.table) for run in runs]
    rows = 1 + max(map(len, states))
    figure = style.new_figure(style.PAGE_WIDTH, 0.7 + 1.55 * rows)
    axes = figure.subplots(rows, len(runs), squeeze=False, height_ratios=[1.15] + [1.0] * (rows - 1))
    for column, (run, names) in enumerate(zip(runs, states, strict=True)):
        _curves(axes[0][column], run.table, names)
        axes[0][column].set_title(title_of(run))
        axes[0][column].set_xlabel("layer" if names == ["layer"] else "module call")
        if column:
            axes[0][column].sharey(axes[0][0])
            axes[0][column].tick_params(labelleft=False)
        for row, name in enumerate(names, 1):
            table = paths[_key(run)].table
            _path(axes[row][column], table[table["state"] == name], NAMES[name])
        for row in range(1 + len(names), rows):
            axes[row][column].set_visible(False)
    axes[0][0].set_ylabel("forward residual")
    _legend(figure, sorted({name for names in states for name in names}), confidence_text)
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
    axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))


def _path(axes: Axes, table: pd.DataFrame, name: str) -> None:
    """The first puzzle in colour, from dark (first step) to light, the others behind it in grey."""
    first = table["puzzle"].min()
    for puzzle, rows in table.sort_values("step").groupby("puzzle"):
        x, y = rows["component_1"], rows["component_2"]
        if puzzle != first:
            axes.plot(x, y, color="#B8B8B8", lw=0.8, zorder=1)
            continue
        axes.plot(x, y, color=style.GREY, lw=0.8, zorder=2)
        axes.scatter(x, y, c=rows["step"], cmap="cividis", s=9, zorder=3)
        axes.plot(x.iloc[:1], y.iloc[:1], "s", color=style.BLACK, ms=4.5, zorder=4)
        axes.plot(x.iloc[-1:], y.iloc[-1:], "*", color=style.VERMILLION, ms=8, zorder=4)
    axes.set_xlabel(f"{name}: component 1")
    axes.set_ylabel("component 2")
    axes.set_xticklabels([])
    axes.set_yticklabels([])


def _legend(figure: Figure, names: Sequence[str], confidence_text: str) -> None:
    axes = figure.axes[0]
    handles = [axes.plot([], [], color=COLOURS[name], label=NAMES[name])[0] for name in names]
    handles += axes.plot([], [], ":", color=style.GREY, lw=1.0, label="untrained")
    handles += axes.plot([], [], "s", color=style.BLACK, ms=4.5, label="first step")
    handles += axes.plot([], [], "*", color=style.VERMILLION, ms=8, label="last step")
    title = f"bands: {confidence_text} intervals over test puzzles; grey: further puzzles"
    figure.legend(handles=handles, loc="outside lower left", ncols=len(handles), title=title, alignment="left")


def _key(run: Run) -> tuple[str, str, str]:
    return run.task, run.variant, run.seed


def _states(table: pd.DataFrame) -> list[str]:
    known = [name for name in COLOURS if (table["state"] == name).any()]
    return known or sorted(table["state"].unique())
