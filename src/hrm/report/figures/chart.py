"""Variants side by side, as a chart of params/comparisons.yaml says: dots by metric, or lines over an axis."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hrm.report.chart_schema import DotChart
from hrm.report.comparison_schema import chart_params
from hrm.report.figures import Input, _dots, _lines

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from hrm.report.words import Words

TITLE = "variants side by side"
CAPTION = (
    "Variants side by side, as `charts` in params/comparisons.yaml defines them: filled marks are ours with their"
    " intervals, open diamonds were published and stand beside networks of the published size alone. What was not"
    " run is left out and named below; the table of the same name says which result and which claim is behind "
    "each mark."
)
INPUTS = {
    "chart": Input("an entry of charts in params/comparisons.yaml", file=""),
    "table": Input("CSV file (hrm compare makes it)", file="{chart}_chart.csv"),
}


def draw(words: Words, chart: str, table: Path) -> Figure:
    """From the table of `hrm compare`; DataError when it is broken, or of another chart."""
    wanted, _ = chart_params(words.params, chart)
    if isinstance(wanted, DotChart):
        return _dots.draw(words, wanted, table)
    return _lines.draw(words, wanted, table)
