"""One example, step by step: what the model would answer after each. A film strip for print, an animation for screens.

The paper's figure 7 shows such intermediate answers of HRM.
"""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hrm.core.files import atomic_path, read_json
from hrm.report import style
from hrm.report.figures import Input

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D
    from PIL import Image

    from hrm.report.film import Cells, Film, Frame
    from hrm.report.words import Words

    Handles = list[tuple[Artist | tuple[Artist, ...], str]]

TITLE = "one puzzle, step by step"
CAPTION = (
    "One unseen puzzle: what the output head reads from the answering state after each of its updates (figure 7 "
    "of the HRM paper), of which those are shown that change the answer. Cells that changed have a corner, wrong "
    "ones a frame or a cross; p(halt) is what the halt head gives to stopping, and the target stands last."
)
INPUTS = {"steps": Input("steps.json (hrm evaluate makes it)", file="steps.json")}
MOST_PANELS = 9  # the input, seven answers and the target: three rows of a column
MOST_MOVING = 64  # frames of an animation; with more steps, each segment is one
MOVING_SIZE = (6.4, 2.9)  # inches of an animation
DPI = 100  # of an animation
FRAME_MILLISECONDS = 500
PAUSE_MILLISECONDS = 3000  # on the last frame, before it starts over


def draw(words: Words, steps: Path) -> Figure:
    """From steps.json; DataError when it is of another kind."""
    return strip(_read(steps))


def animate(words: Words, target: Path, steps: Path) -> None:
    """Write the answers as an animated GIF, which every browser and viewer plays."""
    save_animation(_read(steps), target)


def _read(path: Path) -> Film:
    from hrm.report.film import read_film

    return read_film(read_json(path), str(path))


