"""How evenly the pointer models choose: entropy of routes and of attention by refinement, a column of panels a task."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from hrm.core.errors import DataError
from hrm.report import style
from hrm.report.run_paths import WEIGHTS, WEIGHTS_IN_WORDS
from hrm.report.tables import Run, read_runs

COLUMNS = ("segment", "refinement", "block", "share")
KINDS = {"routing": "routes\n(% of log heads)", "attention": "attention\n(% of log positions)"}
MOST_THIN = 40  # thin lines of one network and kind: with more, only the mean is drawn


def draw(paths: Sequence[Path]) -> Figure:
    """From routing.csv files: a thick line for the mean of a network, a thin one for each block, or head of a block.

    Raises DataError when a table is broken.
    """
    groups = read_runs(paths, COLUMNS)
    for runs in groups.values():
        for run in runs:
            _check(run)
    found = {kind for runs in groups.values() for run in runs for kind in run.table["kind"]}
    kinds = [kind for kind in KINDS if kind in found]  # networks without controllers have attention alone
    if not kinds:
        raise DataError(f"{paths[0]}: kind must be {' or '.join(KINDS)} (hrm analyse routing writes them)")
    tasks, variants = (sorted({group[place] for group in groups}) for place in (0, 1))
    figure = style.new_figure(style.COLUMN_WIDTH, 0.5 + 1.4 * len(kinds) + 0.17 * (len(variants) + 2))
    grid = figure.subplots(len(kinds), len(tasks), sharex="col", sharey=True, squeeze=False)
    for row, kind in enumerate(kinds):
        for column, task in enumerate(tasks):
            axes = grid[row, column]
            for index, variant in enumerate(variants):
                for run in groups.get((task, variant), []):
                    _lines(axes, run.table[run.table["kind"] == kind], index)
            axes.set_ylim(-4, 104)
            axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
            axes.margins(x=0.08)
            if row == 0:
                axes.set_title(task, loc="left", size=8)
            if row == len(kinds) - 1:
                axes.set_xlabel("refinement")
        grid[row, 0].set_ylabel(KINDS[kind])
    players = {variant: _weights(groups, variant) for variant in variants}
    common = len(set(players.values())) == 1
    names = [name if common or not players[name] else f"{name}, {players[name]}" for name in variants]
    handles = [Line2D([], [], label=name, **_look(index)) for index, name in enumerate(names)]
    handles.append(Line2D([], [], color=style.GREY, lw=0.6, label="thin: each block, and each head of it"))
    weights = f"{players[variants[0]]}; " if common and players[variants[0]] else ""
    figure.suptitle("Entropy of routes and attention", size=8.5, ha="left", x=0.02)
    figure.legend(handles=handles, loc="outside lower left", title=f"{weights}thick: mean of all", alignment="left")
    return figure


def _lines(axes: Axes, rows: pd.DataFrame, index: int) -> None:
    """One network's lines of one kind; refinements are counted on through the segments."""
    rows = rows.dropna(subset="share")
    if rows.empty:
        return
    each_segment = int(rows["refinement"].max())
    place = (rows["segment"] - 1) * each_segment + rows["refinement"]
    table = rows.assign(place=place, head=rows["head"].fillna(0)).pivot_table(
        index="place", columns=["block", "head"], values="share"
    )
    look = _look(index)
    if table.shape[1] <= MOST_THIN:
        alone = {} if len(table) == 1 else {"marker": ""}  # a single refinement has no line to draw
        thin = {**look, "markersize": 2, "linewidth": 0.6, "alpha": 0.55, **alone}
        axes.plot(table.index, 100 * np.asarray(table), **thin)
    axes.plot(table.index, 100 * table.mean(axis=1), **look)


def _weights(groups: Mapping[tuple[str, str], list[Run]], variant: str) -> str:
    """The weights of a variant's runs, in words."""
    players = {run.player for (_, name), runs in groups.items() if name == variant for run in runs}
    return " and ".join(WEIGHTS_IN_WORDS[player] for player in WEIGHTS if player in players)


def _look(index: int) -> dict[str, Any]:
    looks = {"color": style.SERIES, "marker": style.MARKERS, "linestyle": style.LINES}
    return {name: values[index % len(values)] for name, values in looks.items()}


def _check(run: Run) -> None:
    missing = {"kind", "head"} - set(run.table.columns)
    if missing:
        place = f"{run.task}/{run.variant}/{run.seed}/routing.csv"
        raise DataError(f"{place}: lacks the columns {', '.join(sorted(missing))} (hrm analyse routing writes them)")
