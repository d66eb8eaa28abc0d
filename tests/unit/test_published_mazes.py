"""Maze-Hard as published, from small files of the same form."""

from pathlib import Path

import pytest
import yaml
from published_files import PARAMS, pin, write_csv

from hrm.cli import main
from hrm.core.errors import DataError
from hrm.data.dataset import load_dataset
from hrm.data.maze.published import read_maze_hard
from hrm.data.maze.tokens import CHARACTERS

SIDE = 4


def small_maze() -> tuple[str, str]:
    """S at the upper left, down the left side, right along the bottom, up to G."""
    question = ["S # ", "  # ", " ## ", "   G"]
    answer = ["S # ", "o # ", "o## ", "oooG"]
    return "".join(question), "".join(answer)


def test_published_mazes_come_in_as_tokens(tmp_path: Path) -> None:
    question, answer = small_maze()
    write_csv(tmp_path / "test.csv", [["0", question, answer, 40], ["1", "SG" + "#" * 14, "SG" + "#" * 14, 7]])
    mazes = read_maze_hard(tmp_path / "test.csv", SIDE)
    assert "".join(CHARACTERS[token - 1] for token in mazes.split.inputs[0]) == question
    assert "".join(CHARACTERS[token - 1] for token in mazes.split.labels[0]) == answer
    assert mazes.split.rating.tolist() == [6, 1]
    assert mazes.published_rating.tolist() == [40, 7]
    assert mazes.split.plan.shape == (2, 0)


def test_published_mazes_become_a_data_set_with_their_own_labels(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    question, answer = small_maze()
    mirror, params = tmp_path / "mirror/maze_hard", tmp_path / "params"
    mirror.mkdir(parents=True)
    write_csv(mirror / "train.csv", [["0", question, answer, 6], ["1", "SG" + "#" * 14, "SG" + "#" * 14, 7]])
    turned = "".join(question[4 * column + row] for row in range(4) for column in range(4))
    turned_answer = "".join(answer[4 * column + row] for row in range(4) for column in range(4))
    write_csv(mirror / "test.csv", [["2", turned, turned_answer, 6]])
    (params / "tasks").mkdir(parents=True)
    (params / "scales/paper/data").mkdir(parents=True)
    (params / "tasks/maze_hard.yaml").write_text((PARAMS / "tasks/maze_hard.yaml").read_text())
    scale = yaml.safe_load((PARAMS / "scales/paper/data/maze_hard.yaml").read_text())
    scale |= {"size": 4, "path_longer_than": 5, "train_mazes": 2, "test_mazes": 1}
    (params / "scales/paper/data/maze_hard.yaml").write_text(yaml.safe_dump(scale))
    pin(params, mirror)
    monkeypatch.setenv("HRM_MIRROR", str(tmp_path / "mirror"))
    command = ["generate", "--task", "maze_hard", "--scale", "paper", "--params", str(params)]
    assert main([*command, "--out", str(tmp_path / "data")]) == 0
    data = load_dataset(tmp_path / "data")
    assert (data.info.train_examples, data.info.test_examples) == (2, 1)
    assert "".join(CHARACTERS[token - 1] for token in data.test.labels[0]) == turned_answer
    assert data.train.rating.tolist() == [6, 1]
    statistics = data.info.statistics
    assert statistics["test_equal_to_an_earlier_maze"] == 1
    assert statistics["train"]["not_longer_than_asked"] == 1
    assert statistics["train"]["labels_not_shortest"] == 0


def spoiled(place: int, old: str, new: str, both: bool) -> tuple[str, str]:
    question, answer = small_maze()
    assert answer[place] == old
    changed = answer[:place] + new + answer[place + 1 :]
    return (question[:place] + new + question[place + 1 :] if both else question), changed


@pytest.mark.parametrize(
    ("question", "answer", "message"),
    [
        (small_maze()[0][:-1], small_maze()[1], "line 2: a maze has 15 characters; 4x4 are 16"),
        (*spoiled(1, " ", "x", True), "line 2: holds 'x'"),
        (*spoiled(1, " ", "S", True), "one S, one G"),
        (*spoiled(2, "#", "o", False), "the answer must be the question"),
        (*spoiled(8, "o", " ", False), "one path from S to G"),
        (*spoiled(3, " ", "o", False), "one path from S to G"),
        (*spoiled(5, " ", "o", False), "one path from S to G"),
    ],
)
def test_broken_mazes_are_named(tmp_path: Path, question: str, answer: str, message: str) -> None:
    path = tmp_path / "train.csv"
    write_csv(path, [["0", question, answer, 5]])
    with pytest.raises(DataError, match=r"train\.csv") as error:
        read_maze_hard(path, SIDE)
    assert message in str(error.value)


def test_a_ring_beside_the_path_is_not_one_path(tmp_path: Path) -> None:
    question, answer = "SG" + " " * 23, "SG" + " " * 5 + " ooo " + " o o " + " ooo " + " " * 3
    assert len(question) == len(answer) == 25
    write_csv(tmp_path / "train.csv", [["0", question, answer, 5]])
    with pytest.raises(DataError, match="one path from S to G"):
        read_maze_hard(tmp_path / "train.csv", 5)


def test_files_that_are_no_maze_files_are_named(tmp_path: Path) -> None:
    path = tmp_path / "train.csv"
    for content, message in [
        ("a,b\n", "line 1: columns are"),
        ("source,question,answer,rating\n", "holds no maze"),
        ("source,question,answer,rating\n0,S,G,hard\n", "line 2: must be"),
        ("source,question,answer,rating\n0,S\n", "line 2: must be"),
    ]:
        path.write_text(content)
        with pytest.raises(DataError, match=message):
            read_maze_hard(path, SIDE)
    with pytest.raises(DataError, match="cannot be read"):
        read_maze_hard(tmp_path / "none.csv", SIDE)
