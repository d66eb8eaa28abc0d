"""Means over the rows of a study: a panel a grouping, ours beside the published rows grouped the same way."""

from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from hrm.core.errors import DataError
from hrm.report import style
from hrm.report.tables import read_table

NUMBERS = ("variants", "seeds", "mean", "least", "most")
WORDS = ("by", "group", "metric")
TITLES = {"segments": "segments in training", "architecture": "architecture", "cycles": "H × L cycles"}
METRICS = {"exact_accuracy": "boards solved (%)", "scaling_gain": "gain with 4 times\nthe segments (points)"}


def draw(path: Path) -> Figure:
    """From the table of `hrm aggregate`: a row of panels a metric; DataError when it is broken."""
    table = read_table(path, NUMBERS)
    missing = [column for column in (*WORDS, "published") if column not in table]
    if missing:
        raise DataError(f"{path}: lacks the columns {', '.join(missing)} (hrm aggregate writes them)")
    table["group"] = table["group"].astype(str)
    groupings, metrics = list(dict.fromkeys(table["by"])), list(dict.fromkeys(table["metric"]))
    figure = style.new_figure(style.PAGE_WIDTH, 0.5 + 1.75 * len(metrics))
    widths = [table.loc[table["by"] == by, "group"].nunique() + 0.6 for by in groupings]
    panels = figure.subplots(
        len(metrics), len(groupings), squeeze=False, sharey="row", sharex="col", width_ratios=widths
    )
    for row, metric in enumerate(metrics):
        for column, by in enumerate(groupings):
            axes = panels[row][column]
            _panel(axes, table[(table["by"] == by) & (table["metric"] == metric)])
            if row == len(metrics) - 1:
                axes.set_xlabel(TITLES.get(by, by))
        panels[row][0].set_ylabel(METRICS.get(metric, metric))
    seeds = sorted({int(seeds) for seeds in table["seeds"]})
    told = f"{seeds[0]}" if len(seeds) == 1 else f"{seeds[0]} to {seeds[-1]}"
    handles, labels = panels[0][0].get_legend_handles_labels()
    title = f"{told} seed{'' if seeds == [1] else 's'} a row; bars: from the lowest to the highest row of a group"
    figure.legend(handles, labels, loc="outside lower left", ncols=2, title=title, alignment="left")
    return figure


def _panel(axes: Axes, rows: pd.DataFrame) -> None:
    places = range(len(rows))
    reach = [rows["mean"] - rows["least"], rows["most"] - rows["mean"]]
    ours = [place - 0.12 for place in places]
    axes.errorbar(ours, rows["mean"], yerr=reach, fmt="o", color=style.BLUE, capsize=3, label="ours, mean of the rows")
    if rows["published"].notna().any():
        theirs = [place + 0.12 for place in places]
        axes.plot(theirs, rows["published"], "D", mfc="none", color=style.VERMILLION, label="published, best epoch")
    axes.axhline(0, color=style.GREY, linewidth=0.8)
    axes.set_xticks(list(places), [group.replace(", ", ",\n") for group in rows["group"]])
    axes.set_xlim(-0.6, len(rows) - 0.4)
    axes.grid(axis="x", visible=False)
