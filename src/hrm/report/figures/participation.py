"""Participation ratio of the states against the number of trajectories, trained and not (HRM paper, figure 8)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from hrm.report import style
from hrm.report.claims_file import ClaimsParams, read_claims
from hrm.report.figures import Input
from hrm.report.figures.residuals import COLOURS, NAMES
from hrm.report.tables import Run, in_order, title_of

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from hrm.report.words import Words

TITLE = "participation ratio of the states"
CAPTION = (
    "In how many dimensions the states move (participation ratio, figure 8 of the HRM paper), against the number "
    "of test puzzles whose trajectories are taken together; solid lines are after training, dotted ones before. "
    "The paper's finding would be a high state far above the low state after training and not before. A state has"
    " no more dimensions than numbers, so that the published ratios, of the full-size network, are told in words."
)
INPUTS = {
    "tables": Input("TASK/VARIANT/seedN/participation.csv", file="participation.csv", many=True),
    "claims": Input("tell the published ratios of this file (none)", file="claims.yaml", required=False),
}
COLUMNS = ("trajectories", "ratio", "ratio_low", "ratio_high")
SAMPLES = "positions"
CLAIMS = {"participation_high": "H", "participation_low": "L"}
MOST = 4  # panels beside each other

# (task, variant) -> state -> published ratio of the trained network.
Published = Mapping[tuple[str, str], Mapping[str, float]]


def published_ratios(claims: ClaimsParams) -> Published:
    """Of the runs that answer the claims on z_H and z_L."""
    found: dict[tuple[str, str], dict[str, float]] = {}
    for group in claims.groups:
        for claim in group.claims:
            if claim.id in CLAIMS and claim.value is not None:
                for answer in claim.answers:
                    task, variant, _ = answer.split("/")
                    found.setdefault((task, variant), {})[CLAIMS[claim.id]] = claim.value
    return found


def draw(words: Words, tables: Sequence[Path], claims: Path | None = None) -> Figure:
    """From participation.csv files: a panel a run, its vectors the states at every position.

    Raises DataError when a table is broken.
    """
    runs = in_order(tables, COLUMNS, ("weights", "samples", "state"))
    published = {} if claims is None else published_ratios(read_claims(claims))
    columns = min(len(runs), MOST)
    rows = -(-len(runs) // columns)
    width = style.COLUMN_WIDTH if columns == 1 else style.PAGE_WIDTH
    states = [name for name in COLOURS if any((run.table["state"] == name).any() for run in runs)]
    names = [*(NAMES[name] for name in states), "trained", "untrained"]
    notes = [f"bands: {words.confidence} intervals over trajectories", *_told(runs, published, words)]
    legend = style.below(width, [name.replace("$", "") for name in names], notes)
    figure = style.new_figure(width, 2.05 * rows + 0.2 + legend.height)
    axes = figure.subplots(rows, columns, squeeze=False, sharey=True)
    for place, panel in enumerate(axes.flat):
        if place >= len(runs):
            panel.set_visible(False)
            continue
        table = runs[place].table
        _panel(panel, table[table["samples"] == SAMPLES])
        panel.set_title(title_of(runs[place], words))
        panel.set_xlabel("trajectories")
        if place % columns == 0:
            panel.set_ylabel("participation ratio")
    handles = [style.handle(NAMES[name], color=COLOURS[name]) for name in states]
    handles.append(style.handle("trained", color=style.GREY, marker="o"))
    handles.append(style.handle("untrained", color=style.GREY, marker="s", linestyle=":"))
    legend.put(figure, handles)
    return figure


def _told(runs: Sequence[Run], published: Published, words: Words) -> list[str]:
    """What was published of these runs, a sentence for each set of numbers."""
    found: dict[str, list[str]] = {}
    for run in runs:
        ratios = published.get((run.task, run.variant))
        if ratios:
            numbers = style.series_of([f"{value:g} ({NAMES[state]})" for state, value in ratios.items()])
            names = found.setdefault(numbers, [])
            if words.variant(run.variant) not in names:
                names.append(words.variant(run.variant))
    return [f"published, full size: {style.series_of(names)} {numbers}" for numbers, names in found.items()]


def _panel(axes: Axes, table: pd.DataFrame) -> None:
    for (state, weights), rows in table.groupby(["state", "weights"], sort=True):
        if state not in COLOURS:
            continue
        colour, trained = COLOURS[str(state)], weights == "trained"
        rows = rows.sort_values("trajectories")
        x = rows["trajectories"]
        axes.fill_between(x, rows["ratio_low"], rows["ratio_high"], color=colour, alpha=0.2, linewidth=0)
        axes.plot(x, rows["ratio"], "-" if trained else ":", color=colour, marker="o" if trained else "s")
    axes.set_xscale("log")
    axes.set_ylim(bottom=0)
    counts = sorted(table["trajectories"].unique())
    # Of two numbers that stand close together the greater one is labelled.
    shown = [count for count, after in zip(counts, [*counts[1:], float("inf")], strict=True) if after > 2.2 * count]
    style.ticks(axes.xaxis, shown)
