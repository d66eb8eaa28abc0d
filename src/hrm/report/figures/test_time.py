"""What more computation at test time brings a trained network: a row a network, a panel a way to spend it.

Limit of segments; number of tries, with noise or at symmetric puzzles, and who chooses among them; few empty cells; of
ARC the votes and the puzzle ids.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from hrm.core.errors import DataError
from hrm.report import style
from hrm.report.figures import Input
from hrm.report.tables import read_table
from hrm.report.words import weights_in_words

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

    from hrm.report.words import Words

TITLE = "more computation at test time"
CAPTION = (
    "Test puzzles solved by trained networks, a row each, with more segments than in training, with several tries"
    " (noise on the states, symmetric puzzles) of which one is chosen without the solution, on puzzles with few "
    "empty cells, and of ARC with other votes and ids. What lies above the thin horizontal line is gained by "
    "computation alone; between the most frequent answer and the dotted line lies what a better choice among the "
    "tries could still gain."
)
INPUTS = {"tables": Input("test_time.csv of each set of weights", file="test_time.csv", many=True)}
COLUMNS = ("segments", "trained_segments", "tries", "answers", "examples", "exact_accuracy")
ENDS = ("exact_accuracy_low", "exact_accuracy_high")
WORDS = ("task", "variant", "weights", "method", "choice", "noise", "noise_place", "empty_cells", "ids")
Look = dict[str, Any]
# Of the ways to choose among tries; what is drawn with the same look elsewhere means the same.
CHOICES: dict[str, tuple[str, Look]] = {
    "majority": ("most frequent answer", {"color": style.BLUE, "marker": "o"}),
    "best_halt": ("highest halt value", {"color": style.VERMILLION, "marker": "s"}),
    "first_to_halt": ("first to halt", {"color": style.GREEN, "marker": "^"}),
    "any": ("some try right at the end", {"color": style.GREY, "linestyle": ":", "marker": "D"}),
}
LAST: tuple[str, Look] = ("one try, all segments", {"color": style.BLACK, "marker": "o"})
HALTS: tuple[str, Look] = ("one try, stops by itself", {"color": style.GREEN, "marker": "^", "linestyle": "--"})
IDS = {"own_id": "own id", "blank_id": "blank id", "other_id": "other's id"}
ONE_TRY: Look = {"color": style.BLACK, "linestyle": "-", "linewidth": 0.9, "alpha": 0.6}
TRAINED: Look = {"color": style.GREY, "linestyle": ":", "linewidth": 1.2}
BANDS = (style.BLACK, style.BLUE)  # bands of all lines would hide them


class Panel(NamedTuple):
    """A column of the figure: the rows of a table that it shows."""

    title: str
    axis: str
    rows: Callable[[pd.DataFrame], pd.DataFrame]
    draw: Callable[[Axes, pd.DataFrame, pd.DataFrame], None]


def draw(words: Words, tables: Sequence[Path]) -> Figure:
    """From test_time.csv files, a row each in the order of `tables`; bands are intervals.

    Noise is the first kind that a table has. Raises DataError when a table is broken.
    """
    read = [read_table(path, (*COLUMNS, *ENDS), WORDS) for path in tables]
    for path, table in zip(tables, read, strict=True):
        if (table["method"] != "segments").all():
            raise DataError(f"{path}: has no rows of method segments (hrm analyse test_time writes them)")
    panels = [panel for panel in PANELS if any(len(panel.rows(table)) for table in read)]
    handles, notes = _entries(read, words)
    legend = style.below(style.PAGE_WIDTH, [str(handle.get_label()) for handle in handles], notes)
    figure = style.new_figure(style.PAGE_WIDTH, 0.5 + 1.4 * len(read) + legend.height)
    grid = figure.subplots(len(read), len(panels), squeeze=False, sharey=True, sharex="col")
    shown = [panel.rows(table)[end] for table in read for panel in panels for end in ("exact_accuracy", ENDS[0])]
    for row, table in enumerate(read):
        for column, panel in enumerate(panels):
            axes, rows = grid[row, column], panel.rows(table)
            if len(rows):
                panel.draw(axes, rows, table)
            else:
                axes.set_visible(False)
            if row == 0:
                axes.set_title(panel.title, loc="left")
            if row == len(read) - 1:
                axes.set_xlabel(panel.axis)
        variant = style.wrapped(words.variant(table["variant"].iloc[0]), 1.2)
        grid[row, 0].set_ylabel(f"{variant},\n{weights_in_words(table['weights'].iloc[0])}\nsolved (%)")
    style.per_cent(grid[0, 0], [100 * float(value) for values in shown for value in values], floor=True)
    legend.put(figure, handles)
    return figure


def _segments(axes: Axes, rows: pd.DataFrame, table: pd.DataFrame) -> None:
    for choice, (_, look) in (("halts", HALTS), ("last", LAST)):
        _line(axes, rows[rows["choice"] == choice], "segments", look)
    axes.axvline(int(table["trained_segments"].iloc[0]), **TRAINED)
    style.power_ticks(axes, int(rows["segments"].max()))


def _tries(axes: Axes, rows: pd.DataFrame, table: pd.DataFrame) -> None:
    for choice, (_, look) in reversed(CHOICES.items()):
        _line(axes, rows[rows["choice"] == choice], "tries", look)
    axes.axhline(100 * _plain(table), **ONE_TRY)
    style.power_ticks(axes, int(rows["tries"].max()))


def _empty_cells(axes: Axes, rows: pd.DataFrame, table: pd.DataFrame) -> None:
    _line(axes, rows, "empty_cells", LAST[1])
    axes.axhline(100 * _plain(table), **ONE_TRY)
    style.power_ticks(axes, int(rows["empty_cells"].max()))


def _votes(axes: Axes, rows: pd.DataFrame, table: pd.DataFrame) -> None:
    """Pass@1 as dots with their intervals: one vote hollow, all votes filled."""
    most = rows["tries"].max()
    for place, ids in enumerate(IDS):
        for votes, apart, filled in ((1, -0.15, "white"), (most, 0.15, style.BLUE)):
            one = rows[(rows["ids"] == ids) & (rows["tries"] == votes)].iloc[0]
            low, high = (100 * float(one[end]) for end in ENDS)
            axes.plot([place + apart] * 2, [low, high], color=style.BLUE, linewidth=1.2, clip_on=False)
            score = 100 * float(one["exact_accuracy"])
            axes.plot(place + apart, score, "o", color=style.BLUE, mfc=filled, markersize=5, clip_on=False)
    axes.set_xticks(range(len(IDS)), list(IDS.values()))
    axes.set_xlim(-0.6, len(IDS) - 0.4)


def _of_tries(method: str) -> Callable[[pd.DataFrame], pd.DataFrame]:
    def rows(table: pd.DataFrame) -> pd.DataFrame:
        found = table[table["method"] == method]
        if method == "noise" and len(found):
            first = found.iloc[0]
            found = found[(found["noise"] == first["noise"]) & (found["noise_place"] == first["noise_place"])]
        return found

    return rows


def _of_method(method: str) -> Callable[[pd.DataFrame], pd.DataFrame]:
    return lambda table: table[(table["method"] == method) & (table["answers"] == 1)]


PANELS = (
    Panel("More segments", "segments", _of_method("segments"), _segments),
    Panel("Tries with noise", "tries", _of_tries("noise"), _tries),
    Panel("Symmetric puzzles", "tries", _of_tries("symmetries"), _tries),
    Panel("Few empty cells", "empty cells", _of_method("empty_cells"), _empty_cells),
    Panel("Votes, ids (pass@1)", "", _of_method("votes"), _votes),
)


def _line(axes: Axes, rows: pd.DataFrame, place: str, look: Look) -> None:
    if rows.empty:
        return
    if look["color"] in BANDS:
        low, high = (100 * rows[end] for end in ENDS)
        axes.fill_between(rows[place], low, high, color=look["color"], alpha=0.15, linewidth=0)
    axes.plot(rows[place], 100 * rows["exact_accuracy"], linewidth=1.3, **look)


def _plain(table: pd.DataFrame) -> float:
    """Accuracy of one try with the segments of training."""
    trained = table["trained_segments"]
    found = table[(table["method"] == "segments") & (table["choice"] == "last") & (table["segments"] == trained)]
    return float(found["exact_accuracy"].iloc[0])


def _entries(tables: Sequence[pd.DataFrame], words: Words) -> tuple[list[Line2D], list[str]]:
    """The entries of the legend and the notes over them."""
    seen = {choice for table in tables for choice in table["choice"]}
    handles = [style.handle(LAST[0], **LAST[1])]
    if "halts" in seen:
        handles.append(style.handle(HALTS[0], **HALTS[1]))
    handles += [style.handle(name, **look) for choice, (name, look) in CHOICES.items() if choice in seen]
    handles.append(style.handle("one try, segments of training", **ONE_TRY))
    handles.append(style.handle("segments in training", **TRAINED))

    def of(method: str) -> list[pd.DataFrame]:
        return [rows for table in tables if len(rows := table[table["method"] == method])]

    votes, noise = of("votes"), of("noise")
    if votes:
        look: Look = {"color": style.BLUE, "marker": "o", "markersize": 5, "linestyle": "none"}
        handles.append(style.handle("one vote", mfc="white", **look))
        handles.append(style.handle(f"{max(int(rows['tries'].max()) for rows in votes)} votes", **look))
    counts = sorted({int(count) for rows in of("segments") for count in rows["examples"]})
    notes = [f"n = {' or '.join(f'{count:,}' for count in counts)} test puzzles"]
    if votes:
        notes.append(f"{max(int(rows['examples'].max()) for rows in votes):,} tasks")
    if noise:
        first = noise[0].iloc[0]
        where = "before every segment" if first["noise_place"] == "every_segment" else "at the start"
        notes.append(f"noise of deviation {float(first['noise']):g} {where}")
    return handles, ["; ".join([*notes, f"bands of black and blue: {words.confidence} Wilson intervals"])]
