"""The figure of test time shows the numbers of its tables."""

from pathlib import Path

import matplotlib
import numpy as np
import pytest
from evaluation_doubles import PARAMS
from figure_doubles import WORDS

from hrm.cli import main
from hrm.core.errors import DataError
from hrm.report import style
from hrm.report.figures import test_time as figure_test_time

HEAD = (
    "task,variant,seed,weights,method,choice,segments,trained_segments,tries,noise,noise_place,empty_cells,ids,answers,"
    "examples,exact_accuracy,exact_accuracy_low,exact_accuracy_high,mean_segments,mean_passes"
)


def table(root: Path, weights: str, *rows: str) -> Path:
    """Accuracy grows by a tenth with every doubling of the segments; 2 of them in training."""
    path = root / weights / "test_time.csv"
    path.parent.mkdir(parents=True)
    names = f"sudoku,hrm,0,{weights}"
    lines = [
        f"{names},segments,{choice},{2**k},2,1,,,,,1,50,{(k + more) / 10},{k / 10},{k / 5},1,1"
        for k in range(4)
        for choice, more in (("last", 1), ("halts", 2))
    ]
    path.write_text("\n".join([HEAD, *lines, *(f"{names},{row}" for row in rows)]) + "\n")
    return path


def tries(method: str, facts: str, first: float) -> list[str]:
    return [
        f"{method},{choice},2,2,{count},{facts},,,1,50,{first + count / 100},0.1,0.2,1,1"
        for count in (1, 2)
        for choice in ("majority", "any")
    ]


def test_a_row_a_table_and_a_panel_for_what_tables_have(tmp_path: Path) -> None:
    noise = tries("noise", "0.2,every_segment", 0.5) + tries("noise", "1.0,start", 0.7)
    empty = [f"empty_cells,last,2,2,1,,,{count},,1,50,0.9,0.8,1.0,1,1" for count in (1, 2)]
    paths = [table(tmp_path, "raw", *noise, *empty), table(tmp_path, "ema", *noise)]
    with style.styled():
        figure = figure_test_time.draw(WORDS, paths)
    shown = [axes for axes in figure.axes if axes.get_visible()]
    assert [axes.get_title(loc="left") for axes in shown[:3]] == [
        "More segments",
        "Tries with noise",
        "Few empty cells",
    ]
    assert len(shown) == 3 + 2
    segments, noisy = shown[0], shown[1]
    by_look = {(line.get_color(), line.get_marker()): np.asarray(line.get_ydata()) for line in segments.lines}
    assert by_look[style.BLACK, "o"] == pytest.approx([10, 20, 30, 40])
    assert by_look[style.GREEN, "^"] == pytest.approx([20, 30, 40, 50])
    majority = next(line for line in noisy.lines if line.get_color() == style.BLUE)
    assert np.asarray(majority.get_ydata()) == pytest.approx([51, 52])  # the first kind of noise alone
    plain = next(line for line in noisy.lines if line.get_color() == style.BLACK)
    assert np.asarray(plain.get_ydata()) == pytest.approx([20, 20])
    title = figure.legends[0].get_title().get_text()
    assert "n = 50 test puzzles" in title and "0.2 before every segment" in title
    assert "raw weights" in shown[0].get_ylabel() and "averaged weights" in shown[3].get_ylabel()


def test_arc_has_a_dot_for_each_kind_of_id_with_and_without_votes(tmp_path: Path) -> None:
    votes = [
        f"votes,majority,2,2,{count},,,,{ids},{answers},10,{score * answers},0,1,1,1"
        for ids, score in (("own_id", 0.4), ("blank_id", 0.0), ("other_id", 0.1))
        for count in (1, 30)
        for answers in (1, 2)
    ]
    with style.styled():
        figure = figure_test_time.draw(WORDS, [table(tmp_path, "raw", *votes)])
    axes = figure.axes[1]
    dots = [float(np.asarray(line.get_ydata())[0]) for line in axes.lines if line.get_marker() == "o"]
    assert dots == pytest.approx([40, 40, 0, 0, 10, 10])  # the first answers
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert {"one vote", "30 votes"} <= set(labels) and "10 tasks" in figure.legends[0].get_title().get_text()


def test_the_command_draws_equal_files_and_letters_of_8_points(tmp_path: Path) -> None:
    path = table(tmp_path, "raw", *tries("symmetries", ",", 0.5))
    for name in "ab":
        out = str(tmp_path / name)
        assert main(["render", "test_time", "--tables", str(path), "--params", str(PARAMS), "--out", out]) == 0
    for suffix in (".svg", ".png", ".pdf"):
        assert (tmp_path / f"a{suffix}").read_bytes() == (tmp_path / f"b{suffix}").read_bytes()
    with style.styled():
        figure = figure_test_time.draw(WORDS, [path])
    texts = [text for text in figure.findobj(matplotlib.text.Text) if text.get_text()]
    assert figure.get_figwidth() <= style.PAGE_WIDTH and min(text.get_fontsize() for text in texts) >= 8


@pytest.mark.parametrize(
    ("old", "new", "words"), [("choice", "chosen", "lacks the columns choice"), ("segments,", "x,", "")]
)
def test_broken_tables_are_refused(tmp_path: Path, old: str, new: str, words: str) -> None:
    path = table(tmp_path, "raw")
    path.write_text(path.read_text().replace(old, new, 1) if words else path.read_text().replace(",segments,", ",x,"))
    with pytest.raises(DataError, match=words or "lacks the columns|no rows of method segments"):
        figure_test_time.draw(WORDS, [path])
