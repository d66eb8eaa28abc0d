"""Variants side by side: a row a variant, a panel a metric, ours beside what was published."""

import textwrap
from pathlib import Path

import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import EngFormatter, MaxNLocator, NullLocator

from hrm.core.errors import DataError
from hrm.report import style
from hrm.report.chart_schema import DotChart, DotPanelParams
from hrm.report.run_paths import WEIGHTS_IN_WORDS
from hrm.report.tables import read_table

NUMBERS = ("ours", "low", "high", "seeds", "published")
WORDS = ("panel", "row", "state", "limit", "weights")
LETTERS_OF_COLUMN, LETTERS_OF_PAGE = 54, 112  # of a line in a legend of that width
APART = 0.17  # of a row: ours above its middle, published below
COUNTS = ("parameters", "million parameters")
SHADE = "#ECECEC"
WIDE = 30.0  # sizes that differ by more than this factor stand on a logarithmic axis


def draw(path: Path, chart: DotChart, confidence_text: str) -> Figure:
    """From the table of `hrm compare`; what was not run says so.

    Args:
        path: the table.
        chart: what the table was made for.
        confidence_text: names the intervals, as in "95 %".

    Raises:
        DataError: the table is broken, or of another chart.
    """
    table = read_chart(path, NUMBERS, WORDS, [panel.title for panel in chart.panels])
    labels = [row.label for row in chart.rows]
    parts = {panel.title: table[table["panel"] == panel.title] for panel in chart.panels}
    if any(list(part["row"]) != labels for part in parts.values()):
        raise DataError(f"{path}: has other rows than the chart {chart.title!r}; hrm compare makes the table")
    shown = {title: part["published"].notna().any() for title, part in parts.items()}
    limits = any(panel.limit is not None for panel in chart.panels)
    narrow = len(chart.panels) == 1
    title = told(table, confidence_text, narrow)
    figure = style.new_figure(
        style.COLUMN_WIDTH if narrow else style.PAGE_WIDTH, 1.35 + 0.27 * len(labels) + 0.17 * title.count("\n")
    )
    places = figure.subplots(1, len(chart.panels), squeeze=False, sharey=True)[0]
    for axes, panel in zip(places, chart.panels, strict=True):
        _panel(axes, panel, parts[panel.title], APART if shown[panel.title] else 0.0)
    places[0].set_yticks(range(len(labels)), labels)
    places[0].set_ylim(len(labels) - 0.5, -0.5)
    handles: list[Artist] = []
    if (table["state"] == "measured").any():
        handles.append(Line2D([], [], color=style.BLUE, marker="o", markersize=5, label="ours"))
    if any(shown.values()):
        text = "published (data of scale paper)"
        handles.append(Line2D([], [], color=style.VERMILLION, marker="D", mfc="none", ls="none", label=text))
    if limits:
        handles.append(Patch(facecolor=SHADE, edgecolor=style.GREY, label="beyond the limit of the claim"))
    columns = 1 if narrow else max(len(handles), 1)
    figure.legend(handles=handles, loc="outside lower left", ncols=columns, title=title, alignment="left")
    figure.suptitle(chart.title, x=0.01, ha="left", fontsize=9)
    return figure


def read_chart(path: Path, numbers: tuple[str, ...], words: tuple[str, ...], panels: list[str]) -> pd.DataFrame:
    """The table of a chart; DataError when it is broken or has other panels."""
    table = read_table(path, numbers, words)
    if list(dict.fromkeys(table["panel"])) != panels:
        raise DataError(f"{path}: has other panels than {', '.join(panels)}; hrm compare makes the table")
    return table


def told(table: pd.DataFrame, confidence_text: str, narrow: bool) -> str:
    """Whose weights and how many seeds there are, and what the bars are, or that nothing was run; in lines that fit."""
    seeds = sorted({int(seeds) for seeds in table["seeds"] if seeds > 0})
    if not seeds:
        return "nothing of this chart was run at this scale"
    range_ = f"{seeds[0]}" if len(seeds) == 1 else f"{seeds[0]} to {seeds[-1]}"
    parts = [
        _weights(table),
        f"{range_} seed{'' if seeds == [1] else 's'} a result",
        f"bars: {confidence_text} intervals over seeds, of one seed over test puzzles",
    ]
    return textwrap.fill("; ".join(parts), LETTERS_OF_COLUMN if narrow else LETTERS_OF_PAGE)


