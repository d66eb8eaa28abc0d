"""One look for all figures: sizes of a printed page, colours that colour-blind readers can tell apart, equal bytes."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any, Literal

import matplotlib
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from hrm.core.files import atomic_path

COLUMN_WIDTH, PAGE_WIDTH = 3.4, 7.0  # inches: one column and both columns of a printed page
LEGEND_LETTERS = 105  # of all names in one line of a legend as wide as the page, with room for the lines before them
PNG_DPI = 200
SUFFIXES = (".svg", ".png", ".pdf")
# Of what else would differ from day to day, or with the version of matplotlib.
METADATA: dict[str, dict[str, None]] = {
    ".svg": {"Date": None, "Creator": None},
    ".png": {"Software": None},
    ".pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}
# Okabe and Ito, "Color Universal Design" (2008), without the yellow, which is too light for lines.
BLACK, ORANGE, SKY, GREEN, BLUE, VERMILLION, PURPLE = (
    "#000000",
    "#E69F00",
    "#56B4E9",
    "#009E73",
    "#0072B2",
    "#D55E00",
    "#CC79A7",
)
SERIES = (BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY, BLACK)
LINES = ("-", "--", "-.", ":")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
GREY = "#6E6E6E"

_RULES: Any = {  # newer matplotlib knows its keys as types, older does not
    "font.family": "DejaVu Sans",  # comes with matplotlib, so that every machine draws the same letters
    "font.size": 8.0,
    "axes.labelsize": 8.0,
    "axes.titlesize": 8.5,
    "xtick.labelsize": 8.0,
    "ytick.labelsize": 8.0,
    "legend.fontsize": 8.0,
    "legend.frameon": False,
    "legend.handlelength": 1.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.8,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.formatter.min_exponent": 3,  # 0.6, not 6 x 10^-1, on the logarithmic axes
    "grid.color": "#E4E4E4",
    "grid.linewidth": 0.6,
    "lines.linewidth": 1.6,
    "lines.markersize": 3.5,
    "svg.hashsalt": "hrm",  # names inside the SVG are otherwise random
    "svg.fonttype": "path",
    "pdf.fonttype": 42,  # text that a reader can select and a journal can embed
}


@contextmanager
def styled() -> Iterator[None]:
    """Draw inside this block: matplotlib's own defaults with our rules, whatever the user's settings are."""
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_RULES)
        yield


def new_figure(width: float, height: float, layout: Literal["constrained"] | None = "constrained") -> Figure:
    """An empty figure of that size in inches."""
    figure = Figure(figsize=(width, height), layout=layout)
    FigureCanvasAgg(figure)
    return figure


def legend_columns(names: Iterable[str]) -> int:
    """How many columns a legend of these names can have in a figure as wide as the page, three at most."""
    return max(1, min(3, LEGEND_LETTERS // (max(map(len, names)) + 5)))


def save(figure: Figure, stem: Path) -> list[Path]:
    """Write STEM.svg, STEM.png and STEM.pdf; equal figures are equal files, as none holds a date."""
    if stem.suffix in METADATA:
        stem = stem.with_suffix("")
    written = [stem.with_name(stem.name + suffix) for suffix in SUFFIXES]
    # The places of axes and legends are found once: for each format again they take as long as the drawing. They are
    # rounded, as their last digits differ from one run to the next, and names inside the SVG are hashes of them.
    figure.set_dpi(PNG_DPI)
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    for axes in figure.axes:
        left, bottom, width, height = axes.get_position(original=True).bounds
        axes.set_position((round(left, 9), round(bottom, 9), round(width, 9), round(height, 9)))
    for path in written:
        with atomic_path(path) as temporary:
            figure.savefig(temporary, format=path.suffix[1:], dpi=PNG_DPI, metadata=METADATA[path.suffix])
    return written


def write_png(figure: Figure, target: Path | BytesIO) -> None:
    """Write `figure` as PNG; equal figures are equal bytes."""
    figure.savefig(target, format="png", dpi=PNG_DPI, metadata=METADATA[".png"])


def png(figure: Figure) -> bytes:
    """The bytes of `figure` as PNG."""
    buffer = BytesIO()
    write_png(figure, buffer)
    return buffer.getvalue()
