"""Parts of which drawings of grids are made: one unit a cell, row 0 on top."""

from collections.abc import Sequence

from matplotlib.axes import Axes

LIGHT = "#B8B8B8"
GIVEN = "#EDEDED"


def bare(axes: Axes, rows: int, columns: int) -> None:
    """Limits of a grid, no ticks, no frame."""
    axes.set(xlim=(-0.04, columns + 0.04), ylim=(rows + 0.04, -0.04), aspect="equal", xticks=[], yticks=[])
    axes.grid(visible=False)
    axes.set_frame_on(False)


def box_lines(axes: Axes, box: Sequence[int], shape: Sequence[int]) -> None:
    """Lines of cells, thin, and of boxes of box[0] rows by box[1] columns, black."""
    rows, columns = shape
    bare(axes, rows, columns)
    for count, step, other, is_row in ((rows, box[0], columns, True), (columns, box[1], rows, False)):
        for place in range(count + 1):
            wide = place % step == 0
            ends = ([0, other], [place, place])
            line = ends if is_row else ends[::-1]
            axes.plot(*line, color="black" if wide else LIGHT, lw=1.1 if wide else 0.5, zorder=3 if wide else 2)


def coloured(axes: Axes, colours: list[list[str]], line: str, line_width: float) -> None:
    """Filled cells by row and column, with lines between them."""
    rows, columns = len(colours), len(colours[0])
    bare(axes, rows, columns)
    axes.pcolormesh(
        range(columns + 1), range(rows + 1), _rgb(colours), edgecolors=line, linewidth=line_width, antialiased=True
    )


def _rgb(colours: list[list[str]]) -> list[list[tuple[float, float, float]]]:
    from matplotlib.colors import to_rgb

    return [[to_rgb(colour) for colour in row] for row in colours]
