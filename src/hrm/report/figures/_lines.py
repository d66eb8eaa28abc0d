"""A chart of lines: families of variants over a numeric axis, parameters or depth, one line a family."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from hrm.core.errors import DataError
from hrm.report import style
from hrm.report.chart_schema import LineChart, LinePanelParams
from hrm.report.figures._dots import COUNTS, NOTHING, not_run, read_chart, told

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from hrm.report.words import Words

NUMBERS = ("ours", "low", "high", "seeds", "x", "parameters", "published", "published_x")
WORDS = ("panel", "row", "state", "weights", "result")


def draw(words: Words, chart: LineChart, path: Path) -> Figure:
    """From the table of `hrm compare`; published points stand in panels with networks of their size alone.

    Raises DataError when the table is broken, or of another chart.
    """
    table = read_chart(path, NUMBERS, WORDS, [panel.title for panel in chart.panels])
    families = list(dict.fromkeys(line.label for panel in chart.panels for line in panel.lines))
    if set(table["row"]) != set(families):
        raise DataError(f"{path}: has other lines than the chart {chart.title!r}; hrm compare makes the table")
    measured = table[table["state"] == "measured"]
    if measured.empty:
        return style.statement(f"{chart.title}: {NOTHING}.")
    looks = {
        family: style.look_of(index) | {"markersize": 5}
        for index, family in enumerate(families)
        if (measured["row"] == family).any()
    }
    panels = [panel for panel in chart.panels if (measured["panel"] == panel.title).any()]
    published = {panel.title: _published(table[table["panel"] == panel.title], words) for panel in panels}
    handles = [style.handle(name, **look) for name, look in looks.items()]
    notes = [told(table, words), not_run(_of_variants(table, words))]
    if any(len(points) for points in published.values()):
        handles.append(style.handle("published", color=style.GREY, marker="D", mfc="none", linestyle="none"))
    elif table["published"].notna().any():
        notes.append("published points are of larger puzzles and networks, and are in the table alone")
    width = style.COLUMN_WIDTH if len(panels) == 1 else style.PAGE_WIDTH
    legend = style.below(width, [str(handle.get_label()) for handle in handles], notes)
    figure = style.new_figure(width, 2.6 + legend.height)
    for axes, panel in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels, strict=True):
        _panel(axes, panel, measured[measured["panel"] == panel.title], published[panel.title], looks)
    style.heading(figure, chart.title)
    legend.put(figure, handles)
    return figure


def _of_variants(table: pd.DataFrame, words: Words) -> pd.DataFrame:
    """The table with the variant of each result in words in place of its line."""
    names = [
        words.variant(result.split("/")[1]) if isinstance(result, str) and result.count("/") == 2 else row
        for result, row in zip(table["result"], table["row"], strict=True)
    ]
    return table.assign(row=names)


def _published(rows: pd.DataFrame, words: Words) -> pd.DataFrame:
    """The published points of a panel, if a network of their size is in it."""
    large = any(
        words.published_size(size)
        for size, state in zip(rows["parameters"], rows["state"], strict=True)
        if state == "measured"
    )
    return rows[rows["published_x"].notna() & large]


def _panel(
    axes: Axes,
    panel: LinePanelParams,
    measured: pd.DataFrame,
    published: pd.DataFrame,
    looks: dict[str, dict[str, Any]],
) -> None:
    for family, look in looks.items():
        ours = measured[measured["row"] == family].sort_values("x")
        if len(ours):  # an empty line on a logarithmic axis upsets the layout
            axes.plot(ours["x"], ours["ours"], clip_on=False, **look)
        for x, low, high in zip(ours["x"], ours["low"], ours["high"], strict=True):
            axes.plot([x, x], [low, high], color=look["color"], linewidth=1.0, clip_on=False)
        theirs = published[published["row"] == family]
        for x, value in zip(theirs["published_x"], theirs["published"], strict=True):
            axes.plot(x, value, "D", mfc="none", color=look["color"], markersize=5, clip_on=False)
    axes.set_title(panel.title, loc="left")
    axes.set_ylabel(panel.axis)
    axes.set_xlabel(panel.x.axis)
    if panel.unit == "per cent":
        axes.set_ylim(0, 102)
    axes.set_xscale("log", base=2)
    places = sorted(set(measured["x"]))
    # Of two numbers that stand close together the greater one is labelled.
    style.ticks(axes.xaxis, [x for x, after in zip(places, [*places, 1e99][1:], strict=True) if after > 1.4 * x])
    if panel.x.unit in COUNTS:
        style.short_numbers(axes.xaxis, 0)
    axes.margins(x=0.12)
