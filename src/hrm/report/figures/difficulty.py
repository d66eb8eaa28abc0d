"""Histogram of difficulty of a data set's two splits."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hrm.core.errors import DataError
from hrm.core.files import read_json
from hrm.report import style
from hrm.report.figures import Input

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from hrm.report.words import Words

TITLE = "difficulty of a data set"
CAPTION = (
    "Share of the training and of the test examples by difficulty, which the two splits should share. Sudoku: "
    "guesses of a documented solver; mazes: length of the shortest path; ARC: cells of the larger grid of a pair."
    " Where all examples are in one class, a sentence says so in place of bars."
)
INPUTS = {"dataset": Input("dataset.json (hrm generate makes it)", file="dataset.json")}
SPLITS = {"train": "training", "test": "test"}
# What the rating of a family counts.
RATINGS = {
    "sudoku": "difficulty (guesses of the solver)",
    "maze": "length of the shortest path (steps)",
    "lattice": "length of the shortest path (steps)",
    "arc": "cells of the pair's larger grid",
}


def draw(words: Words, dataset: Path) -> Figure:
    """From dataset.json; DataError when it is another file."""
    described = read_json(dataset)
    if not isinstance(described, dict) or not isinstance(described.get("statistics"), dict):
        raise DataError(f"{dataset}: is not a dataset.json; it must hold statistics")
    return histogram(described, str(dataset))


def histogram(info: Mapping[str, Any], source: str) -> Figure:
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
    filled = [place for place, bounds in enumerate(bins) if any(found.get(bounds) for found in counts.values())]
    bins = bins[filled[0] : filled[-1] + 1]  # a wished minimum leaves the first bins empty
    names = [
        f"{SPLITS[split]} (n = {sum(counts[split].values()):,}, {_range(rating)})" for split, rating in ratings.items()
    ]
    if len(bins) == 1:
        return style.statement(f"{RATINGS[info['family']]}: {'; '.join(names)}. All are in one class.".capitalize())
    legend = style.below(style.COLUMN_WIDTH, names, [])
    figure = style.new_figure(style.COLUMN_WIDTH, 2.2 + legend.height)
    axes = figure.add_subplot()
    width = 0.8 / len(ratings)
    looks: list[dict[str, Any]] = [
        {"color": style.SERIES[number], "hatch": ("", "////")[number], "edgecolor": "white", "linewidth": 0.4}
        for number in range(len(ratings))
    ]
    highest = 0.0
    handles: list[Any] = []
    for number, (split, look) in enumerate(zip(ratings, looks, strict=True)):
        total = sum(counts[split].values())
        shares = [100 * counts[split].get(bounds, 0) / total for bounds in bins]
        highest = max(highest, *shares)
        places = [place + (number - (len(ratings) - 1) / 2) * width for place in range(len(bins))]
        handles.append(axes.bar(places, shares, width, label=names[number], **look))
    axes.set_xticks(range(len(bins)), [_bin_name(*bounds) for bounds in bins])
    axes.tick_params("x", length=0, rotation=0 if len(bins) <= 5 else 30)
    axes.set_xlim(-0.75, len(bins) - 0.25)
    axes.set_ylim(0, highest * 1.05)
    axes.grid(visible=False, axis="x")
    axes.set_xlabel(RATINGS[info["family"]])
    axes.set_ylabel("share of examples (%)")
    legend.put(figure, handles, "outside upper left")
    return figure


def _range(rating: Mapping[str, Any]) -> str:
    if rating["minimum"] == rating["maximum"]:
        return f"all {rating['minimum']:,}"
    return f"{rating['minimum']:,} to {rating['maximum']:,}, mean {rating['mean']:.1f}"


def _counts(histogram: Mapping[str, Any]) -> dict[tuple[int, int], int]:
    """(from, to) inclusive -> count."""
    edges = histogram["edges"]
    bounds = [(int(low), int(high) - 1) for low, high in itertools.pairwise(edges)]
    return dict(zip(bounds, histogram["counts"], strict=True))


def _bin_name(low: int, high: int) -> str:
    return f"{low}" if low == high else f"{low}–{high}"
