"""Examples of a data set side by side: input, label, and both under one augmentation."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure, FigureBase

from hrm.data.dataset import Cells, DatasetInfo
from hrm.data.samples import Sample
from hrm.report import style
from hrm.report.drawings import Draw, drawing, rating_text

HEADINGS = ("input", "label", "input, augmented", "label, augmented")
SPLIT_NAMES = {"train": "training", "test": "test"}
SIDE = style.PAGE_WIDTH / 4  # inches of a grid on the sheet
LARGE_SIDE = style.PAGE_WIDTH / 3  # on a page of its own
TITLE_HEIGHT = 0.42  # inches above each row of grids


def sheet(info: DatasetInfo, shown: Sequence[Sample]) -> Figure:
    """As wide as a printed page: one row an example, two where nothing is augmented."""
    lines = _lines(shown)
    figure = style.new_figure(style.PAGE_WIDTH, len(lines) * (SIDE + TITLE_HEIGHT))
    draw = drawing(info.family, info.generator)
    for line, row in zip(lines, figure.subfigures(len(lines), 1, squeeze=False)[:, 0], strict=True):
        # An example that stands alone but is not augmented leaves the right half free.
        blocks = [row] if line[0].augmented else row.subfigures(1, 2)
        for sample, block in zip(line, blocks, strict=False):
            block.suptitle(caption(info, sample), x=0.01, ha="left", size=8.5, weight="bold")
            _block(block, info, draw, sample, SIDE)
    return figure


def single(info: DatasetInfo, sample: Sample) -> Figure:
    """One example, for a page that says itself which."""
    columns = 4 if sample.augmented else 2
    figure = style.new_figure(LARGE_SIDE * columns, LARGE_SIDE + TITLE_HEIGHT / 2)
    _block(figure, info, drawing(info.family, info.generator), sample, LARGE_SIDE)
    return figure


def _lines(shown: Sequence[Sample]) -> list[list[Sample]]:
    """Samples in order, row by row; two of the same split that are not augmented share one."""
    lines: list[list[Sample]] = []
    for sample in shown:
        before = lines[-1] if lines else []
        shares = len(before) == 1 and before[0].split == sample.split and not (before[0].augmented or sample.augmented)
        if shares:
            before.append(sample)
        else:
            lines.append([sample])
    return lines


def caption(info: DatasetInfo, sample: Sample) -> str:
    """Which example it is and how hard."""
    total = info.train_examples if sample.split == "train" else info.test_examples
    name = f"{sample.name}, " if sample.name else ""
    split = SPLIT_NAMES[sample.split]
    return f"{split} example {sample.number + 1:,} of {total:,} ({name}{rating_text(info.family, sample.rating)})"


def facts_line(info: DatasetInfo) -> str:
    """What the data set is, in one sentence or two."""
    grid = "x".join(map(str, info.grid_shape))
    ids = f", {info.puzzle_ids:,} puzzle ids" if info.puzzle_ids > 1 else ""
    text = f"{info.train_examples:,} training and {info.test_examples:,} test examples on grids of {grid}{ids}."
    ratings = [
        f"{SPLIT_NAMES[split]} {rating['minimum']:,} to {rating['maximum']:,}, mean {rating['mean']:.1f}"
        for split in SPLIT_NAMES
        if (rating := info.statistics.get(split, {}).get("rating"))
    ]
    return f"{text} Difficulty: {'; '.join(ratings)}." if ratings else text


def _block(figure: FigureBase, info: DatasetInfo, draw: Draw, sample: Sample, side: float) -> None:
    pairs = [sample.pair] if sample.augmented is None else [sample.pair, sample.augmented]
    panels = figure.subplots(1, 2 * len(pairs), squeeze=False)[0]
    for place, axes in enumerate(panels):
        pair = pairs[place // 2]
        axes.set_title(HEADINGS[place], size=8.0)
        given = _grid(info, pair.inputs)
        axes.set_anchor("N")  # grids of other heights than their neighbours hang from one line
        draw(axes, given if place % 2 == 0 else _grid(info, pair.labels), given, 0.92 * side)


def _grid(info: DatasetInfo, tokens: Cells) -> Cells:
    """Tokens (cells,) as rows and columns; more than two axes are laid side by side."""
    return np.asarray(tokens).reshape(info.grid_shape[0], -1)
