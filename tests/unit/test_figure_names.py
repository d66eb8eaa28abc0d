"""What a legend calls its lines, and which folders hold runs."""

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from figure_doubles import histories, segment_tables
from matplotlib.figure import Figure

from hrm.report import figure_curves, figure_segments, style
from hrm.report.run_paths import runs_below
from hrm.report.tables import Run, legend_names, read_table

LONG = ("pointer_baseline", "pointer_last_refinement", "pointer_with_a_longer_name")


def groups(root: Path, counts: dict[tuple[str, str], int]) -> dict[tuple[str, str], list[Run]]:
    table = read_table(segment_tables(root)[0], ["segments"])
    return {(task, name): [Run(task, name, f"seed{n}", table) for n in range(k)] for (task, name), k in counts.items()}


def many(path: Path, root: Path) -> list[Path]:
    """Copies of a table for three variants with long names, of two tasks with long names."""
    made = [
        root / task / name / "seed0" / path.name for task in ("lattice_mazes", "lattice_mazes_open") for name in LONG
    ]
    for copy in made:
        copy.parent.mkdir(parents=True)
        shutil.copy(path, copy)
    return made


def segments(paths: Sequence[Path]) -> Figure:
    return figure_segments.draw(paths, "95 %")


@pytest.mark.parametrize("lines", [1, 2, 6])
@pytest.mark.parametrize(("make", "draw"), [(histories, figure_curves.draw), (segment_tables, segments)])
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
    assert legend_names(groups(tmp_path, {one: 3, two: 3})) == (["hrm", "single"], "thick lines: means of 3 seeds")
    assert legend_names(groups(tmp_path, {one: 1, two: 1})) == (["hrm", "single"], "1 seed")
    names, note = legend_names(groups(tmp_path, {one: 3, two: 1}))
    assert (names, note) == (["hrm (3 seeds)", "single (1 seed)"], "thick lines: means of seeds")


def test_names_have_their_task_where_there_are_several(tmp_path: Path) -> None:
    names, _ = legend_names(groups(tmp_path, {("mazes", "hrm"): 1, ("sudoku", "hrm"): 1}))
    assert names == ["mazes, hrm", "sudoku, hrm"]


def test_runs_are_the_folders_named_by_a_seed(tmp_path: Path) -> None:
    for folder in ("b/x/seed10", "b/x/seed2", "a/y/seed0", "a/y/seed_old", "a/y/seed", "repeats/a/y/seed0"):
        path = tmp_path / folder / "metrics.json"
        path.parent.mkdir(parents=True)
        path.write_text("{}")
    (tmp_path / "a" / "z" / "seed1").mkdir(parents=True)  # without the file
    assert runs_below(tmp_path, "metrics.json") == [("a", "y", 0), ("b", "x", 2), ("b", "x", 10)]