def _weights(table: pd.DataFrame) -> str:
    """The weights of the results in words; where both are among them, which rows have those that fewer rows have."""
    measured = table[table["state"] == "measured"]
    kinds = sorted(set(measured["weights"]))
    rows = {kind: list(dict.fromkeys(measured["row"][measured["weights"] == kind])) for kind in kinds}
    if len(kinds) == 1:
        return WEIGHTS_IN_WORDS[kinds[0]]
    fewer, other = sorted(kinds, key=lambda kind: len(rows[kind]))
    return f"{WEIGHTS_IN_WORDS[fewer]}: {', '.join(rows[fewer])}; {WEIGHTS_IN_WORDS[other]}: all others"


def _panel(axes: Axes, panel: DotPanelParams, rows: pd.DataFrame, apart: float) -> None:
    for place, (ours, low, high, published, state) in enumerate(
        zip(rows["ours"], rows["low"], rows["high"], rows["published"], rows["state"], strict=True)
    ):
        if state == "measured":
            if pd.notna(low) and high > low:
                axes.plot([low, high], [place - apart] * 2, color=style.BLUE, lw=1.2, clip_on=False)
            axes.plot(ours, place - apart, "o", color=style.BLUE, markersize=5, clip_on=False)
        elif state != "published only":
            axes.annotate(
                state,
                (0, place - apart),
                (3, 0),
                xycoords=axes.get_yaxis_transform(),
                textcoords="offset points",
                color=style.GREY,
                fontsize=7,
                fontstyle="italic",
                va="center",
            )
        if pd.notna(published):
            axes.plot(published, place + apart, "D", mfc="none", color=style.VERMILLION, markersize=4.5, clip_on=False)
    _axis(axes, panel, rows)
    axes.tick_params(axis="y", length=0)
    axes.set_title(panel.title, loc="left")


def _axis(axes: Axes, panel: DotPanelParams, rows: pd.DataFrame) -> None:
    """Limits, ticks and label of the horizontal axis, and the side of the limit that the claim excludes."""
    limit = None if panel.limit is None else str(rows["limit"].iloc[0])  # as "at most -0.9"
    value = None if limit is None else float(limit.split()[-1])
    label = panel.axis if limit is None else f"{panel.axis}\n(claim: {limit.replace('-', '−')})"
    axes.set_xlabel(label)
    known = pd.concat([rows[name] for name in ("ours", "low", "high", "published")]).dropna()
    ends = [*known, *([] if value is None else [value])]
    least, most = min(ends, default=0.0), max(ends, default=0.0)
    if panel.unit == "per cent":
        axes.set_xlim(0, 102)
    elif least == most == 0.0:
        axes.set_xticks([])
    elif panel.unit in COUNTS and most > WIDE * least:
        axes.set_xscale("log")
        axes.set_xlim(least / 2, most * 2)
        axes.xaxis.set_minor_locator(NullLocator())
    else:
        reach = 0.15 * ((most - least) or abs(most))
        axes.set_xlim(least - reach if panel.unit == "ratio" else 0, most + reach)
        axes.xaxis.set_major_locator(MaxNLocator(3))
    if panel.unit in COUNTS and axes.get_xticks().size:
        axes.xaxis.set_major_formatter(EngFormatter(sep=""))
    if limit is not None and value is not None:
        low, high = axes.get_xlim()
        wrong = (low, value) if limit.startswith("at least") else (value, high)
        axes.axvspan(*wrong, color=SHADE, linewidth=0, zorder=0)
        axes.axvline(value, color=style.GREY, linewidth=1.0, linestyle="--")
        axes.set_xlim(low, high)
