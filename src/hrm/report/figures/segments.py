"""Computation at inference, as in figure 5 of the paper: segments taken, and what further ones bring.

(a) mean segments of examples that may halt, (b) exact accuracy against the limit of segments, (c) the same against the
layers that an example passes through. Networks that never halt by themselves have a line in (b) and (c) alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from hrm.report import style
from hrm.report.figures import Input
from hrm.report.tables import Groups, Run, legend_names, mean_over_seeds, read_runs

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from hrm.report.words import Words

TITLE = "computation at inference"
CAPTION = (
    "Test puzzles against the limit of segments, up to four times that of training (dotted line): segments taken "
    "where puzzles may halt, share solved, and share solved against the layers that a puzzle passes through; "
    "dashed where every puzzle stops when the halt head says so. Where hardly any puzzle is solved, the share of "
    f"right cells stands in its place; of more than {style.MOST_LINES} networks each has a panel of its own, with "
    "the others in grey behind it."
)
INPUTS = {"tables": Input("TASK/VARIANT/seedN/PLAYER/segments.csv", file="segments.csv", many=True)}
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
ANY = 0.02  # where no network solves as much, right cells are shown
NARROW = 4  # series at most for panels below each other
SMALL = 4  # columns of small panels


class Series(NamedTuple):
    """The runs of one task and variant."""

    task: str
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


class Score(NamedTuple):
    """What the vertical axis counts."""

    column: str
    title: str
    axis: str

    @property
    def solved(self) -> bool:
        """Whether it is of whole puzzles; of cells there are no intervals, and nothing is known where puzzles halt."""
        return self.column == "exact_accuracy"


SOLVED = Score("exact_accuracy", "Puzzles solved", "puzzles solved (%)")
CELLS = Score("cell_accuracy", "Right cells", "right cells (%)")


def draw(words: Words, tables: Sequence[Path]) -> Figure:
    """From segments.csv files: a thin line a seed and a thick mean, or one line with its Wilson band for one seed.

    Several tasks with several variants each have a row of panels a task. Raises DataError when a table is broken.
    """
    groups = read_runs(tables, COLUMNS)
    tasks, variants = ({group[place] for group in groups} for place in (0, 1))
    by_task = len(tasks) > 1 < len(variants)
    series, notes = _series(groups, words, by_task)
    if len(variants) > style.MOST_LINES or (len(series) > style.MOST_LINES and not by_task):
        return _small_panels(series, notes, words)
    rows = [[one for one in series if one.task == task] for task in sorted(tasks)] if by_task else [series]
    panels: list[Any] = [_draw_accuracy]
    if any(one.halts for one in series):
        panels.insert(0, _draw_steps)
    if all(one.computes for one in series):
        panels.append(_draw_computation)
    narrow = len(series) <= NARROW and not by_task
    notes += _told(rows, words)
    unique = list({one.name: one for one in series}.values())
    handles = [style.handle(one.name, **one.look) for one in unique]
    handles.append(style.handle("segments in training", **TRAINED))
    if any(one.halts for one in series):
        handles.append(style.handle("halts by itself", color=style.GREY, marker="o", **OPEN))
    width = style.COLUMN_WIDTH if narrow else style.PAGE_WIDTH
    legend = style.below(width, [str(handle.get_label()) for handle in handles], _notes(series, notes, words))
    if narrow:
        figure = style.new_figure(width, 1.75 * len(panels) + 0.1 + legend.height)
        places = figure.subplots(len(panels), 1, squeeze=False).T
    else:
        figure = style.new_figure(width, 2.2 * len(rows) + 0.2 + legend.height)
        places = figure.subplots(len(rows), len(panels), squeeze=False)
    for row, (part, axes_of_row) in enumerate(zip(rows, places, strict=True)):
        score = _score(part)
        for letter, panel, axes in zip("abc", panels, axes_of_row, strict=False):
            title = panel(axes, part, score)
            title = f"({letter}) {title}" if len(panels) > 1 else title
            if by_task:
                title = f"{words.task(part[0].task)}: {score.title.lower()}" if letter == "a" else ""
            axes.set_title(title, loc="left")
            if by_task and row + 1 < len(rows):
                axes.set_xlabel("")
    legend.put(figure, handles)
    return figure


def _small_panels(series: Sequence[Series], notes: list[str], words: Words) -> Figure:
    """A panel a network: accuracy against the limit of segments, with the means of all others behind."""
    score = _score(series)
    rows = -(-len(series) // SMALL)
    notes = _notes(series, [*notes, *_told([series], words)], words)
    entries = [
        style.handle("this network", color=style.BLUE, marker="o"),
        style.handle("the others", color=style.PALE, linewidth=0.8),
        style.handle("segments in training", **TRAINED),
    ]
    halts = score.solved and any(one.halts for one in series)
    if halts:
        entries.append(style.handle("halts by itself", color=style.BLUE, marker="o", **OPEN))
    legend = style.below(style.PAGE_WIDTH, [str(entry.get_label()) for entry in entries], notes)
    figure = style.new_figure(style.PAGE_WIDTH, 1.35 * rows + 0.5 + legend.height)
    places = figure.subplots(rows, SMALL, squeeze=False, sharey=True)
    for number, axes in enumerate(places.flat):
        if number >= len(series):
            axes.set_visible(False)
            continue
        for one in series:
            axes.plot(one.mean.index, 100 * one.mean[score.column], color=style.PALE, linewidth=0.8)
        own = series[number]._replace(look={"color": style.BLUE, "marker": "o"})
        _draw_accuracy(axes, [own], score)
        axes.set_title(style.wrapped(own.name, style.PAGE_WIDTH / SMALL - 0.3), loc="left", size=8)
        axes.set_ylabel(score.axis.replace("puzzles ", "") if number % SMALL == 0 else "")
        axes.set_xlabel("limit of segments" if number + SMALL >= len(series) else "")
        most = max(int(one.mean.index.max()) for one in series)
        style.power_ticks(axes, most)
        axes.set_xlim(2**-0.2, most * 2**0.2)
    values = [100 * float(value) for one in series for value in one.mean[score.column]]
    style.per_cent(places[0, 0], values)
    style.heading(figure, f"{score.title} against the limit of segments")
    legend.put(figure, entries)
    return figure


def _series(groups: Groups, words: Words, by_task: bool) -> tuple[list[Series], list[str]]:
    """One series a group, and notes on their seeds; with `by_task` a variant looks the same in every task."""
    names, notes = legend_names(groups, words)
    variants = sorted({variant for _, variant in groups})
    series = []
    for index, (name, ((task, variant), runs)) in enumerate(zip(names, groups.items(), strict=True)):
        look = style.look_of(variants.index(variant) if by_task else index)
        name = name.removeprefix(f"{words.task(task)}, ") if by_task else name
        series.append(Series(task, runs, mean_over_seeds(runs, "segments"), look, name))
    return series, notes


def _score(series: Sequence[Series]) -> Score:
    """Puzzles solved, or right cells where no network solves any worth a line."""
    solved = max(float(one.mean["exact_accuracy"].max()) for one in series)
    cells = all(CELLS.column in one.mean for one in series)
    return CELLS if cells and solved < ANY else SOLVED


def _told(rows: Sequence[Sequence[Series]], words: Words) -> list[str]:
    """Where right cells are shown, why."""
    told = []
    for series in rows:
        if not _score(series).solved:
            most = 100 * max(float(one.mean["exact_accuracy"].max()) for one in series)
            where = f"{words.task(series[0].task)}: " if len(rows) > 1 else ""
            solves = (
                "no network solves any puzzle" if most == 0 else f"no network solves more than {most:.2g} % of them"
            )
            told.append(f"{where}{solves}, so that right cells are shown")
    return told


def _notes(series: Sequence[Series], notes: Sequence[str], words: Words) -> list[str]:
    examples = sorted({int(count) for one in series for run in one.runs for count in run.table["examples"]})
    found = [f"n = {' or '.join(f'{number:,}' for number in examples)} test puzzles", *notes]
    if any(len(one.runs) == 1 for one in series) and _score(series).solved:
        found.append(f"bands: {words.confidence} Wilson intervals")
    return ["; ".join(found)]


def _draw_steps(axes: Axes, series: Sequence[Series], score: Score) -> str:
    """Mean segments against their limit."""
    most = max(int(one.mean.index.max()) for one in series)
    axes.plot([1, most], [1, most], color=style.GREY, lw=1.0)
    for one in series:
        if one.halts:
            _line(axes, one, one.mean.index, one.mean["mean_steps"], OPEN)
    _segments_axis(axes, series)
    axes.set_yscale("log", base=2)  # the segments of those that never halt are a straight line
    style.ticks(axes.yaxis, style.powers(most))
    axes.set_ylabel("mean segments")
    return "Segments taken (grey: none halts)"


def _draw_accuracy(axes: Axes, series: Sequence[Series], score: Score) -> str:
    """Accuracy against the limit of segments, of all segments and, dashed, of examples that halt."""
    for one in series:
        colour = one.look["color"]
        for run in one.runs if len(one.runs) > 1 else []:
            axes.plot(run.table["segments"], 100 * run.table[score.column], color=colour, lw=0.7, alpha=0.5)
        if len(one.runs) == 1 and score.solved:
            low, high = (100 * one.mean[f"exact_accuracy_{end}"] for end in ("low", "high"))
            axes.fill_between(one.mean.index, low, high, color=colour, alpha=0.2, linewidth=0)
        _line(axes, one, one.mean.index, 100 * one.mean[score.column], {})
        if one.halts and score.solved:
            _line(axes, one, one.mean.index, 100 * one.mean["halting_accuracy"], OPEN)
    _segments_axis(axes, series)
    _accuracy_axis(axes, series, score)
    return score.title


def _draw_computation(axes: Axes, series: Sequence[Series], score: Score) -> str:
    """Accuracy against the layers that an example passes through."""
    for one in series:
        layers = one.mean["layers_a_segment"]
        _line(axes, one, one.mean.index * layers, 100 * one.mean[score.column], {})
        if one.halts and score.solved:
            _line(axes, one, one.mean["mean_steps"] * layers, 100 * one.mean["halting_accuracy"], OPEN)
    axes.set_xscale("log", base=2)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.minorticks_off()
    axes.set_xlabel("mean layers passed by a puzzle")
    _accuracy_axis(axes, series, score)
    return f"{score.title} by layers"


def _line(axes: Axes, one: Series, places: Any, values: pd.Series, changes: dict[str, Any]) -> None:
    doubling = [place for place, segments in enumerate(one.mean.index) if segments & (segments - 1) == 0]
    axes.plot(places, values, **(one.look | {"markevery": doubling} | changes))


def _accuracy_axis(axes: Axes, series: Sequence[Series], score: Score) -> None:
    columns = [score.column, *(["exact_accuracy_high"] if score.solved and len(series[0].runs) == 1 else [])]
    style.per_cent(axes, [100 * float(value) for one in series for name in columns for value in one.mean[name]])
    axes.set_ylabel(score.axis)


def _segments_axis(axes: Axes, series: Sequence[Series]) -> None:
    """Powers of two, with a line at the number of segments that the training had."""
    style.power_ticks(axes, max(int(one.mean.index.max()) for one in series), room=8)
    for segments in sorted(
        {int(value) for one in series for run in one.runs for value in run.table["trained_segments"]}
    ):
        axes.axvline(segments, **TRAINED)
    axes.set_xlabel("limit of segments at inference")
