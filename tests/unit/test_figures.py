import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import pytest
from evaluation_doubles import PARAMS
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from vote_doubles import vote_tables

from hrm.cli import main
from hrm.core.errors import DataError
from hrm.report import (
    figure_curves,
    figure_difficulty,
    figure_memory,
    figure_segments,
    figure_steps,
    figure_votes,
    style,
)
from hrm.report.claims_file import read_claims

HISTORY = "step,examples,seconds,loss,cell_accuracy,exact_accuracy,q_halt_accuracy,mean_steps,learning_rate"
CLAIMS = PARAMS / "claims.yaml"
SEGMENTS = "segments,trained_segments,examples,exact_accuracy,exact_accuracy_low,exact_accuracy_high,cell_accuracy"


def histories(root: Path, seeds: int = 3) -> list[Path]:
    paths = [root / "sudoku" / "hrm" / f"seed{seed}" / "history.csv" for seed in range(seeds)]
    for seed, path in enumerate(paths):
        path.parent.mkdir(parents=True, exist_ok=True)
        rows = [f"{step},{step},1,{1 / step},0.5,{step / 200 + seed / 100},0.9,3,0.1" for step in (25, 50, 75)]
        path.write_text("\n".join([HISTORY, *rows]) + "\n")
    return paths


def segment_tables(root: Path, seeds: int = 1) -> list[Path]:
    paths = [root / "sudoku" / "hrm" / f"seed{seed}" / "segments.csv" for seed in range(seeds)]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        rows = [f"{k},2,500,{k / 10},{k / 10 - 0.05},{k / 10 + 0.05},0.9" for k in range(1, 9)]
        path.write_text("\n".join([SEGMENTS, *rows]) + "\n")
    return paths


def dataset_info() -> dict[str, Any]:
    def rating(counts: list[int]) -> dict[str, Any]:
        edges = [0, 1, 2, 4, 8, 16][: len(counts) + 1]
        histogram = {"edges": edges, "counts": counts}
        return {"rating": {"minimum": 2, "mean": 4.5, "maximum": 15, "histogram": histogram}}

    return {"family": "sudoku", "statistics": {"train": rating([0, 0, 5, 5]), "test": rating([0, 0, 10, 20, 10])}}


def steps() -> dict[str, Any]:
    """A 4x4 puzzle with three empty cells, right from the third segment on."""
    label = np.array([[1, 2, 3, 4], [3, 4, 1, 2], [2, 1, 4, 3], [4, 3, 2, 1]]).ravel() + 1
    given = label.copy()
    given[[0, 5, 10]] = 1
    answers = [label.copy() for _ in range(4)]
    answers[0][[0, 5]] = 5, 2
    answers[1][[0]] = 4
    return {
        "family": "sudoku",
        "grid_shape": [4, 4],
        "box": [2, 2],
        "test_example": 6,
        "test_examples": 50,
        "rating": 1,
        "settled_segment": 3,
        "input": given.tolist(),
        "label": label.tolist(),
        "predictions": [answer.tolist() for answer in answers],
        "q_halt": [-3.0, -1.0, 0.0, 2.0],
    }


def memory_table(root: Path, peak: str = "") -> Path:
    """Two rules at two numbers of cycles; 1 MiB a call that carries a gradient."""
    path = root / "memory.csv"
    lines = ["rule,high_cycles,low_cycles,module_calls,gradient_calls,saved_bytes,peak_bytes"]
    lines += [f"one_step,{c},2,{3 * c},2,{2 * 2**20},{peak}" for c in (1, 2)]
    lines += [f"full,{c},2,{3 * c},{3 * c},{3 * c * 2**20},{peak}" for c in (1, 2)]
    path.write_text("\n".join(lines) + "\n")
    return path


def commands(root: Path) -> dict[str, list[str]]:
    (root / "dataset.json").write_text(json.dumps(dataset_info()))
    (root / "steps.json").write_text(json.dumps(steps()))
    return {
        "difficulty": ["--dataset", str(root / "dataset.json")],
        "curves": ["--histories", *map(str, histories(root))],
        "segments": ["--tables", *map(str, segment_tables(root)), "--params", str(PARAMS)],
        "steps": ["--steps", str(root / "steps.json")],
        "memory": ["--table", str(memory_table(root))],
        "votes": ["--tables", *map(str, vote_tables(root)), "--claims", str(CLAIMS), "--params", str(PARAMS)],
    }


