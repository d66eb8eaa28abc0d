"""Participation ratio of the states against the number of trajectories, trained and not (HRM paper, figure 8)."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator

from hrm.report import style
from hrm.report.claims_file import ClaimsParams
from hrm.report.figure_residuals import COLOURS, NAMES
from hrm.report.tables import in_order, title_of

COLUMNS = ("trajectories", "ratio", "ratio_low", "ratio_high")
SAMPLES = "positions"
CLAIMS = {"participation_high": "H", "participation_low": "L"}


# (task, variant) -> state -> published ratio of the trained network.
Published: TypeAlias = Mapping[tuple[str, str], Mapping[str, float]]


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


def draw(paths: Sequence[Path], published: Published, confidence_text: str) -> Figure:
    """From participation.csv files: a panel a run, its vectors the states at every position.

    Args:
        paths: the tables.
        published: ratios that are drawn beside those of the same task and variant; empty for none.
        confidence_text: names the interval, as in "95 %".

    Raises DataError when a table is broken.
    """
    runs = in_order(paths, COLUMNS, ("weights", "samples", "state"))
    columns = min(len(runs), 4)
    rows = -(-len(runs) // columns)
    width = style.COLUMN_WIDTH if columns == 1 else style.PAGE_WIDTH
    figure = style.new_figure(width, 0.8 + 2.0 * rows)
    axes = figure.subplots(rows, columns, squeeze=False, sharey=True)
    for place, panel in enumerate(axes.flat):
        if place >= len(runs):
            panel.set_visible(False)
            continue
        table = runs[place].table
        table = table[table["samples"] == SAMPLES]
        _panel(panel, table, published.get((runs[place].task, runs[place].variant), {}))
        panel.set_title(title_of(runs[place]))
        panel.set_xlabel("trajectories")
        if place % columns == 0:
            panel.set_ylabel("participation ratio")
    drawn = any((run.task, run.variant) in published for run in runs)
    _legend(figure, [run.table for run in runs], drawn, confidence_text)
    return figure


def _panel(axes: Axes, table: pd.DataFrame, published: Mapping[str, float]) -> None:
    for (state, weights), rows in table.groupby(["state", "weights"], sort=True):
        if state not in COLOURS:
            continue
        colour, trained = COLOURS[str(state)], weights == "trained"
        rows = rows.sort_values("trajectories")
        x = rows["trajectories"]
        axes.fill_between(x, rows["ratio_low"], rows["ratio_high"], color=colour, alpha=0.2, linewidth=0)
        axes.plot(x, rows["ratio"], "-" if trained else ":", color=colour, marker="o" if trained else "s")
    for state, value in published.items():
        axes.axhline(value, color=COLOURS[state], linestyle="--", linewidth=0.9)
    counts = sorted(table["trajectories"].unique())
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.xaxis.set_major_locator(FixedLocator(counts))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xticklabels([f"{count:g}" for count in counts])


def _legend(figure: Figure, tables: Sequence[pd.DataFrame], published: bool, confidence: str) -> None:
    axes = figure.axes[0]
    names = [name for name in COLOURS if any((table["state"] == name).any() for table in tables)]
    handles = [axes.plot([], [], color=COLOURS[name], label=NAMES[name])[0] for name in names]
    handles += axes.plot([], [], "-o", color=style.GREY, label="trained")
    handles += axes.plot([], [], ":s", color=style.GREY, label="untrained")
    if published:
        handles += axes.plot([], [], "--", color=style.GREY, lw=0.9, label="published")
    title = f"bands: {confidence} intervals over trajectories"
    figure.legend(
        handles=handles, loc="outside lower left", ncols=2 if len(tables) == 1 else 7, title=title, alignment="left"
    )
