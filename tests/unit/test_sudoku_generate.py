"""Generated data sets: difficulty as wished, shards that do not matter, no leak from training to test."""

from pathlib import Path

import numpy as np
import pytest
from test_sudoku_solver import puzzles

from hrm.cli import main
from hrm.core.errors import DataError
from hrm.core.params import load_params
from hrm.data.dataset import load_dataset
from hrm.data.sudoku.canonical import canonical_forms, class_keys
from hrm.data.sudoku.params import SudokuParams
from hrm.data.sudoku.solver import rate
from hrm.data.sudoku.task import TASK
from hrm.data.sudoku.writing import rearranged

PARAMS = Path(__file__).parents[2] / "params"
SMALL = """
box_height: 2
box_width: 3
train_puzzles: 20
test_puzzles: 30
spare: 0.2
clues: 12
augmentations: 3
rating: {minimum: 0, mean: 0.0}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Parameters of a small task at scale `tiny`."""
    (tmp_path / "params/tasks").mkdir(parents=True)
    (tmp_path / "params/scales/tiny/data").mkdir(parents=True)
    (tmp_path / "params/tasks/sudoku.yaml").write_text((PARAMS / "tasks/sudoku.yaml").read_text())
    (tmp_path / "params/scales/tiny/data/sudoku.yaml").write_text(SMALL)
    return tmp_path


def generate(folder: Path, *more: str) -> int:
    options = ["--task", "sudoku", "--scale", "tiny", "--params", str(folder / "params")]
    return main(["generate", *options, *more])


def params(folder: Path, *overrides: str) -> SudokuParams:
    files = [folder / "params/tasks/sudoku.yaml", folder / "params/scales/tiny/data/sudoku.yaml"]
    return load_params(SudokuParams, files, overrides)


def shards(folder: Path, count: int) -> list[str]:
    paths = [str(folder / f"{count}-{shard}.safetensors") for shard in range(count)]
    for shard, path in enumerate(paths):
        assert generate(folder, "--shard", str(shard), "--shards", str(count), "--out", path) == 0
    return paths


def test_shards_of_any_number_give_the_same_files(folder: Path) -> None:
    assert generate(folder, "--out", str(folder / "whole"), "--workers", "2") == 0
    three, two = shards(folder, 3), shards(folder, 2)
    assert generate(folder, "--merge", three[2], three[0], three[1], "--out", str(folder / "three")) == 0
    assert generate(folder, "--merge", *two, "--out", str(folder / "two")) == 0
    for name in ("train.safetensors", "test.safetensors", "dataset.json"):
        whole = (folder / "whole" / name).read_bytes()
        assert (folder / "three" / name).read_bytes() == whole
        assert (folder / "two" / name).read_bytes() == whole
    again = shards(folder, 2)
    assert Path(again[0]).read_bytes() == Path(two[0]).read_bytes()