@pytest.mark.parametrize("name", ["difficulty", "curves", "segments", "steps", "memory", "votes"])
def test_each_figure_is_written_twice_over_with_equal_bytes(tmp_path: Path, name: str) -> None:
    options = commands(tmp_path)[name]
    assert main(["render", name, *options, "--out", str(tmp_path / "a" / "figure")]) == 0
    with matplotlib.rc_context({"font.size": 20, "axes.grid": False}):  # the user's own settings
        assert main(["render", name, *options, "--out", str(tmp_path / "b" / "figure.svg")]) == 0
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == ["figure.png", "figure.svg"]
    for suffix in ("svg", "png"):
        first, second = ((tmp_path / folder / f"figure.{suffix}").read_bytes() for folder in "ab")
        assert first == second
    assert b"<dc:date>" not in (tmp_path / "a" / "figure.svg").read_bytes()


FIGURES: dict[str, Callable[[Path], Figure]] = {
    "difficulty": lambda root: figure_difficulty.draw(dataset_info(), "dataset.json"),
    "curves": lambda root: figure_curves.draw(histories(root)),
    "segments": lambda root: figure_segments.draw(segment_tables(root), "95 %"),
    "steps": lambda root: figure_steps.draw(steps(), "steps.json"),
    "memory": lambda root: figure_memory.draw(memory_table(root)),
    "votes": lambda root: figure_votes.draw(vote_tables(root), read_claims(CLAIMS), "95 %"),
}


@pytest.mark.parametrize("name", FIGURES)
def test_letters_are_8_points_at_a_width_that_fits_a_page(tmp_path: Path, name: str) -> None:
    with style.styled():
        figure = FIGURES[name](tmp_path)
    assert figure.get_figwidth() <= style.PAGE_WIDTH
    texts = [text for text in figure.findobj(matplotlib.text.Text) if text.get_text()]
    assert min(text.get_fontsize() for text in texts) >= 8


def test_bars_of_difficulty_are_shares_of_each_split_and_skip_empty_first_bins() -> None:
    with style.styled():
        (axes,) = figure_difficulty.draw(dataset_info(), "dataset.json").axes
    for bars, total in zip(axes.containers, (10, 40), strict=True):
        assert sum(bar.get_height() for bar in bars) == pytest.approx(100)  # type: ignore[attr-defined]
        assert f"n = {total}" in str(bars.get_label())
    assert [text.get_text() for text in axes.get_xticklabels()] == ["2–3", "4–7", "8–15"]


def test_memory_has_a_line_a_rule_and_shows_the_peak_where_it_was_measured(tmp_path: Path) -> None:
    with style.styled():
        (saved,) = figure_memory.draw(memory_table(tmp_path)).axes
        (peak,) = figure_memory.draw(memory_table(tmp_path, peak=str(2**30))).axes
    full, one_step = saved.lines
    assert (list(np.asarray(full.get_ydata())), list(np.asarray(one_step.get_ydata()))) == ([3, 6], [2, 2])
    assert full.get_label() == "all" and str(one_step.get_label()).startswith("last 2")
    assert "kept" in saved.get_ylabel() and "peak" in peak.get_ylabel()
    assert list(np.asarray(peak.lines[0].get_ydata())) == [1024, 1024]


def test_a_split_without_puzzles_is_left_out_and_none_at_all_is_an_error() -> None:
    info = dataset_info()
    info["statistics"]["train"] = {"puzzles": 0}
    with style.styled():
        (axes,) = figure_difficulty.draw(info, "dataset.json").axes
    assert len(axes.containers) == 1
    with pytest.raises(DataError, match="holds no rating"):
        figure_difficulty.draw({"statistics": {}}, "dataset.json")


def test_curves_draw_every_seed_and_their_mean(tmp_path: Path) -> None:
    with style.styled():
        axes = figure_curves.draw(histories(tmp_path)).axes[1]
    *seeds, mean = (np.asarray(line.get_ydata()) for line in axes.lines)
    assert len(seeds) == 3
    assert mean == pytest.approx(np.mean(seeds, axis=0))


