"""Training curves: loss, accuracy, halting and segments against training steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from hrm.report import style
from hrm.report.figures import Input
from hrm.report.tables import Groups, Run, legend_names, mean_over_seeds, read_runs

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from hrm.report.words import Words

TITLE = "training curves"
CAPTION = (
    "Training batches against training steps: loss, share of puzzles solved and, where networks halt by "
    "themselves, how often the halt head is right and how many segments a puzzle takes; a thick line is a mean "
    f"over seeds. Of more than {style.MOST_LINES} networks each has a panel of its own, with the others in grey "
    "behind it. These are puzzles of the training set: verdicts rest on test puzzles alone."
)
INPUTS = {"histories": Input("TASK/VARIANT/seedN/history.csv", file="history.csv", many=True)}


class Panel(NamedTuple):
    """One column of history.csv in one panel."""

    column: str
    title: str
    unit: str
    factor: float


LOSS = Panel("loss", "Loss", "loss per segment", 1.0)
SOLVED = Panel("exact_accuracy", "Puzzles solved", "training puzzles solved (%)", 100.0)
HALTING = (
    Panel("q_halt_accuracy", "Accuracy of the halt head", "halt decisions right (%)", 100.0),
    Panel("mean_steps", "Computation", "mean segments a puzzle", 1.0),
)
COLUMNS = 4  # of small panels


def draw(words: Words, histories: Sequence[Path]) -> Figure:
    """Panels from history.csv files; a thin line a seed, a thick one for their mean.

    Values are those of training batches (raw weights, exploration on), averaged since the row before. What is known of
    halting is left out for runs that take the same number of segments throughout: nothing halts there by itself.
    Raises DataError when a table is broken.
    """
    groups = read_runs(histories, ["step", *(panel.column for panel in (LOSS, SOLVED, *HALTING))])
    if len(groups) > style.MOST_LINES:
        return _small_panels(groups, words)
    halting = {group for group, runs in groups.items() if any(run.table["mean_steps"].nunique() > 1 for run in runs)}
    panels = [LOSS, SOLVED, *(HALTING if halting else ())]
    rows = len(panels) // 2
    names, notes = legend_names(groups, words)
    looks = [style.look_of(index) | {"marker": ""} for index in range(len(groups))]
    legend = style.below(style.PAGE_WIDTH, names, ["; ".join(notes)])
    figure = style.new_figure(style.PAGE_WIDTH, 1.95 * rows + 0.2 + legend.height)
    for number, (panel, axes) in enumerate(zip(panels, figure.subplots(rows, 2, sharex=True).flat, strict=True)):
        for look, (group, runs) in zip(looks, groups.items(), strict=True):
            if panel not in HALTING or group in halting:
                _lines(axes, panel, runs, look)
        _axes(axes, panel)
        axes.set_title(panel.title, loc="left")
        axes.set_ylabel(panel.unit)
        if number >= len(panels) - 2:
            axes.set_xlabel("training steps")
    legend.put(figure, [style.handle(name, **look) for name, look in zip(names, looks, strict=True)])
    return figure


def _small_panels(groups: Groups, words: Words) -> Figure:
    """A panel a network: the puzzles that it solves, with the means of all others behind."""
    rows = -(-len(groups) // COLUMNS)
    names, notes = legend_names(groups, words)
    legend = style.below(style.PAGE_WIDTH, ["this network", "the others"], ["; ".join(notes)])
    figure = style.new_figure(style.PAGE_WIDTH, 1.35 * rows + 0.5 + legend.height)
    places = figure.subplots(rows, COLUMNS, squeeze=False, sharex=True, sharey=True)
    look: dict[str, Any] = {"color": style.BLUE}
    for number, axes in enumerate(places.flat):
        if number >= len(groups):
            axes.set_visible(False)
            continue
        for other, runs in enumerate(groups.values()):
            if other != number:
                _lines(axes, SOLVED, runs, {"color": style.PALE, "linewidth": 0.8}, seeds=False)
        _lines(axes, SOLVED, list(groups.values())[number], look)
        _axes(axes, SOLVED)
        style.few_ticks(axes.xaxis, 3, integer=True)
        axes.set_title(style.wrapped(names[number], style.PAGE_WIDTH / COLUMNS - 0.3), loc="left", size=8)
        if number + COLUMNS >= len(groups):
            axes.tick_params(labelbottom=True)
            axes.set_xlabel("training steps")
    for row in places:
        row[0].set_ylabel("solved (%)")
    style.heading(figure, "Training puzzles solved")
    others = style.handle("the others", color=style.PALE, linewidth=0.8)
    legend.put(figure, [style.handle("this network", **look), others])
    return figure


def _lines(axes: Axes, panel: Panel, runs: Sequence[Run], look: Mapping[str, Any], seeds: bool = True) -> None:
    for run in runs if seeds and len(runs) > 1 else []:
        axes.plot(run.table["step"], panel.factor * run.table[panel.column], color=look["color"], lw=0.7, alpha=0.5)
    mean = mean_over_seeds(runs, "step")
    axes.plot(mean.index, panel.factor * mean[panel.column], **look)


def _axes(axes: Axes, panel: Panel) -> None:
    if panel.unit.endswith("(%)"):
        drawn: list[Any] = [line.get_ydata() for line in axes.lines]
        style.per_cent(axes, [float(value) for values in drawn for value in values])
    elif panel.column == "mean_steps":
        axes.set_ylim(bottom=0)
    else:
        axes.set_yscale("log")
    style.few_ticks(axes.xaxis, 5, integer=True)  # five digits need room
    axes.xaxis.get_major_formatter().set_useOffset(False)  # type: ignore[attr-defined]
