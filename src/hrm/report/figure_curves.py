"""Training curves: loss, accuracy, halting and steps against training steps."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from hrm.report import style
from hrm.report.tables import legend_names, mean_over_seeds, read_runs


class Panel(NamedTuple):
    """One column of history.csv in one panel."""

    column: str
    title: str
    unit: str
    factor: float


PANELS = (
    Panel("loss", "Loss", "loss per segment", 1.0),
    Panel("exact_accuracy", "Exact accuracy", "training puzzles solved (%)", 100.0),
    Panel("q_halt_accuracy", "Accuracy of the halt head", "halt decisions right (%)", 100.0),
    Panel("mean_steps", "Computation", "mean segments per puzzle", 1.0),
)


HALTING = ("q_halt_accuracy", "mean_steps")


def draw(paths: Sequence[Path]) -> Figure:
    """Panels from history.csv files; a thin line a seed, a thick one for their mean.

    Values are those of training batches (raw weights, exploration on), averaged since the row before. What is known of
    halting is left out for runs that take the same number of segments throughout: nothing halts there by itself.
    Raises DataError when a table is broken.
    """
    groups = read_runs(paths, ["step", *(panel.column for panel in PANELS)])
    halting = {group for group, runs in groups.items() if any(run.table["mean_steps"].nunique() > 1 for run in runs)}
    panels = [panel for panel in PANELS if halting or panel.column not in HALTING]
    rows = len(panels) // 2
    names, seeds = legend_names(groups)
    columns = style.legend_columns(names)
    figure = style.new_figure(style.PAGE_WIDTH, 1.9 * rows + 0.37 + 0.17 * -(-len(names) // columns))
    for number, (panel, axes) in enumerate(zip(panels, figure.subplots(rows, 2, sharex=True).flat, strict=True)):
        for index, (group, runs) in enumerate(groups.items()):
            if panel.column in HALTING and group not in halting:
                continue
            colour = style.SERIES[index % len(style.SERIES)]
            for run in runs if len(runs) > 1 else []:
                axes.plot(run.table["step"], panel.factor * run.table[panel.column], color=colour, lw=0.7, alpha=0.5)
            mean = mean_over_seeds(runs, "step")
            line = style.LINES[index % len(style.LINES)]
            axes.plot(mean.index, panel.factor * mean[panel.column], line, color=colour, label=names[index])
        axes.set_title(panel.title, loc="left")
        axes.set_ylabel(panel.unit)
        if panel.unit.endswith("(%)"):
            axes.set_ylim(0, 102)
        elif panel.column == "mean_steps":
            axes.set_ylim(bottom=0)
        else:
            axes.set_yscale("log")
        if number >= len(panels) - 2:
            axes.set_xlabel("training steps")
        axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))  # five digits need room
        axes.xaxis.get_major_formatter().set_useOffset(False)
    handles, shown = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, shown, loc="outside upper left", ncols=columns, title=seeds, alignment="left")
    return figure
