"""Histogram of difficulty of a data set's two splits."""

import itertools
from collections.abc import Mapping
from typing import Any

from matplotlib.figure import Figure

from hrm.core.errors import DataError
from hrm.report import style

SPLITS = {"train": "training", "test": "test"}
# What the rating of a family counts.
RATINGS = {
    "sudoku": "difficulty (guesses of the solver)",
    "maze": "length of the shortest path (steps)",
    "lattice": "length of the shortest path (steps)",
    "arc": "cells of the pair's larger grid",
}


def draw(info: Mapping[str, Any], source: str) -> Figure:
    """Share of examples by difficulty, in the bins of dataset.json; splits without examples are left out.

    Args:
        info: the content of dataset.json.
        source: its path, for messages.

    Raises DataError when it holds no ratings.
    """
    ratings = {
        split: info["statistics"][split]["rating"] for split in SPLITS if "rating" in info["statistics"].get(split, {})
    }
    if not ratings:
        raise DataError(f"{source}: statistics holds no rating of train or test")
    counts = {split: _counts(rating["histogram"]) for split, rating in ratings.items()}
    bins = sorted({bounds for found in counts.values() for bounds in found})
    while len(bins) > 1 and not any(found.get(bins[0]) for found in counts.values()):
        bins = bins[1:]  # a wished minimum leaves the first bins empty
    figure = style.new_figure(style.COLUMN_WIDTH, 2.5)
    axes = figure.add_subplot()
    width = 0.8 / len(ratings)
    highest = 0.0
    for number, (split, rating) in enumerate(ratings.items()):
        total = sum(counts[split].values())
        shares = [100 * counts[split].get(bounds, 0) / total for bounds in bins]
        highest = max(highest, *shares)
        places = [place + (number - (len(ratings) - 1) / 2) * width for place in range(len(bins))]
        name = (
            f"{SPLITS[split]} (n = {total:,}, {rating['minimum']} to {rating['maximum']:,}, mean {rating['mean']:.1f})"
        )
        hatch = ("", "////")[number]
        colour = style.SERIES[number]
        axes.bar(places, shares, width, label=name, color=colour, hatch=hatch, edgecolor="white", linewidth=0.4)
    axes.set_xticks(range(len(bins)), [_bin_name(*bounds) for bounds in bins])
    axes.tick_params("x", length=0, rotation=0 if len(bins) <= 5 else 30)
    margin = 0.75 if len(bins) > 1 else 1.5
    axes.set_xlim(-margin, len(bins) - 1 + margin)
    axes.set_ylim(0, highest * 1.05)
    axes.grid(visible=False, axis="x")
    axes.set_xlabel(RATINGS[info["family"]])
    axes.set_ylabel("share of examples (%)")
    figure.legend(loc="outside upper left", ncols=1)
    return figure


def _counts(histogram: Mapping[str, Any]) -> dict[tuple[int, int], int]:
    """(from, to) inclusive -> count."""
    edges = histogram["edges"]
    bounds = [(int(low), int(high) - 1) for low, high in itertools.pairwise(edges)]
    return dict(zip(bounds, histogram["counts"], strict=True))


def _bin_name(low: int, high: int) -> str:
    return f"{low}" if low == high else f"{low}–{high}"