def test_wrong_shards_are_one_clear_line(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    three = shards(folder, 3)
    out = ["--out", str(folder / "out")]

    def problem(*options: str) -> str:
        capsys.readouterr()
        assert generate(folder, *options, *out) == 2
        error = capsys.readouterr().err.strip().splitlines()
        assert len(error) == 1
        assert not (folder / "out").exists()
        return error[0]

    assert "candidates 20 to 39 are missing" in problem("--merge", three[0], three[2])
    assert "candidates 40 to 59 are missing" in problem("--merge", three[0], three[1])
    assert "overlaps" in problem("--merge", *three, three[1])
    assert "other parameters" in problem("--merge", *three, "--set", "seed=12345")
    whole = Path(three[1]).read_bytes()
    Path(three[1]).write_bytes(whole[: len(whole) // 2])
    assert "not a whole shard file" in problem("--merge", *three)
    assert "is missing" in problem("--merge", str(folder / "none.safetensors"))
    assert "--shard is 3" in problem("--shard", "3", "--shards", "3")
    assert "train_puzzles" in problem("--set", "train_puzzles=-5")


def test_no_test_puzzle_is_equivalent_to_a_training_puzzle(folder: Path) -> None:
    # 4x4 with few clues: most candidates are equivalent to another one.
    small = params(folder, "box_width=2", "clues=7", "spare=4.0")
    TASK.write_dataset(folder / "data", small, TASK.make_candidates(small, 0, TASK.candidate_count(small), 1, str), 1)
    data = load_dataset(folder / "data")
    keys = []
    for split in (data.train, data.test):
        assert (rate(split.inputs - 1, 2, 2).solutions + 1 == split.labels).all()
        assert ((split.inputs > 1).sum(1) == 7).all()
        keys.append(class_keys(canonical_forms(split.inputs - 1, split.labels - 1, 2, 2).puzzles))
    assert len(set(keys[0] + keys[1])) == 50
    assert data.info.statistics["equivalent_dropped"] > 0
    assert data.info.statistics["test"]["classes"] == 30
    assert data.train.plan.shape == (20, 4)
    histogram = data.info.statistics["test"]["rating"]["histogram"]
    assert len(histogram["edges"]) == len(histogram["counts"]) + 1
    assert sum(histogram["counts"]) == 30


def test_too_few_classes_and_damaged_candidates_are_refused(folder: Path) -> None:
    small = params(folder, "box_width=2", "clues=minimal", "spare=0.0")
    candidates = TASK.make_candidates(small, 0, TASK.candidate_count(small), 1, str)
    with pytest.raises(DataError, match="classes of puzzles"):
        TASK.write_dataset(folder / "data", small, candidates, 1)
    candidates["rating"][3] += 1
    with pytest.raises(DataError, match="candidate 3 is damaged"):
        TASK.write_dataset(folder / "data", small, candidates, 1)
    assert not (folder / "data").exists()


@pytest.mark.parametrize(
    ("shape", "clues", "minimum", "mean"),
    [((2, 3), "minimal", 2, 5.0), ((2, 3), "11", 1, 3.0), ((3, 3), "minimal", 5, 20.0)],
)
def test_ratings_come_out_as_wished(
    folder: Path, shape: tuple[int, int], clues: str, minimum: int, mean: float
) -> None:
    wish = [f"box_height={shape[0]}", f"box_width={shape[1]}", f"clues={clues}"]
    hard = params(folder, *wish, f"rating.minimum={minimum}", f"rating.mean={mean}")
    made = TASK.make_candidates(hard, 0, 120, 1, str)
    rated = rate(made["puzzles"], *shape)
    assert (rated.found == 1).all()
    assert (rated.solutions == made["solutions"]).all()
    assert (rated.rating == made["rating"]).all()
    assert rated.rating.min() >= minimum
    assert mean <= rated.rating.mean() <= 1.3 * mean
    if clues == "11":
        assert ((made["puzzles"] > 0).sum(1) == 11).all()
    else:
        for board in made["puzzles"][:5]:
            less = np.repeat(board[None], np.count_nonzero(board), axis=0)
            less[np.arange(len(less)), np.flatnonzero(board)] = 0
            assert (rate(less, *shape).found == 2).all()


def test_rearranged_boards_keep_their_solutions() -> None:
    boards, grids = puzzles(2, 3, 8)
    moved = rate(rearranged(boards, 2, 3), 2, 3)
    assert (moved.found == 1).all()
    assert (moved.solutions == rearranged(grids, 2, 3)).all()
    assert (moved.solutions != grids).any()


def test_a_rating_out_of_reach_says_so(folder: Path) -> None:
    out_of_reach = params(
        folder, "box_width=2", "rating.minimum=50", "rating.mean=60.0", "search.attempts=2", "search.passes=2"
    )
    with pytest.raises(DataError, match="no puzzle with 2x2 boxes"):
        TASK.make_candidates(out_of_reach, 0, 2, 1, str)
