"""How evenly the pointer models choose: entropy of routes and of attention by refinement, a column of panels a task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hrm.core.errors import DataError
from hrm.report import style
from hrm.report.figures import Input
from hrm.report.run_paths import WEIGHTS
from hrm.report.tables import Run, read_runs
from hrm.report.words import weights_in_words

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from hrm.report.words import Words

TITLE = "entropy of routes and attention"
CAPTION = (
    "How evenly the controllers spread their choice over the heads (routes), and each head its attention over the"
    " cells, as a share of the largest possible entropy: 100 % is all alike, 0 % is one alone. Thick lines are "
    "means, thin ones each block and each head of it; routes that stay at 100 % mean that the controller chooses "
    "nothing."
)
INPUTS = {"tables": Input("TASK/VARIANT/seedN/routing.csv", file="routing.csv", many=True)}
COLUMNS = ("segment", "refinement", "block", "share")
KINDS = {"routing": "routes\n(% of log heads)", "attention": "attention\n(% of log positions)"}
MOST_THIN = 40  # thin lines of one network and kind: with more, only the mean is drawn


def draw(words: Words, tables: Sequence[Path]) -> Figure:
    """From routing.csv files: a thick line for the mean of a network, a thin one for each block, or head of a block.

    Raises DataError when a table is broken.
    """
    groups = read_runs(tables, COLUMNS)
    for runs in groups.values():
        for run in runs:
            _check(run)
    found = {kind for runs in groups.values() for run in runs for kind in run.table["kind"]}
    kinds = [kind for kind in KINDS if kind in found]  # networks without controllers have attention alone
    if not kinds:
        raise DataError(f"{tables[0]}: kind must be {' or '.join(KINDS)} (hrm analyse routing writes them)")
    tasks, variants = (sorted({group[place] for group in groups}) for place in (0, 1))
    players = {variant: _weights(groups, variant) for variant in variants}
    common = len(set(players.values())) == 1
    names = [
        words.variant(name) if common or not players[name] else f"{words.variant(name)}, {players[name]}"
        for name in variants
    ]
    weights = f"{players[variants[0]]}; " if common and players[variants[0]] else ""
    thin = "thin: each block, and each head of it"
    legend = style.below(style.COLUMN_WIDTH, [*names, thin], [f"{weights}thick: mean of all"])
    figure = style.new_figure(style.COLUMN_WIDTH, 0.6 + 1.4 * len(kinds) + legend.height)
    grid = figure.subplots(len(kinds), len(tasks), sharex="col", sharey=True, squeeze=False)
    for row, kind in enumerate(kinds):
        for column, task in enumerate(tasks):
            axes = grid[row, column]
            for index, variant in enumerate(variants):
                for run in groups.get((task, variant), []):
                    _lines(axes, run.table[run.table["kind"] == kind], index)
            axes.set_ylim(-4, 104)
            style.few_ticks(axes.xaxis, 5, integer=True)
            axes.margins(x=0.08)
            if row == 0:
                axes.set_title(words.task(task), loc="left", size=8)
            if row == len(kinds) - 1:
                axes.set_xlabel("refinement")
        grid[row, 0].set_ylabel(KINDS[kind])
    handles = [style.handle(name, **style.look_of(index)) for index, name in enumerate(names)]
    handles.append(style.handle(thin, color=style.GREY, linewidth=0.6))
    style.heading(figure, "Entropy of routes and attention")
    legend.put(figure, handles)
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
    look = style.look_of(index)
    if table.shape[1] <= MOST_THIN:
        alone: dict[str, Any] = {} if len(table) == 1 else {"marker": ""}  # a single refinement has no line to draw
        thin = {**look, "markersize": 2, "linewidth": 0.6, "alpha": 0.55, **alone}
        axes.plot(table.index, 100 * table.to_numpy(), **thin)
    axes.plot(table.index, 100 * table.mean(axis=1), **look)


def _weights(groups: Mapping[tuple[str, str], list[Run]], variant: str) -> str:
    """The weights of a variant's runs, in words."""
    players = {run.player for (_, name), runs in groups.items() if name == variant for run in runs}
    return style.series_of([weights_in_words(player) for player in WEIGHTS if player in players]) if players else ""


def _check(run: Run) -> None:
    missing = {"kind", "head"} - set(run.table.columns)
    if missing:
        place = f"{run.task}/{run.variant}/{run.seed}/routing.csv"
        raise DataError(f"{place}: lacks the columns {', '.join(sorted(missing))} (hrm analyse routing writes them)")
