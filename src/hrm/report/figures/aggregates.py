"""Means over the rows of a study: a panel a grouping, ours beside the published rows grouped the same way."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from hrm.core.errors import DataError
from hrm.report import style
from hrm.report.figures import Input
from hrm.report.tables import read_table

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from hrm.report.words import Words

TITLE = "rows of a study, grouped"
CAPTION = (
    "The rows of a study, grouped by what they differ in: small dots are single rows, the large mark is their "
    "mean, and open diamonds are the means of the published rows, where our networks are of the published size. A"
    " grouping matters when its means lie further apart than the dots of each group."
)
INPUTS = {"table": Input("CSV file (hrm aggregate makes it)", file="{study}_aggregates.csv")}
NUMBERS = ("variants", "seeds", "mean")
WORDS = ("by", "group", "metric", "rows", "parameters", "published")
TITLES = {"segments": "segments in training", "architecture": "architecture", "cycles": "H × L cycles"}
ROW: dict[str, Any] = {"marker": "o", "color": style.BLUE, "mfc": "none", "linestyle": "none", "markersize": 3.5}
MEAN: dict[str, Any] = {"marker": "o", "color": style.BLUE, "linestyle": "none", "markersize": 7}
THEIRS: dict[str, Any] = {"marker": "D", "color": style.VERMILLION, "mfc": "none", "linestyle": "none", "markersize": 5}


def draw(words: Words, table: Path) -> Figure:
    """From the table of `hrm aggregate`: a row of panels a metric; DataError when it is broken."""
    found = read_table(table, NUMBERS)
    missing = [column for column in WORDS if column not in found]
    if missing:
        raise DataError(f"{table}: lacks the columns {', '.join(missing)} (hrm aggregate writes them)")
    found["group"], found["rows"] = found["group"].astype(str), found["rows"].astype(str)
    groupings, metrics = list(dict.fromkeys(found["by"])), list(dict.fromkeys(found["metric"]))
    large = all(words.published_size(size) for size in found["parameters"])
    published = large and bool(found["published"].notna().any())
    handles = [style.handle("a row", **ROW), style.handle("mean of the rows", **MEAN)]
    if published:
        handles.append(style.handle("published, best epoch", **THEIRS))
    seeds = sorted({int(seeds) for seeds in found["seeds"]})
    told = f"{seeds[0]}" if len(seeds) == 1 else f"{seeds[0]} to {seeds[-1]}"
    notes = [f"{told} seed{'' if seeds == [1] else 's'} a row"]
    if not published and found["published"].notna().any():
        notes.append("published rows are of larger boards and networks, and are in the table alone")
    legend = style.below(style.PAGE_WIDTH, [str(handle.get_label()) for handle in handles], ["; ".join(notes)])
    figure = style.new_figure(style.PAGE_WIDTH, 0.5 + 1.75 * len(metrics) + legend.height)
    widths = [found.loc[found["by"] == by, "group"].nunique() + 0.6 for by in groupings]
    panels = figure.subplots(
        len(metrics), len(groupings), squeeze=False, sharey="row", sharex="col", width_ratios=widths
    )
    for row, metric in enumerate(metrics):
        for column, by in enumerate(groupings):
            axes = panels[row][column]
            _panel(axes, found[(found["by"] == by) & (found["metric"] == metric)], published)
            if row == len(metrics) - 1:
                axes.set_xlabel(TITLES.get(by, by))
        panels[row][0].set_ylabel(words.metric(metric))
    legend.put(figure, handles)
    return figure


def _panel(axes: Axes, rows: pd.DataFrame, published: bool) -> None:
    for place, (mean, values, theirs) in enumerate(zip(rows["mean"], rows["rows"], rows["published"], strict=True)):
        single = [float(value) for value in values.split()]
        axes.plot([place - 0.2] * len(single), single, **ROW)
        axes.plot(place, mean, **MEAN)
        if published and theirs == theirs:
            axes.plot(place + 0.2, theirs, **THEIRS)
    axes.axhline(0, color=style.GREY, linewidth=0.8)
    axes.set_xticks(range(len(rows)), [group.replace(", ", ",\n") for group in rows["group"]])
    axes.set_xlim(-0.6, len(rows) - 0.4)
    axes.grid(axis="x", visible=False)
