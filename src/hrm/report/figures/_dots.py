"""A chart of dots: a row a variant, a panel a metric, ours beside what was published."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hrm.core.errors import DataError
from hrm.report import style
from hrm.report.chart_schema import DotChart, DotPanelParams
from hrm.report.tables import read_table
from hrm.report.words import weights_in_words

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from hrm.report.words import Words

NUMBERS = ("ours", "low", "high", "seeds", "parameters", "published")
WORDS = ("panel", "row", "state", "limit", "weights")
NOTHING = "nothing of this chart was run at this scale"
APART = 0.17  # of a row: ours above its middle, published below
COUNTS = ("parameters", "million parameters")
SHADE = "#ECECEC"
WIDE = 30.0  # sizes that differ by more than this factor stand on a logarithmic axis
OURS: dict[str, Any] = {"color": style.BLUE, "marker": "o", "markersize": 5}
THEIRS: dict[str, Any] = {
    "color": style.VERMILLION,
    "marker": "D",
    "markerfacecolor": "none",
    "markersize": 4.5,
    "linestyle": "none",
}


def draw(words: Words, chart: DotChart, path: Path) -> Figure:
    """From the table of `hrm compare`.

    A panel has the rows that were run, and those that were published only where a network of the published size
    stands in it. Raises DataError when the table is broken, or of another chart.
    """
    table = read_chart(path, NUMBERS, WORDS, [panel.title for panel in chart.panels])
    labels = [row.label for row in chart.rows]
    parts = {panel.title: table[table["panel"] == panel.title] for panel in chart.panels}
    if any(list(part["row"]) != labels for part in parts.values()):
        raise DataError(f"{path}: has other rows than the chart {chart.title!r}; hrm compare makes the table")
    if not (table["state"] == "measured").any():
        return style.statement(f"{chart.title}: {NOTHING}.")
    shown = {title: _shown(part, words) for title, part in parts.items() if (part["state"] == "measured").any()}
    panels = [panel for panel in chart.panels if panel.title in shown]
    handles: list[Any] = [style.handle("ours", **OURS)]
    if any(part["published"].notna().any() for part in shown.values()):
        handles.append(style.handle("published", **THEIRS))
    if any(panel.limit is not None for panel in panels):
        from matplotlib.patches import Patch

        handles.append(Patch(facecolor=SHADE, edgecolor=style.GREY, label="beyond the limit of the claim"))
    width = style.COLUMN_WIDTH if len(panels) == 1 else style.PAGE_WIDTH
    small = not all(words.published_size(size) for size in table["parameters"].dropna())
    notes = [told(table, words), not_run(table), not_shown(table, list(shown.values()), small)]
    legend = style.below(width, [str(handle.get_label()) for handle in handles], notes)
    common = len({tuple(part["row"]) for part in shown.values()}) == 1
    columns = len(panels) if common else min(2, len(panels))
    lines = -(-len(panels) // columns)
    counts = [len(shown[panel.title]) for panel in panels]
    heights = [0.95 + 0.27 * max(counts[row * columns : (row + 1) * columns]) for row in range(lines)]
    figure = style.new_figure(width, sum(heights) + 0.25 + legend.height)
    places = figure.subplots(lines, columns, squeeze=False, sharey=common, height_ratios=heights)
    for axes in list(places.flat)[len(panels) :]:
        axes.set_visible(False)
    for number, (axes, panel) in enumerate(zip(places.flat, panels, strict=False)):
        rows = shown[panel.title]
        _panel(axes, panel, rows)
        if number == 0 or not common:
            axes.set_yticks(range(len(rows)), list(rows["row"]))
        axes.set_ylim(len(rows) - 0.5, -0.5)
    style.heading(figure, chart.title)
    legend.put(figure, handles)
    return figure


def read_chart(path: Path, numbers: tuple[str, ...], words: tuple[str, ...], panels: list[str]) -> pd.DataFrame:
    """The table of a chart; DataError when it is broken or has other panels."""
    table = read_table(path, numbers, words)
    if list(dict.fromkeys(table["panel"])) != panels:
        raise DataError(f"{path}: has other panels than {', '.join(panels)}; hrm compare makes the table")
    return table


def told(table: pd.DataFrame, words: Words) -> str:
    """Whose weights and how many seeds there are, and what the bars are."""
    seeds = sorted({int(seeds) for seeds in table["seeds"] if seeds > 0})
    range_ = f"{seeds[0]}" if len(seeds) == 1 else f"{seeds[0]} to {seeds[-1]}"
    bars = f"bars: {words.confidence} intervals over seeds, of one seed over test puzzles"
    return "; ".join([_weights(table), f"{range_} seed{'' if seeds == [1] else 's'} a result", bars])


def not_run(table: pd.DataFrame) -> str:
    """Which results there are not, panel by panel, or of all panels."""
    parts = []
    for state in ("not run", "not measured"):
        found: dict[tuple[str, ...], list[str]] = {}
        for panel, rows in table.groupby("panel", sort=False):
            names = tuple(dict.fromkeys(rows["row"][rows["state"] == state]))
            if names:
                own = rows[rows["state"] != "published only"]
                found.setdefault(("all",) if len(names) == own["row"].nunique() else names, []).append(str(panel))
        every = set(table["panel"])
        texts = [
            series if set(panels) == every else f"{', '.join(panels)} ({series})"
            for names, panels in found.items()
            for series in [", ".join(names)]
        ]
        if texts:
            parts.append(f"{state}: {'; '.join(texts)}")
    return "; ".join(parts)


def not_shown(table: pd.DataFrame, shown: Sequence[pd.DataFrame], small: bool) -> str:
    """That published values are in the table alone, where that is so."""
    if not table["published"].notna().any() or any(part["published"].notna().any() for part in shown):
        return ""
    why = "larger puzzles and networks" if small else "results that were not run"
    return f"published values are of {why}, and are in the table alone"


def _weights(table: pd.DataFrame) -> str:
    """The weights of the results in words; where both are among them, which rows have those that fewer rows have."""
    measured = table[table["state"] == "measured"]
    kinds = sorted(set(measured["weights"]))
    rows = {kind: list(dict.fromkeys(measured["row"][measured["weights"] == kind])) for kind in kinds}
    if len(kinds) == 1:
        return weights_in_words(kinds[0])
    fewer, other = sorted(kinds, key=lambda kind: len(rows[kind]))
    return f"{weights_in_words(fewer)}: {', '.join(rows[fewer])}; {weights_in_words(other)}: all others"


def _shown(rows: pd.DataFrame, words: Words) -> pd.DataFrame:
    """The rows of a panel that are drawn, without the published values that stand beside no network of their size."""
    ours = rows["state"] == "measured"
    large = ours & rows["parameters"].map(words.published_size)
    theirs = (rows["state"] == "published only") & rows["published"].notna() & bool(large.any())
    rows = rows.assign(published=rows["published"].where(large | theirs))
    return rows[ours | theirs]


def _panel(axes: Axes, panel: DotPanelParams, rows: pd.DataFrame) -> None:
    apart = APART if rows["published"].notna().any() else 0.0
    for place, (ours, low, high, published) in enumerate(
        zip(rows["ours"], rows["low"], rows["high"], rows["published"], strict=True)
    ):
        if ours == ours:
            if high > low:
                axes.plot([low, high], [place - apart] * 2, color=style.BLUE, lw=1.2, clip_on=False)
            axes.plot(ours, place - apart, clip_on=False, **OURS)
        if published == published:
            axes.plot(published, place + apart, clip_on=False, **THEIRS)
    _axis(axes, panel, rows)
    axes.tick_params(axis="y", length=0)
    axes.set_title(panel.title, loc="left")


def _axis(axes: Axes, panel: DotPanelParams, rows: pd.DataFrame) -> None:
    """Limits, ticks and label of the horizontal axis, and the side of the limit that the claim excludes."""
    limit = None if panel.limit is None else str(rows["limit"].iloc[0])  # as "at most -0.9"
    value = None if limit is None else float(limit.split()[-1])
    label = panel.axis if limit is None else f"{panel.axis}\n(claim: {limit.replace('-', '−')})"
    axes.set_xlabel(label)
    known = [float(value) for name in ("ours", "low", "high", "published") for value in rows[name].dropna()]
    ends = [*known, *([] if value is None else [value])]
    least, most = min(ends, default=0.0), max(ends, default=0.0)
    if panel.unit == "per cent":
        axes.set_xlim(0, 102)
    elif panel.unit in COUNTS and most > WIDE * least:
        axes.set_xscale("log")
        axes.set_xlim(least / 2, most * 2)
        axes.minorticks_off()
    else:
        reach = 0.15 * ((most - least) or abs(most) or 1.0)
        axes.set_xlim(least - reach if panel.unit == "ratio" else 0, most + reach)
        style.few_ticks(axes.xaxis, 3)
    if panel.unit in COUNTS:
        style.short_numbers(axes.xaxis)
    if limit is not None and value is not None:
        low, high = axes.get_xlim()
        wrong = (low, value) if limit.startswith("at least") else (value, high)
        axes.axvspan(*wrong, color=SHADE, linewidth=0, zorder=0)
        axes.axvline(value, color=style.GREY, linewidth=1.0, linestyle="--")
        axes.set_xlim(low, high)
