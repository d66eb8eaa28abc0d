"""Scores on ARC: against the number of votes, and of every run beside the published ones."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hrm.core.errors import DataError
from hrm.core.files import read_json
from hrm.report import style
from hrm.report.claims_file import ClaimsParams, read_claims
from hrm.report.figures import Input
from hrm.report.run_paths import run_of
from hrm.report.tables import Run, legend_names, mean_over_seeds, read_runs

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from hrm.report.words import Words

TITLE = "scores on ARC against votes"
CAPTION = (
    "Share of ARC tasks whose test inputs are all right among two answers, a row of panels a data set: left "
    "against the number of augmented copies that vote, right with all votes and the interval over tasks. "
    "Intervals that overlap allow no order between networks. Published scores stand beside networks of the "
    "published size alone."
)
INPUTS = {
    "tables": Input("TASK/VARIANT/seedN/PLAYER/votes.csv", file="votes.csv", many=True),
    "claims": Input("params/claims.yaml, for the published scores", file="claims.yaml"),
}
ATTEMPTS = 2  # that the ARC Prize allows, and that published scores have
METRIC = f"arc_pass_at_{ATTEMPTS}"
ENDS = ("", "_low", "_high", "_least", "_most")
COLUMNS = ("votes", "k", "subsets", "tasks", "test_inputs", *(f"task_score{end}" for end in ENDS))
MOST_BANDS = 3  # in a panel: more would hide the lines


def draw(words: Words, tables: Sequence[Path], claims: Path) -> Figure:
    """From votes.csv files: left pass@2 against votes, right pass@2 of all votes; runs stand under the same colour.

    Raises DataError when a table is broken or has no pass@2.
    """
    groups = read_runs(tables, COLUMNS)
    for runs in groups.values():
        for place, run in enumerate(runs):
            chosen = run.table[run.table["k"] == ATTEMPTS]
            if chosen.empty:
                raise DataError(f"{run.task}/{run.variant}/{run.seed}/votes.csv: has no row with k = {ATTEMPTS}")
            runs[place] = run._replace(table=chosen)
    sizes = {(task, variant): _size(tables, task, variant) for task, variant in groups}
    known = read_claims(claims)
    published = {group: _published(known, *group) if words.published_size(sizes[group]) else [] for group in groups}
    tasks, variants = (sorted({group[place] for group in groups}) for place in (0, 1))
    parts = [{group: runs for group, runs in groups.items() if group[0] == task} for task in tasks]
    notes = [*_told(parts), f"bars: {words.confidence} Wilson intervals over tasks"]
    marks: list[Any] = []
    shown: dict[str, Any] = {"color": style.BLACK, "marker": "d", "mfc": "none", "markersize": 6, "linestyle": "none"}
    if any(published.values()):
        marks.append(style.handle("published", **shown))
    if any(len(part) <= MOST_BANDS for part in parts):
        notes.append("bands: lowest to highest of the random choices of votes")
    legend = style.below(style.PAGE_WIDTH, [str(mark.get_label()) for mark in marks], ["; ".join(notes)])
    heights = [0.95 + 0.2 * len(part) for part in parts]
    figure = style.new_figure(style.PAGE_WIDTH, sum(heights) + 0.3 + legend.height)
    grid = figure.subplots(len(parts), 2, squeeze=False, width_ratios=(1.15, 1.0), height_ratios=heights, sharex="col")
    for part, (left, right) in zip(parts, grid, strict=True):
        for index, (group, runs) in enumerate(part.items()):
            look = style.look_of(variants.index(group[1]))
            _growth(left, runs, look, bands=len(part) <= MOST_BANDS)
            for place, run in enumerate(runs):
                _point(right, run, index + 0.12 * (place - (len(runs) - 1) / 2), look)
            for value in published[group]:
                right.plot(value, index, clip_on=False, **shown)
        names, told = legend_names(part, words)
        right.set_yticks(range(len(part)), names)
        right.set_title("; ".join(told), loc="left")
        right.set_ylim(len(part) - 0.5, -0.5)
        right.set_xlim(-2, 102)
        right.grid(False, axis="y")
        left.set_title(words.task(next(iter(part))[0]), loc="left")
        left.set_ylim(-2, 102)
        left.set_ylabel("tasks solved (%)")
    _votes_axis(grid[0, 0], [run for runs in groups.values() for run in runs])
    grid[-1, 0].set_xlabel("augmented copies that vote")
    grid[-1, 1].set_xlabel(f"solved by {ATTEMPTS} answers, all votes (%)")
    legend.put(figure, marks)
    return figure


def _told(parts: Sequence[dict[tuple[str, str], list[Run]]]) -> list[str]:
    tasks = sorted({int(run.table["tasks"].iloc[0]) for part in parts for runs in part.values() for run in runs})
    return [f"pass@{ATTEMPTS}, n = {' or '.join(map(str, tasks))} tasks"]


def _growth(axes: Axes, runs: Sequence[Run], look: dict[str, Any], bands: bool) -> None:
    mean = mean_over_seeds(runs, "votes")
    axes.plot(mean.index, 100 * mean["task_score"], clip_on=False, **look)
    if len(runs) == 1 and bands:
        low, high = 100 * mean["task_score_least"], 100 * mean["task_score_most"]
        axes.fill_between(mean.index, low, high, color=look["color"], alpha=0.15, linewidth=0)


def _point(axes: Axes, run: Run, height: float, look: dict[str, Any]) -> None:
    last = int(run.table["votes"].to_numpy().argmax())
    score, low, high = (100 * float(run.table[f"task_score{end}"].iloc[last]) for end in ("", "_low", "_high"))
    axes.plot([low, high], [height, height], color=look["color"], linewidth=1.2)
    axes.plot(score, height, look["marker"], color=look["color"], markersize=5, clip_on=False)


def _votes_axis(axes: Axes, runs: Sequence[Run]) -> None:
    votes = sorted({int(value) for run in runs for value in run.table["votes"]})
    axes.set_xscale("log")
    # Of two numbers that stand close together, as 1000 and 1001, the greater one is labelled.
    style.ticks(axes.xaxis, [v for v, after in zip(votes, [*votes[1:], 10**9], strict=True) if after > 1.3 * v])


def _size(tables: Sequence[Path], task: str, variant: str) -> float | None:
    """Parameters of a network, from the metrics of the same evaluation; None where they do not say."""
    for path in tables:
        metrics = path.with_name("metrics.json")
        if run_of(path)[:2] == (task, variant) and metrics.exists():
            found = read_json(metrics)
            value = found.get("parameters") if isinstance(found, dict) else None
            return float(value) if isinstance(value, int | float) else None
    return None


def _published(claims: ClaimsParams, task: str, variant: str) -> list[float]:
    """Published values, in per cent, that pass@2 of a task and variant answers."""
    wanted = f"{task}/{variant}/{METRIC}"
    return [
        claim.value
        for group in claims.groups
        for claim in group.claims
        if claim.answers[:1] == [wanted] and claim.value is not None and group.unit == "per cent"
    ]
