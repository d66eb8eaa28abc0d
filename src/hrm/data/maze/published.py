"""Maze-Hard as published: the CSV files of its repository as a data set, checked."""

import csv
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hrm.core.errors import DataError
from hrm.data.dataset import Cells, DatasetInfo, Split, rating_statistics, save_dataset, single_examples
from hrm.data.grid.paths import Solved
from hrm.data.grid.write import grid_facts, path_statistics
from hrm.data.maze.params import MazeParams
from hrm.data.maze.tokens import CHARACTERS, GOAL, OPEN, PATH, START, VOCABULARY_SIZE, WALL
from hrm.data.shards import Arrays
from hrm.data.sources import find, locate
from hrm.data.turns import first_of_each_class

COLUMNS = ["source", "question", "answer", "rating"]


SOURCE = "maze_hard"


def make_candidates(params: MazeParams, start: int, stop: int) -> Arrays:
    """Mazes start to stop - 1 of the training file, then of the test file: mazes and labels (count, cells) tokens.

    DataError when the files are not to be had, hold another number of mazes than the parameters say, or are wrong.
    """
    folder = locate(SOURCE, params.root)
    parts = []
    for name, key in (("train.csv", "train_mazes"), ("test.csv", "test_mazes")):
        found, wanted = read_maze_hard(folder / name, params.size), getattr(params, key)
        if len(found.published_rating) != wanted:
            raise DataError(f"{folder / name}: holds {len(found.published_rating):,} mazes; {key} is {wanted:,}")
        parts.append({"mazes": found.split.inputs, "labels": found.split.labels, "rating": found.published_rating})
    return {key: np.concatenate([part[key] for part in parts])[start:stop] for key in parts[0]}


