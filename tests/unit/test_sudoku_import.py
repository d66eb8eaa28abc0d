"""Published puzzle files: what is right comes in, what is broken is named by file and line."""

from pathlib import Path

import numpy as np
import pytest
from test_sudoku_solver import puzzles

from hrm.cli import main
from hrm.data.dataset import load_dataset
from hrm.data.sudoku.solver import rate


def text(board: np.ndarray, empty: str = ".") -> str:
    return "".join(str(digit) if digit else empty for digit in board)


def import_file(path: Path, *more: str) -> int:
    return main(["import-puzzles", "--file", str(path), "--out", str(path.parent / "data"), *more])


@pytest.mark.parametrize(("box", "shape"), [("3x3", (3, 3)), ("2x3", (2, 3)), ("2x2", (2, 2))])
def test_lines_come_in_with_solution_and_rating(tmp_path: Path, box: str, shape: tuple[int, int]) -> None:
    boards, grids = puzzles(*shape, 3)
    path = tmp_path / "puzzles.txt"
    path.write_text(f"# three\n{text(boards[0])}\n\n{text(boards[1], '0')}\r\n{text(boards[2])}")
    assert import_file(path, "--format", "lines", "--box", box) == 0
    data = load_dataset(tmp_path / "data")
    assert (data.test.inputs == boards + 1).all()
    assert (data.test.labels == grids + 1).all()
    assert (data.test.rating == rate(boards, *shape).rating).all()
    assert len(data.train.inputs) == 0
    assert data.info.vocabulary_size == shape[0] * shape[1] + 2


def test_csv_comes_in_as_training_puzzles(tmp_path: Path) -> None:
    boards, grids = puzzles(3, 3, 2)
    path = tmp_path / "train.csv"
    rows = [f"forum,{text(board)},{text(grid)},7" for board, grid in zip(boards, grids, strict=True)]
    path.write_text("\n".join(["source,question,answer,rating", *rows, ""]))
    assert import_file(path, "--format", "csv", "--role", "train") == 0
    data = load_dataset(tmp_path / "data")
    assert (data.train.labels == grids + 1).all()
    assert len(data.test.inputs) == 0


def broken_files() -> list[tuple[str, str, str]]:
    boards, grids = puzzles(3, 3, 2)
    good, head = text(boards[0]), "source,question,answer,rating\n"
    wrong = grids[1].copy()
    wrong[:2] = wrong[1::-1]
    open_board = "." * 81
    return [
        ("lines", f"{good}\n{good[:-1]}\n", "line 2: has 80 characters"),
        ("lines", f"{good}\n\n{good[:40]}x{good[41:]}\n", "line 3: character 41 is 'x'"),
        ("lines", f"{good}\n{open_board}\n", "line 2: the puzzle has several solutions"),
        ("lines", f"55{open_board[2:]}\n", "line 1: the puzzle has no solution"),
        ("lines", "# nothing\n", "holds no puzzle"),
        ("csv", f"{head}a,{text(boards[1])},{text(wrong)},3\n", "line 2: the answer is not"),
        ("csv", f"{head}a,{good},{text(grids[0])}\n", "line 2: has 3 columns"),
        ("csv", "question,answer\n", "line 1: columns are"),
    ]


@pytest.mark.parametrize(("style", "content", "message"), broken_files())
def test_broken_files_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], style: str, content: str, message: str
) -> None:
    path = tmp_path / "broken.txt"
    path.write_text(content)
    assert import_file(path, "--format", style) == 2
    error = capsys.readouterr().err.strip()
    assert message in error
    assert str(path) in error
    assert len(error.splitlines()) == 1
    assert not (tmp_path / "data").exists()
