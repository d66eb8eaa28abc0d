"""What a legend calls its lines, and which folders hold runs."""

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from figure_doubles import WORDS, histories, segment_tables
from matplotlib.figure import Figure

from hrm.core.errors import DataError
from hrm.report import style
from hrm.report.figures import curves
from hrm.report.figures import segments as figure_segments
from hrm.report.run_paths import Player, runs_below
from hrm.report.tables import Run, in_order, legend_names, read_runs, read_table

NAMES = ["HRM", "one module"]
LONG = ("pointer_baseline", "pointer_last_refinement", "pointer_with_a_longer_name")


def groups(
    root: Path, counts: dict[tuple[str, str], int], players: Sequence[Player] = ("", "")
) -> dict[tuple[str, str], list[Run]]:
    """So many runs a variant, all of the player at its place."""
    table = read_table(segment_tables(root)[0], ["segments"])
    return {
        (task, name): [Run(task, name, f"seed{n}", player, table) for n in range(count)]
        for ((task, name), count), player in zip(counts.items(), players, strict=False)
    }


def many(path: Path, root: Path) -> list[Path]:
    """Copies of a table for three variants with long names, of two tasks with long names."""
    made = [
        root / task / name / Path(*path.parts[path.parts.index("seed0") :])
        for task in ("lattice_mazes", "lattice_mazes_open")
        for name in LONG
    ]
    for copy in made:
        copy.parent.mkdir(parents=True)
        shutil.copy(path, copy)
    return made


def training(paths: Sequence[Path]) -> Figure:
    return curves.draw(WORDS, paths)


def segments(paths: Sequence[Path]) -> Figure:
    return figure_segments.draw(WORDS, paths)


@pytest.mark.parametrize("lines", [1, 2, 6])
@pytest.mark.parametrize(("make", "draw"), [(histories, training), (segment_tables, segments)])
def test_a_legend_of_long_names_stays_inside_its_figure(
    tmp_path: Path, make: Callable[[Path], list[Path]], draw: Callable[[Sequence[Path]], Figure], lines: int
) -> None:
    with style.styled():
        figure = draw(many(make(tmp_path / "one")[0], tmp_path / "many")[:lines])
        figure.draw_without_rendering()
        (legend,) = figure.legends
        box, page = legend.get_window_extent(), figure.bbox
        panels = [axes.get_tightbbox() for axes in figure.axes]
    assert page.x0 <= box.x0 and box.x1 <= page.x1 and page.y0 <= box.y0 and box.y1 <= page.y1
    assert not any(box.overlaps(panel) for panel in panels if panel is not None)


def test_seeds_stand_once_where_all_lines_have_as_many(tmp_path: Path) -> None:
    one, two = ("sudoku", "hrm"), ("sudoku", "single")
    assert legend_names(groups(tmp_path, {one: 3, two: 3}), WORDS) == (NAMES, ["thick lines: means of 3 seeds"])
    assert legend_names(groups(tmp_path, {one: 1, two: 1}), WORDS) == (NAMES, ["1 seed"])
    names, notes = legend_names(groups(tmp_path, {one: 3, two: 1}), WORDS)
    assert (names, notes) == (["HRM (3 seeds)", "one module (1 seed)"], ["thick lines: means of seeds"])


def test_names_have_their_task_where_there_are_several(tmp_path: Path) -> None:
    three = {("maze_hard", "hrm"): 1, ("sudoku", "hrm"): 1, ("sudoku", "single"): 1}
    names, _ = legend_names(groups(tmp_path, three, ("", "", "")), WORDS)
    assert names == ["Mazes, HRM", "Sudoku, HRM", "Sudoku, one module"]


def test_where_one_variant_has_several_tasks_it_stands_once(tmp_path: Path) -> None:
    names, notes = legend_names(groups(tmp_path, {("maze_hard", "hrm"): 1, ("sudoku", "hrm"): 1}), WORDS)
    assert (names, notes) == (["Mazes", "Sudoku"], ["HRM", "1 seed"])


VARIANTS = ["hrm", "single"]


@pytest.mark.parametrize(
    ("counts", "players", "expected"),
    [
        ((1, 1), ("raw", "raw"), (NAMES, ["raw weights", "1 seed"])),
        ((3, 3), ("ema", "ema"), (NAMES, ["averaged weights", "thick lines: means of 3 seeds"])),
        (
            (2, 1),
            ("raw", "raw"),
            (["HRM (2 seeds)", "one module (1 seed)"], ["raw weights", "thick lines: means of seeds"]),
        ),
        ((1, 1), ("raw", "ema"), (["HRM, raw weights", "one module, averaged weights"], ["1 seed"])),
        (
            (2, 1),
            ("ema", "raw"),
            (["HRM, averaged weights (2 seeds)", "one module, raw weights (1 seed)"], ["thick lines: means of seeds"]),
        ),
    ],
)
def test_weights_stand_once_where_all_lines_have_the_same_and_else_on_each(
    tmp_path: Path, counts: tuple[int, int], players: tuple[Player, Player], expected: tuple[list[str], list[str]]
) -> None:
    found = groups(tmp_path, {("sudoku", name): count for name, count in zip(VARIANTS, counts, strict=True)}, players)
    assert legend_names(found, WORDS) == expected


def test_tables_of_two_players_are_no_seeds_of_one_variant(tmp_path: Path) -> None:
    raw, ema = (segment_tables(tmp_path, 1, "hrm", player)[0] for player in ("raw", "ema"))
    other = segment_tables(tmp_path, 1, "single", "ema")[0]
    found = read_runs([raw, other], ["segments"])
    assert {group: [run.player for run in runs] for group, runs in found.items()} == {
        ("sudoku", "hrm"): ["raw"],
        ("sudoku", "single"): ["ema"],
    }
    assert [run.player for run in in_order([ema, raw, other], ["segments"])] == ["ema", "raw", "ema"]
    with pytest.raises(DataError, match=r"raw/segments.csv: a table of ema was given for sudoku/hrm as well"):
        read_runs([raw, ema], ["segments"])


def test_runs_are_the_folders_named_by_a_seed(tmp_path: Path) -> None:
    for folder in ("b/x/seed10", "b/x/seed2", "a/y/seed0", "a/y/seed_old", "a/y/seed", "repeats/a/y/seed0"):
        path = tmp_path / folder / "metrics.json"
        path.parent.mkdir(parents=True)
        path.write_text("{}")
    (tmp_path / "a" / "z" / "seed1").mkdir(parents=True)  # without the file
    assert runs_below(tmp_path, "metrics.json") == [("a", "y", 0), ("b", "x", 2), ("b", "x", 10)]
