"""Families of variants over a numeric axis: parameters or depth, one line a family."""

from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import EngFormatter, FixedLocator, FuncFormatter, NullLocator

from hrm.core.errors import DataError
from hrm.report import style
from hrm.report.chart_schema import LineChart, LinePanelParams
from hrm.report.figure_dots import COUNTS, read_chart, told

NUMBERS = ("ours", "low", "high", "seeds", "x", "published", "published_x")
WORDS = ("panel", "row", "state", "weights")
FURTHEST = 10.0  # times our greatest x, or a part of our least: what was published further off is in the table alone


def draw(path: Path, chart: LineChart, confidence_text: str) -> Figure:
    """From the table of `hrm compare`; the legend says of which variants of a family nothing was run.

    Args:
        path: the table.
        chart: what the table was made for.
        confidence_text: names the intervals, as in "95 %".

    Raises:
        DataError: the table is broken, or of another chart.
    """
    table = read_chart(path, NUMBERS, WORDS, [panel.title for panel in chart.panels])
    families = list(dict.fromkeys(line.label for panel in chart.panels for line in panel.lines))
    if set(table["row"]) != set(families):
        raise DataError(f"{path}: has other lines than the chart {chart.title!r}; hrm compare makes the table")
    looks: dict[str, dict[str, Any]] = {
        family: {
            "color": style.SERIES[index % len(style.SERIES)],
            "marker": style.MARKERS[index % len(style.MARKERS)],
            "linestyle": style.LINES[index % len(style.LINES)],
            "markersize": 5,
        }
        for index, family in enumerate(families)
    }
    narrow = len(chart.panels) == 1
    figure = style.new_figure(style.COLUMN_WIDTH if narrow else style.PAGE_WIDTH, 2.9 + 0.17 * len(families))
    drawn = False
    for axes, panel in zip(figure.subplots(1, len(chart.panels), squeeze=False)[0], chart.panels, strict=True):
        drawn |= _panel(axes, panel, table[table["panel"] == panel.title], looks)
    handles = [Line2D([], [], label=f"{name}{_missing(table, name)}", **look) for name, look in looks.items()]
    if drawn:
        text = "published (data of scale paper)"
        handles.append(Line2D([], [], color=style.GREY, marker="D", mfc="none", linestyle="none", label=text))
    title = told(table, confidence_text, narrow)
    figure.legend(handles=handles, loc="outside lower left", ncols=1, title=title, alignment="left")
    figure.suptitle(chart.title, x=0.01, ha="left", fontsize=9)
    return figure


def _panel(axes: Axes, panel: LinePanelParams, rows: pd.DataFrame, looks: dict[str, dict[str, Any]]) -> bool:
    """Draw a panel; whether a published point is in it."""
    measured = rows[rows["state"] == "measured"]
    near = pd.Series(True, index=rows.index)
    if len(measured):
        near = rows["published_x"].between(measured["x"].min() / FURTHEST, measured["x"].max() * FURTHEST)
    for family, look in looks.items():
        ours = measured[measured["row"] == family].sort_values("x")
        if len(ours):  # an empty line on a logarithmic axis upsets the layout
            axes.plot(ours["x"], ours["ours"], clip_on=False, **look)
        for x, low, high in zip(ours["x"], ours["low"], ours["high"], strict=True):
            axes.plot([x, x], [low, high], color=look["color"], linewidth=1.0, clip_on=False)
        theirs = rows[(rows["row"] == family) & rows["published_x"].notna() & near]
        for x, value in zip(theirs["published_x"], theirs["published"], strict=True):
            axes.plot(x, value, "D", mfc="none", color=look["color"], markersize=5, clip_on=False)
    _axes(axes, panel, rows, measured)
    return bool((rows["published_x"].notna() & near).any())


def _axes(axes: Axes, panel: LinePanelParams, rows: pd.DataFrame, measured: pd.DataFrame) -> None:
    axes.set_title(panel.title, loc="left")
    axes.set_ylabel(panel.axis)
    axes.set_xlabel(panel.x.axis)
    if panel.unit == "per cent":
        axes.set_ylim(0, 102)
    axes.set_xscale("log", base=2)
    axes.xaxis.set_minor_locator(NullLocator())
    places = sorted(set(measured["x"])) or sorted(set(rows["published_x"].dropna()))
    # Of two numbers that stand close together the greater one is labelled.
    kept = [x for x, after in zip(places, [*places, float("inf")][1:], strict=True) if after > 1.4 * x]
    axes.xaxis.set_major_locator(FixedLocator(kept))
    axes.xaxis.set_major_formatter(EngFormatter(sep="", places=0) if panel.x.unit in COUNTS else FuncFormatter(_plain))
    axes.margins(x=0.12)
    if measured.empty:
        text = "not measured" if (rows["state"] == "not measured").any() else "not run"
        axes.text(0.02, 0.92, text, transform=axes.transAxes, color=style.GREY, fontstyle="italic")


def _missing(table: pd.DataFrame, family: str) -> str:
    """What the legend says of variants without results."""
    rows = table[(table["row"] == family) & (table["state"] != "published only")]
    without = int((rows["state"] != "measured").sum())
    if not without:
        return ""
    return " (not run)" if without == len(rows) else f" ({without} of {len(rows)} points missing)"


def _plain(value: float, _: float) -> str:
    return f"{value:g}"
