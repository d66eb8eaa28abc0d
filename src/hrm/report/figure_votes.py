"""Scores on ARC: against the number of votes, and of every run beside the published ones."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, NullLocator

from hrm.core.errors import DataError
from hrm.report import style
from hrm.report.claims_file import ClaimsParams
from hrm.report.tables import Run, legend_names, mean_over_seeds, read_runs

ATTEMPTS = 2  # that the ARC Prize allows, and that published scores have
METRIC = f"arc_pass_at_{ATTEMPTS}"
ENDS = ("", "_low", "_high", "_least", "_most")
COLUMNS = ("votes", "k", "subsets", "tasks", "test_inputs", *(f"task_score{end}" for end in ENDS))


def draw(paths: Sequence[Path], claims: ClaimsParams, confidence_text: str) -> Figure:
    """From votes.csv files: left pass@2 against votes, right pass@2 of all votes; runs stand under the same colour.

    `confidence_text` names the interval, as in "95 %". Raises DataError when a table is broken or has no pass@2.
    """
    groups = read_runs(paths, COLUMNS)
    for runs in groups.values():
        for place, run in enumerate(runs):
            chosen = run.table[run.table["k"] == ATTEMPTS]
            if chosen.empty:
                raise DataError(f"{run.task}/{run.variant}/{run.seed}/votes.csv: has no row with k = {ATTEMPTS}")
            runs[place] = run._replace(table=chosen)
    figure = style.new_figure(style.PAGE_WIDTH, 2.0 + 0.2 * len(groups))
    left, right = figure.subplots(1, 2, sharex=False, width_ratios=(1.15, 1.0))
    for index, (group, runs) in enumerate(groups.items()):
        colour, marker = (cycle[index % len(cycle)] for cycle in (style.SERIES, style.MARKERS))
        line = style.LINES[index // len(style.SERIES) % len(style.LINES)]
        _growth(left, runs, colour, marker + line)
        for place, run in enumerate(runs):
            _point(right, run, index + 0.12 * (place - (len(runs) - 1) / 2), colour, marker)
        for value in _published(claims, *group):
            right.plot(value, index, "d", markerfacecolor="none", color=style.BLACK, markersize=6, clip_on=False)
    _finish_left(left, [run for runs in groups.values() for run in runs])
    names, seeds = legend_names(groups)
    right.set_yticks(range(len(groups)), names)
    right.set_title(seeds, loc="left")
    right.set_ylim(len(groups) - 0.5, -0.5)
    right.set_xlim(0, 102)
    right.grid(False, axis="y")
    right.set_xlabel(f"tasks solved by {ATTEMPTS} answers, all votes (%)")
    tasks = sorted({int(run.table["tasks"].iloc[0]) for runs in groups.values() for run in runs})
    left.set_title(f"pass@{ATTEMPTS}, n = {' or '.join(map(str, tasks))} tasks", loc="left")
    marks = [
        Line2D([], [], color=style.GREY, linewidth=1.2, label=f"{confidence_text} Wilson interval over tasks"),
        Line2D([], [], color=style.GREY, linewidth=6, alpha=0.3, label="lowest to highest of the random choices"),
    ]
    if any(_published(claims, *group) for group in groups):
        text = "published (data of scale paper)"
        marks.append(
            Line2D([], [], color=style.BLACK, marker="d", mfc="none", markersize=6, linestyle="none", label=text)
        )
    figure.legend(handles=marks, loc="outside lower center", ncols=2)
    return figure


def _growth(axes: Axes, runs: Sequence[Run], colour: str, form: str) -> None:
    mean = mean_over_seeds(runs, "votes")
    axes.plot(mean.index, 100 * mean["task_score"], form, color=colour)
    if len(runs) == 1:
        low, high = 100 * mean["task_score_least"], 100 * mean["task_score_most"]
        axes.fill_between(mean.index, low, high, color=colour, alpha=0.1, linewidth=0)


def _point(axes: Axes, run: Run, height: float, colour: str, marker: str) -> None:
    last = int(run.table["votes"].to_numpy().argmax())
    score, low, high = (100 * float(run.table[f"task_score{end}"].iloc[last]) for end in ("", "_low", "_high"))
    axes.plot([low, high], [height, height], color=colour, linewidth=1.2)
    axes.plot(score, height, marker, color=colour, markersize=5, clip_on=False)


def _finish_left(axes: Axes, runs: Sequence[Run]) -> None:
    votes = np.unique(np.concatenate([run.table["votes"].to_numpy(dtype=np.int64) for run in runs]))
    axes.set_xscale("log")
    # Of two numbers that stand close together, as 1000 and 1001, the greater one is labelled.
    shown = [int(v) for v, after in zip(votes, [*votes[1:], np.inf], strict=True) if after > 1.3 * v]
    axes.xaxis.set_major_locator(FixedLocator(shown))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xticklabels([str(v) for v in shown])
    axes.set_ylim(0, 102)
    axes.set_xlabel("augmented copies that vote")
    axes.set_ylabel(f"tasks solved by {ATTEMPTS} answers (%)")


def _published(claims: ClaimsParams, task: str, variant: str) -> list[float]:
    """Published values, in per cent, that pass@2 of a task and variant answers."""
    wanted = f"{task}/{variant}/{METRIC}"
    return [
        claim.value
        for group in claims.groups
        for claim in group.claims
        if claim.answers[:1] == [wanted] and claim.value is not None and group.unit == "per cent"
    ]
