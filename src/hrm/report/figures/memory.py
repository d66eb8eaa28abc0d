"""Memory of a training step against the module calls of its segment, a line a rule of the gradient."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hrm.core.errors import DataError
from hrm.report import style
from hrm.report.figures import Input
from hrm.report.tables import read_table

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from hrm.report.words import Words

TITLE = "memory of a training step"
CAPTION = (
    "Memory of one training step against the module calls of its segment, a line for each rule that says which "
    "calls carry a gradient: flat for the paper's one-step rule, growing with the calls where all of them carry "
    "one. A CPU shows what autograd keeps for the backward pass, counted exactly, a GPU the peak beside weights "
    "and batch."
)
INPUTS = {"table": Input("memory.csv (hrm analyse memory makes it)", file="memory.csv")}
COLUMNS = ("module_calls", "gradient_calls", "saved_bytes")
MIB = 2**20


def draw(words: Words, table: Path) -> Figure:
    """From memory.csv: the peak on a GPU where the table has it, else what is kept for the backward pass.

    Raises DataError when the table is broken.
    """
    rows = read_table(table, COLUMNS)
    if "rule" not in rows:
        raise DataError(f"{table}: lacks the column rule (hrm analyse memory writes it)")
    peaks = "peak_bytes" in rows and rows["peak_bytes"].notna().all()
    column = "peak_bytes" if peaks else "saved_bytes"
    # The rule that takes most comes first, as its line lies on top.
    groups = sorted(rows.groupby("rule", sort=False), key=lambda group: -group[1][column].max())
    names = [name(str(rule), part) for rule, part in groups]
    legend = style.below(style.COLUMN_WIDTH, names, ["calls with a gradient:"])
    figure = style.new_figure(style.COLUMN_WIDTH, 2.3 + legend.height)
    axes = figure.add_subplot()
    handles = []
    for index, (label, (_, part)) in enumerate(zip(names, groups, strict=True)):
        part = part.sort_values("module_calls")
        look = style.look_of(index)
        handles += axes.plot(part["module_calls"], part[column] / MIB, label=label, **look)
    style.ticks(axes.xaxis, sorted(rows["module_calls"].unique()))
    axes.set_xlim(left=0)
    axes.set_ylim(bottom=0)
    axes.set_xlabel("module calls in a segment")
    axes.set_ylabel("peak beside the weights (MiB)" if peaks else "kept for backward (MiB)")
    axes.set_title("Memory of a training step", loc="left")
    legend.put(figure, handles)
    return figure


def name(rule: str, rows: pd.DataFrame) -> str:
    """A rule in words, with the number of calls that it gives a gradient."""
    calls = int(rows["gradient_calls"].max())
    words = {
        "one_step": f"last {calls}: the one-step rule",
        "last_cycle": f"last {calls}: the last cycle",
        "k_step": f"last {calls}",
        "full": "all",
    }
    return words.get(rule, rule.replace("_", " "))
