"""Memory of a training step against the module calls of its segment, a line a rule of the gradient."""

from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator

from hrm.core.errors import DataError
from hrm.report import style
from hrm.report.tables import read_table

COLUMNS = ("module_calls", "gradient_calls", "saved_bytes")
MIB = 2**20


def draw(path: Path) -> Figure:
    """From memory.csv: the peak on a GPU where the table has it, else what is kept for the backward pass.

    Raises DataError when the table is broken.
    """
    table = read_table(path, COLUMNS)
    if "rule" not in table:
        raise DataError(f"{path}: lacks the column rule (hrm analyse memory writes it)")
    peaks = "peak_bytes" in table and table["peak_bytes"].notna().all()
    column = "peak_bytes" if peaks else "saved_bytes"
    figure = style.new_figure(style.COLUMN_WIDTH, 3.0)
    axes = figure.add_subplot()
    # The rule that takes most comes first, as its line lies on top.
    groups = sorted(table.groupby("rule", sort=False), key=lambda group: -group[1][column].max())
    for index, (rule, rows) in enumerate(groups):
        rows = rows.sort_values("module_calls")
        colour, marker = style.SERIES[index % len(style.SERIES)], style.MARKERS[index % len(style.MARKERS)]
        axes.plot(rows["module_calls"], rows[column] / MIB, marker=marker, color=colour, label=name(str(rule), rows))
    axes.xaxis.set_major_locator(FixedLocator(sorted(table["module_calls"].unique())))
    axes.set_xlim(left=0)
    axes.set_ylim(bottom=0)
    axes.set_xlabel("module calls in a segment")
    axes.set_ylabel("peak beside the weights (MiB)" if peaks else "kept for the backward pass (MiB)")
    axes.set_title("Memory of a training step", loc="left")
    figure.legend(loc="outside lower left", ncols=2, title="calls with a gradient", alignment="left")
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
    return words.get(rule, rule)
