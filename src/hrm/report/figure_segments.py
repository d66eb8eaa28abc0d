"""Computation at inference, as in figure 5 of the paper: segments taken, and what further ones bring.

(a) mean segments of examples that may halt, (b) exact accuracy against the limit of segments, (c) the same against the
layers that an example passes through. Networks that never halt by themselves have a line in (b) and (c) alone.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, NullLocator

from hrm.report import style
from hrm.report.tables import Run, legend_names, mean_over_seeds, read_runs

COLUMNS = (
    "segments",
    "trained_segments",
    "examples",
    "exact_accuracy",
    "exact_accuracy_low",
    "exact_accuracy_high",
)
COMPUTATION = {"mean_steps", "halting_accuracy", "layers_a_segment"}  # tables of older evaluations lack them
TRAINED: dict[str, Any] = {"color": style.GREY, "linestyle": ":", "linewidth": 1.2}
OPEN: dict[str, Any] = {"linestyle": "--", "markerfacecolor": "white", "linewidth": 1.2}  # of examples that halt


class Series(NamedTuple):
    """The runs of one task and variant."""

    runs: list[Run]
    mean: pd.DataFrame  # by segments, over the seeds
    look: dict[str, Any]
    name: str

    @property
    def halts(self) -> bool:
        """Whether any example stops before the limit."""
        return self.computes and bool((self.mean["mean_steps"] < self.mean.index).any())

    @property
    def computes(self) -> bool:
        """Whether the tables tell the computation."""
        return set(self.mean.columns) >= COMPUTATION


def draw(paths: Sequence[Path], confidence_text: str) -> Figure:
    """From segments.csv files: a thin line a seed and a thick mean, or one line with its Wilson band for one seed.

    `confidence_text` names the interval, as in "95 %". Raises DataError when a table is broken.
    """
    series, seeds = _series(paths)
    narrow = len(series) <= 4  # else the legend would be taller than the figure
    panels: list[Any] = [_draw_accuracy]
    if any(one.halts for one in series):
        panels.insert(0, _draw_steps)
    if all(one.computes for one in series):
        panels.append(_draw_computation)
    columns = 1 if narrow else style.legend_columns([one.name for one in series])
    legend = 0.17 * -(-(len(series) + 4 + narrow) // columns)
    if narrow:
        figure = style.new_figure(style.COLUMN_WIDTH, 1.75 * len(panels) + 0.35 + legend)
        places = figure.subplots(len(panels), 1, squeeze=False).flat
    else:
        figure = style.new_figure(style.PAGE_WIDTH, 2.4 + legend)
        places = figure.subplots(1, len(panels), squeeze=False).flat
    examples = sorted({int(count) for one in series for run in one.runs for count in run.table["examples"]})
    for letter, panel, axes in zip("abc", panels, places, strict=False):
        title = panel(axes, series)
        axes.set_title(f"({letter}) {title}" if len(panels) > 1 else title, loc="left")
    counts = " or ".join(f"{number:,}" for number in examples)
    handles = [Line2D([], [], label=one.name, **one.look) for one in series]
    handles.append(Line2D([], [], label="segments in training", **TRAINED))
    if any(one.halts for one in series):
        handles.append(Line2D([], [], color=style.GREY, marker="o", label="halts by itself", **OPEN))
    notes = [f"n = {counts} test puzzles; {seeds}"]
    if any(len(one.runs) == 1 for one in series):
        notes.append(f"bands: {confidence_text} Wilson intervals")
    title = (";\n" if narrow else "; ").join(notes)
    figure.legend(handles=handles, loc="outside lower left", ncols=columns, title=title, alignment="left")
    return figure


def _series(paths: Sequence[Path]) -> tuple[list[Series], str]:
    """One series a group, and a note on their seeds."""
    groups = read_runs(paths, COLUMNS)
    names, seeds = legend_names(groups)
    series = []
    for index, (name, runs) in enumerate(zip(names, groups.values(), strict=True)):
        colour, marker = (cycle[index % len(cycle)] for cycle in (style.SERIES, style.MARKERS))
        line = style.LINES[index // len(style.SERIES) % len(style.LINES)]
        look = {"color": colour, "marker": marker, "linestyle": line}
        series.append(Series(runs, mean_over_seeds(runs, "segments"), look, name))
    return series, seeds


def _draw_steps(axes: Axes, series: Sequence[Series]) -> str:
    """Mean segments against their limit."""
    most = max(int(one.mean.index.max()) for one in series)
    axes.plot([1, most], [1, most], color=style.GREY, lw=1.0)
    axes.annotate("none halts", (most, most), (-20, 0), textcoords="offset points", ha="right", va="center")
    for one in series:
        if one.halts:
            _line(axes, one, one.mean.index, one.mean["mean_steps"], OPEN)
    _segments_axis(axes, series)
    axes.set_yscale("log", base=2)  # the segments of those that never halt are a straight line
    axes.yaxis.set_major_locator(FixedLocator(_powers(most)))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.set_ylabel("mean segments")
    return "Segments taken"


def _draw_accuracy(axes: Axes, series: Sequence[Series]) -> str:
    """Exact accuracy against the limit of segments, of all segments and, dashed, of examples that halt."""
    for one in series:
        colour = one.look["color"]
        for run in one.runs if len(one.runs) > 1 else []:
            axes.plot(run.table["segments"], 100 * run.table["exact_accuracy"], color=colour, lw=0.7, alpha=0.5)
        if len(one.runs) == 1:
            low, high = (100 * one.mean[f"exact_accuracy_{end}"] for end in ("low", "high"))
            axes.fill_between(one.mean.index, low, high, color=colour, alpha=0.2, linewidth=0)
        _line(axes, one, one.mean.index, 100 * one.mean["exact_accuracy"], {})
        if one.halts:
            _line(axes, one, one.mean.index, 100 * one.mean["halting_accuracy"], OPEN)
    _segments_axis(axes, series)
    _accuracy_axis(axes)
    return "Exact accuracy"


def _draw_computation(axes: Axes, series: Sequence[Series]) -> str:
    """Exact accuracy against the layers that an example passes through."""
    for one in series:
        layers = one.mean["layers_a_segment"]
        _line(axes, one, one.mean.index * layers, 100 * one.mean["exact_accuracy"], {})
        if one.halts:
            _line(axes, one, one.mean["mean_steps"] * layers, 100 * one.mean["halting_accuracy"], OPEN)
    axes.set_xscale("log", base=2)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel("mean layers passed by a puzzle")
    _accuracy_axis(axes)
    return "Accuracy by layers"


def _line(axes: Axes, one: Series, places: Any, values: pd.Series, changes: dict[str, Any]) -> None:
    doubling = [place for place, segments in enumerate(one.mean.index) if segments & (segments - 1) == 0]
    axes.plot(places, values, **(one.look | {"markevery": doubling} | changes))


def _accuracy_axis(axes: Axes) -> None:
    axes.set_ylim(0, 102)
    axes.set_ylabel("puzzles solved (%)")


def _segments_axis(axes: Axes, series: Sequence[Series]) -> None:
    """Powers of two, with a line at the number of segments that the training had."""
    most = max(int(one.mean.index.max()) for one in series)
    trained = {int(value) for one in series for run in one.runs for value in run.table["trained_segments"]}
    axes.set_xscale("log", base=2)
    ticks = _powers(most)
    axes.xaxis.set_major_locator(FixedLocator(ticks))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xticklabels([str(tick) for tick in ticks])
    for segments in sorted(trained):
        axes.axvline(segments, **TRAINED)
    axes.set_xlabel("limit of segments at inference")


def _powers(most: int) -> list[int]:
    """Powers of two up to `most`."""
    return [2**power for power in range(most.bit_length())]