def strip(film: Film) -> Figure:
    """The input, the answers at which something changed, the target."""
    from hrm.report.film import choose_frames

    chosen = choose_frames(film, MOST_PANELS - 2)
    columns = layout(len(chosen) + 2)
    rows = -(-(len(chosen) + 2) // columns)
    side = style.COLUMN_WIDTH / columns - 0.08
    lines = 3 if film.frames[-1].halt is not None else 2
    names = _legend(film.family)
    title = style.wrapped(_headline(film, ", "), style.COLUMN_WIDTH - 0.1)
    height = rows * (side + 0.15 * lines + 0.05) + 0.4 + 0.16 * (-(-len(names) // 2) + title.count("\n"))
    figure = style.new_figure(style.COLUMN_WIDTH, height)
    figure.get_layout_engine().set(w_pad=0.02, h_pad=0.02)  # type: ignore[union-attr, call-arg]
    panels = list(figure.subplots(rows, columns, squeeze=False).flat)
    for axes in panels[len(chosen) + 2 :]:
        axes.set_axis_off()
    figure.suptitle(title, size=8.5)
    _still(panels[0], film, film.given, "input", side)
    before = None
    for axes, index in zip(panels[1:], chosen, strict=False):
        frame = film.frames[index]
        _answer(axes, film, frame, before, side)
        place = f"segment {frame.segment}" if film.steps == 1 else f"seg. {frame.segment}, step {frame.step}"
        halt = "" if frame.halt is None else f"\np(halt) {frame.halt:.2f}"
        axes.set_title(f"{place}\n{_verdict(film, frame)}{halt}", size=8)
        before = frame.cells
    _still(panels[len(chosen) + 1], film, film.target, "target", side)
    handles, labels = zip(*names, strict=True)
    figure.legend(handles, labels, loc="outside lower center", ncols=2, handlelength=1.2, columnspacing=1.0)
    return figure


def save_animation(film: Film, target: Path) -> int:
    """Write the film as GIF and return the number of its frames."""
    import numpy as np
    from PIL import Image

    chosen = moving_frames(film)
    before = [None, *(frame.cells for frame in chosen)]
    pictures = [_picture(draw_moving(film, frame, cells)) for frame, cells in zip(chosen, before, strict=False)]
    # One palette for all, so that what stays the same does not flicker.
    palette = Image.fromarray(np.concatenate([np.asarray(picture) for picture in pictures])).quantize()
    first, *others = [picture.quantize(palette=palette, dither=Image.Dither.NONE) for picture in pictures]
    durations = [FRAME_MILLISECONDS] * len(others) + [PAUSE_MILLISECONDS]
    with atomic_path(target) as temporary:
        first.save(temporary, format="GIF", save_all=True, append_images=others, duration=durations, loop=0)
    return len(pictures)


def _picture(figure: Figure) -> Image.Image:
    from PIL import Image

    buffer = BytesIO()
    figure.savefig(buffer, format="png", dpi=DPI)
    return Image.open(buffer).convert("RGB")


def moving_frames(film: Film) -> list[Frame]:
    """The frames of an animation: every step, or every segment's last where there are more than MOST_MOVING."""
    if len(film.frames) <= MOST_MOVING:
        return film.frames
    return [frame for frame in film.frames if frame.step == film.steps]


def draw_moving(film: Film, frame: Frame, before: Cells | None) -> Figure:
    """One picture of an animation: the input, an answer with its marks, the target."""
    figure = style.new_figure(*MOVING_SIZE, layout=None)  # places are the same in every frame
    figure.subplots_adjust(left=0.01, right=0.99, bottom=0.11, top=0.86, wspace=0.05)
    given, answer, target = figure.subplots(1, 3)
    side = MOVING_SIZE[0] / 3 - 0.1
    _still(given, film, film.given, _headline(film, "\n"), side)
    _answer(answer, film, frame, before, side)
    step = f", step {frame.step} of {film.steps}" if film.steps > 1 else ""
    halt = "" if frame.halt is None else f", p(halt) {frame.halt:.2f}"
    answer.set_title(f"segment {frame.segment} of {film.segments}{step}\n{_verdict(film, frame)}{halt}")
    _still(target, film, film.target, "target", side)
    handles, labels = zip(*_legend(film.family), strict=True)
    figure.legend(handles, labels, loc="lower center", ncols=len(labels), handlelength=1.2, borderpad=0.2)
    return figure


def layout(panels: int) -> int:
    """Number of columns for so many grids: rows as full as they can be, at most three."""
    return 2 if panels == 4 else 3


def _headline(film: Film, between: str) -> str:
    from hrm.report.drawings import rating_text

    difficulty = f"difficulty: {rating_text(film.family, film.rating)}"
    weights = f"{between}{film.weights}" if film.weights else ""
    return f"Test puzzle {film.example + 1:,} of {film.examples:,}{between}{difficulty}{weights}"


def _verdict(film: Film, frame: Frame) -> str:
    wrong = film.wrong(frame)
    return f"{wrong} wrong" if wrong else "solved"


def _still(axes: Axes, film: Film, cells: Cells, title: str, side: float) -> None:
    from hrm.report import film_panels

    film_panels.panel(film.family)(axes, film, cells, None, side)
    axes.set_title(title, size=8)


def _answer(axes: Axes, film: Film, frame: Frame, before: Cells | None, side: float) -> None:
    from hrm.report import film_panels
    from hrm.report.film import mark

    film_panels.panel(film.family)(axes, film, frame.cells, mark(film, frame.cells, before), side)


def _legend(family: str) -> Handles:
    from matplotlib.patches import Patch

    from hrm.report import film_panels
    from hrm.report.grids import GIVEN, LIGHT

    # Corners of the triangle, upper left of the marker's place.
    triangle: Any = ((-1.0, 1.0), (-1.0, -0.2), (0.2, 1.0))
    new = _marker(triangle, film_panels.NEW, 8)
    frame = Patch(fill=False, edgecolor=film_panels.WRONG, linewidth=1.3)
    if family == "sudoku":
        ground = Patch(facecolor=film_panels.NEW_GROUND, edgecolor=LIGHT, linewidth=0.5)
        return [
            (Patch(facecolor=GIVEN, edgecolor=LIGHT, linewidth=0.5), "given"),
            (_marker("$\\mathbf{4}$", film_panels.RIGHT, 6), "right (bold)"),
            ((ground, new), "new"),
            (frame, "wrong"),
        ]
    if family == "arc":
        return [(_marker("X", "#FFFFFF", 6, style.BLACK), "wrong"), (_marker(triangle, style.BLACK, 8), "new")]
    if family not in ("maze", "lattice"):
        return [(frame, "wrong"), (new, "new")]
    known: Handles = [
        (_marker("o", film_panels.RIGHT, 5), "right"),
        (_marker("X", film_panels.WRONG, 6), "wrong"),
        (new, "new"),
    ]
    missing = (_marker("o", "none", 5, film_panels.WRONG), "missing")
    return known if family == "lattice" else [*known, missing]


def _marker(shape: Any, face: str, size: float, edge: str = "none") -> Line2D:
    look: dict[str, Any] = {"marker": shape, "markersize": size, "markerfacecolor": face, "markeredgecolor": edge}
    return style.handle("", linestyle="none", **look)