def test_segments_mark_the_trained_number_and_state_n(tmp_path: Path) -> None:
    with style.styled():
        single = figure_segments.draw(segment_tables(tmp_path), "95 %").axes[0]
        several = figure_segments.draw(segment_tables(tmp_path, 2), "95 %").axes[0]
    assert list(np.asarray(single.lines[-1].get_xdata())) == [2, 2]
    assert "n = 500" in single.get_title(loc="left")
    assert len(single.collections) == 1  # the Wilson band
    assert (len(several.collections), len(several.lines)) == (0, 2 + 1 + 1)


def test_steps_frame_exactly_the_wrong_cells_and_say_how_many() -> None:
    with style.styled():
        puzzle, *answers = figure_steps.draw(steps(), "steps.json").axes
    assert "Test puzzle 7 of 50" in puzzle.get_title()
    assert [axes.get_title().split("\n")[0] for axes in answers] == [
        "Segment 1: 2 wrong",
        "Segment 2: 1 wrong",
        "Segment 3: solved",
    ]
    assert answers[2].get_title().endswith("p(halt) = 0.50")
    for axes, wrong in zip(answers, (2, 1, 0), strict=True):
        frames = [patch for patch in axes.patches if isinstance(patch, Rectangle) and not patch.get_fill()]
        assert len(frames) == wrong


def test_segments_to_show_are_those_that_changed_the_answer() -> None:
    answers = np.array([[1], [1], [2], [3], [3]])
    assert figure_steps.choose_segments(answers, 4, 7) == [1, 3, 4]
    assert figure_steps.choose_segments(answers, None, 7) == [1, 3, 4, 5]
    many = np.arange(16)[:, None]
    chosen = figure_steps.choose_segments(many, 16, 7)
    assert (len(chosen), chosen[0], chosen[-1]) == (7, 1, 16)
    assert figure_steps.choose_segments(many, 1, 7) == [1]


@pytest.mark.parametrize("panels", range(1, figure_steps.MOST_PANELS + 1))
def test_grids_fill_at_most_two_rows(panels: int) -> None:
    for side in (4, 6, 9):
        assert -(-panels // figure_steps.layout(panels, side)) <= 2


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "cannot be read"),
        ("step,loss\n1,2\n", "lacks the columns"),
        (HISTORY + "\n", "must hold numbers|has no rows"),
        (HISTORY + "\n1,2,3,high,5,6,7,8,9\n", "loss must hold numbers"),
        ("", "not a CSV table"),
    ],
)
def test_a_broken_history_is_one_line(tmp_path: Path, content: str | None, words: str) -> None:
    (path,) = histories(tmp_path, 1)
    path.unlink()
    if content is not None:
        path.write_text(content)
    with pytest.raises(DataError, match=words):
        figure_curves.draw([path])


@pytest.mark.parametrize("family", ["maze", "lattice"])
def test_steps_of_other_families_mark_only_cells_with_a_label(family: str) -> None:
    known = steps() | {"family": family, "box": None, "q_halt": None}
    known |= {"label": [0, *known["label"][1:]], "settled_segment": 2}  # no answer for cell 0 is wrong
    with style.styled():
        _, *answers = figure_steps.draw(known, "steps.json").axes
    assert [axes.get_title() for axes in answers] == ["Segment 1: 1 wrong", "Segment 2: solved"]
    frames = [patch for patch in answers[0].patches if isinstance(patch, Rectangle) and not patch.get_fill()]
    assert [patch.get_xy() for patch in frames] == [(1.1, 1.1)]


def test_bad_inputs_of_render_end_with_code_2_and_write_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "other.json").write_text("{}")
    other, out = str(tmp_path / "other.json"), str(tmp_path / "out" / "figure")
    assert main(["render", "steps", "--steps", other, "--out", out]) == 2
    assert main(["render", "difficulty", "--dataset", other, "--out", out]) == 2
    assert main(["render", "curves", "--histories", other, "--out", out]) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 3
    assert not (tmp_path / "out").exists()
