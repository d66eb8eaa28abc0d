"""One look for all figures: sizes of a printed page, colours that colour-blind readers can tell apart, equal bytes.

matplotlib is imported where something is drawn, so that the list of figures is read at once.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from hrm.core.files import atomic_path

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

COLUMN_WIDTH, PAGE_WIDTH = 3.4, 7.0  # inches: one column and both columns of a printed page
LETTERS_AN_INCH = 15.5  # of text of 8 points, on average
LINE_HEIGHT = 0.17  # inches
PNG_DPI = 200
SUFFIXES = (".svg", ".png", ".pdf")
# Of what else would differ from day to day, or with the version of matplotlib.
METADATA: dict[str, dict[str, None]] = {
    ".svg": {"Date": None, "Creator": None},
    ".png": {"Software": None},
    ".pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}
# After Okabe and Ito, "Color Universal Design" (2008); where theirs has a contrast below or near 3 to white, a darker
# one of the same hue (orange, purple, green), and indigo in place of their sky blue.
BLACK, ORANGE, INDIGO, GREEN, BLUE, VERMILLION, PURPLE = (
    "#000000",
    "#A66A00",
    "#5B4BA8",
    "#00855F",
    "#0072B2",
    "#D55E00",
    "#B3478C",
)
SERIES = (BLUE, VERMILLION, GREEN, PURPLE, ORANGE, INDIGO, BLACK)
LINES = ("-", "--", "-.", ":")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
GREY = "#6E6E6E"
PALE = "#C9C9C9"  # of what stands behind, to compare with
MOST_LINES = len(SERIES)  # in one panel: with more, each line has a panel of its own

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
    import matplotlib

    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_RULES)
        yield


def new_figure(width: float, height: float, layout: Literal["constrained"] | None = "constrained") -> Figure:
    """An empty figure of that size in inches."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout=layout)
    FigureCanvasAgg(figure)
    return figure


def look_of(index: int) -> dict[str, Any]:
    """Colour, marker and line of the series at that place; no two of the first 28 are alike."""
    return {
        "color": SERIES[index % len(SERIES)],
        "marker": MARKERS[index % len(MARKERS)],
        "linestyle": LINES[(index + index // len(SERIES)) % len(LINES)],
    }


class Below(NamedTuple):
    """A legend outside the panels, below or above them, with notes over its entries."""

    columns: int
    text: str  # of the notes, in lines that fit
    height: float  # inches that it takes

    def put(
        self,
        figure: Figure,
        handles: Sequence[Artist],
        place: Literal["outside lower left", "outside upper left"] = "outside lower left",
    ) -> None:
        """Draw it into `figure`, whose layout makes room for it."""
        figure.legend(handles=handles, loc=place, ncols=self.columns, title=self.text or None, alignment="left")


def below(width: float, names: Sequence[str], notes: Sequence[str]) -> Below:
    """The legend of so many names in a figure `width` inches wide; each note begins a line of its own."""
    letters = int(LETTERS_AN_INCH * width) - 2
    longest = max(map(len, names), default=0) + 5
    columns = max(1, min(4, letters // longest, len(names)))
    # As few columns as the same number of lines needs.
    lines = -(-len(names) // columns)
    columns = -(-len(names) // lines) if lines else 1
    text = "\n".join(line for note in notes if note for line in textwrap.wrap(note, letters))
    return Below(columns, text, LINE_HEIGHT * (lines + (text.count("\n") + 1 if text else 0)) + 0.1)


def wrapped(text: str, inches: float) -> str:
    """`text` in lines that fit into so many inches."""
    return "\n".join(textwrap.wrap(text, max(8, int(LETTERS_AN_INCH * inches))))


def series_of(words: Sequence[str]) -> str:
    """`a, b and c`."""
    return " and ".join([", ".join(words[:-1]), *words[-1:]]) if len(words) > 1 else "".join(words)


def heading(figure: Figure, text: str) -> None:
    """The title of a whole figure, on the left, in lines that fit."""
    figure.suptitle(wrapped(text, figure.get_figwidth() * 0.9), x=0.01, ha="left", fontsize=9)


def statement(text: str, width: float = COLUMN_WIDTH) -> Figure:
    """A figure that says in words what a chart would not show."""
    lines = wrapped(text, width - 0.2)
    figure = new_figure(width, 0.3 + LINE_HEIGHT * (lines.count("\n") + 1), layout=None)
    figure.text(0.1 / width, 0.5, lines, ha="left", va="center", fontsize=8.5)
    return figure


def handle(label: str, **look: Any) -> Line2D:
    """The entry of a line or mark in a legend."""
    from matplotlib.lines import Line2D

    return Line2D([], [], label=label, **look)


def ticks(axis: Axis, places: Sequence[float], labels: Sequence[str] | None = None) -> None:
    """Ticks at these places and no others, with these labels or the numbers themselves."""
    from matplotlib.ticker import FixedFormatter, FixedLocator, NullLocator

    axis.set_major_locator(FixedLocator(list(places)))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FixedFormatter([f"{place:g}" for place in places] if labels is None else list(labels)))


def few_ticks(axis: Axis, most: int, integer: bool = False) -> None:
    """So many ticks at most."""
    from matplotlib.ticker import MaxNLocator

    axis.set_major_locator(MaxNLocator(most, integer=integer))


def short_numbers(axis: Axis, digits: int | None = None) -> None:
    """27M instead of 27000000."""
    from matplotlib.ticker import EngFormatter

    axis.set_major_formatter(EngFormatter(sep="", places=digits))


def powers(most: int) -> list[int]:
    """Powers of two up to `most`."""
    return [2**power for power in range(most.bit_length())]


def power_ticks(axes: Axes, most: int, room: int = 5) -> None:
    """A logarithmic horizontal axis up to `most`; with more powers of two than `room` every second is labelled."""
    axes.set_xscale("log", base=2)
    places = powers(most)
    shown = places if len(places) <= room else places[::-2]
    ticks(axes.xaxis, sorted(shown))


def per_cent(axes: Axes, values: Sequence[float], floor: bool = False) -> None:
    """Vertical limits of an axis of per cent that show its values: all of it, or less where all are small.

    With `floor` the axis begins just below values that are all high, as lines and dots may.
    """
    known = [value for value in values if value == value]
    greatest, least = max(known, default=100.0), min(known, default=0.0)
    marks = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0)
    top = next((mark for mark in marks if 1.05 * greatest <= mark), 100.0)
    bottom = 10 * ((least - 8) // 10) if floor and least >= 48 else 0.0
    axes.set_ylim(bottom - 0.02 * (top - bottom) if floor else bottom, top + 0.02 * (top - bottom))


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