def write_dataset(folder: Path, params: MazeParams, candidates: Arrays, solved: Solved) -> DatasetInfo:
    """Write the published split with its own labels; `solved` holds all shortest paths of the candidates.

    dataset.json says how many labels are no shortest path, how many paths are not longer than path_longer_than, how
    many mazes equal an earlier one under one of the eight symmetries, and which files they come from. DataError when a
    maze has no path.
    """
    mazes, labels = candidates["mazes"], candidates["labels"]
    if (solved.length < 0).any():
        raise DataError(f"{folder}: maze {int(np.argmin(solved.length))} is damaged: its goal is out of reach")
    parts = {"train": slice(0, params.train_mazes), "test": slice(params.train_mazes, None)}
    rows = {name: np.arange(len(mazes))[part] for name, part in parts.items()}
    walls = (mazes == WALL).mean(axis=1)
    statistics: dict[str, Any] = {
        name: {
            **path_statistics(solved.take(rows[name]), walls[part], max(params.size // 3, 1)),
            "labels_not_shortest": int(((labels[part] == PATH).sum(axis=1) + 1 != solved.length[part]).sum()),
            "not_longer_than_asked": int((solved.length[part] <= params.path_longer_than).sum()),
            "published_rating": rating_statistics(candidates["rating"][part]),
        }
        for name, part in parts.items()
    }
    firsts = first_of_each_class(mazes)
    statistics["equal_to_an_earlier_maze"] = len(mazes) - len(firsts)
    statistics["test_equal_to_an_earlier_maze"] = params.test_mazes - int((firsts >= params.train_mazes).sum())
    statistics["sources"] = {SOURCE: find(SOURCE, params.root).sha256}
    none = np.zeros((len(mazes), 0), dtype=np.int32)
    splits = [single_examples(mazes[part], labels[part], solved.length[part], none[part]) for part in parts.values()]
    return save_dataset(folder, splits[0], splits[1], grid_facts(params, VOCABULARY_SIZE, statistics))


class PublishedMazes(NamedTuple):
    """The mazes of one file, in its order."""

    split: Split  # rating is the number of steps of the labelled path; no augmentation
    published_rating: NDArray[np.int32]


def read_maze_hard(path: Path, size: int) -> PublishedMazes:
    """Mazes of size x size cells.

    DataError names the first line that is malformed, whose question has not one start and one goal, or whose answer
    is not the question with a path of open cells from one to the other. That the path is a shortest one is for the
    maze solver to say.
    """
    questions, answers, ratings = [], [], []
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.reader(file)
            if (header := next(reader, [])) != COLUMNS:
                raise DataError(f"{path}, line 1: columns are {header}; they must be {COLUMNS}")
            for line, row in enumerate(reader, start=2):
                if len(row) != len(COLUMNS) or not row[3].isdecimal():
                    raise DataError(f"{path}, line {line}: must be source, question, answer and a whole-number rating")
                questions.append(row[1])
                answers.append(row[2])
                ratings.append(int(row[3]))
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path}: is not a CSV file ({error})") from error
    if not questions:
        raise DataError(f"{path}: holds no maze")
    inputs, labels = _tokens(path, questions, size), _tokens(path, answers, size)
    _check(path, inputs, labels, size)
    steps = (labels == PATH).sum(axis=1).astype(np.int32) + np.int32(1)
    split = single_examples(inputs, labels, steps, np.zeros((len(inputs), 0), dtype=np.int64))
    return PublishedMazes(split, np.array(ratings, dtype=np.int32))


def _tokens(path: Path, texts: list[str], size: int) -> Cells:
    for line, text in enumerate(texts, start=2):
        if len(text) != size * size:
            raise DataError(f"{path}, line {line}: a maze has {len(text)} characters; {size}x{size} are {size * size}")
    table = np.zeros(256, dtype=np.uint8)
    table[[ord(character) for character in CHARACTERS]] = np.arange(len(CHARACTERS)) + 1
    # A character that is not ASCII becomes a question mark, which is not allowed either.
    tokens = table[np.frombuffer("".join(texts).encode("ascii", "replace"), dtype=np.uint8)].reshape(len(texts), -1)
    if (bad := np.argwhere(tokens == 0)).size:
        row, column = bad[0]
        raise DataError(f"{path}, line {row + 2}: holds {texts[row][column]!r}; allowed are {CHARACTERS!r}")
    return tokens


def _check(path: Path, inputs: Cells, labels: Cells, size: int) -> None:
    ends = ((inputs == START).sum(axis=1) == 1) & ((inputs == GOAL).sum(axis=1) == 1) & ~(inputs == PATH).any(axis=1)
    _refuse(path, ends, "the question must have one S, one G and no o")
    kept = (inputs == labels) | ((inputs == OPEN) & (labels == PATH))
    _refuse(path, kept.all(axis=1), "the answer must be the question with some open cells marked o")
    # A simple path: its ends have one neighbour on it, all its other cells two, and it hangs together.
    marked = np.pad((labels >= START).reshape(-1, size, size), ((0, 0), (1, 1), (1, 1)))
    around = marked[:, :-2, 1:-1].astype(np.uint8) + marked[:, 2:, 1:-1] + marked[:, 1:-1, :-2] + marked[:, 1:-1, 2:]
    wanted = np.where((labels == START) | (labels == GOAL), 1, 2).reshape(-1, size, size)
    degrees = ((around == wanted) | ~marked[:, 1:-1, 1:-1]).all(axis=(1, 2))
    _refuse(path, degrees & _connected(marked), "the o must be one path from S to G")


def _connected(marked: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Whether the marked cells of each grid (grids, rows, columns) hang together: they are flooded from the first."""
    flat = marked.reshape(len(marked), -1)
    seeds = np.zeros_like(flat)
    seeds[np.arange(len(flat)), flat.argmax(axis=1)] = True
    reached = seeds.reshape(marked.shape)
    while True:
        grown = reached.copy()
        grown[:, 1:] |= reached[:, :-1]
        grown[:, :-1] |= reached[:, 1:]
        grown[:, :, 1:] |= reached[:, :, :-1]
        grown[:, :, :-1] |= reached[:, :, 1:]
        grown &= marked
        if (grown == reached).all():
            return (reached == marked).all(axis=(1, 2))
        reached = grown


def _refuse(path: Path, good: NDArray[np.bool_], rule: str) -> None:
    if not good.all():
        raise DataError(f"{path}, line {int(np.argmin(good)) + 2}: {rule}")
