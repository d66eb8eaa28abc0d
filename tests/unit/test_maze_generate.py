"""Data sets of mazes and boards from the command line: no duplicates, no leak, the same for any number of shards."""

from pathlib import Path

import networkx as nx
import numpy as np
import pytest
import torch

from hrm.cli import main
from hrm.core.data_params import data_params
from hrm.core.errors import DataError, ParameterError
from hrm.data.batches import TrainBatches
from hrm.data.dataset import Dataset, load_dataset
from hrm.data.maze.optimal import is_optimal
from hrm.data.maze.params import MazeParams
from hrm.data.maze.task import TASK
from hrm.data.maze.tokens import GOAL, OPEN, PATH, START, WALL
from hrm.data.turns import class_keys

PARAMS = Path(__file__).parents[2] / "params"
SMALL = ["train_mazes=30", "test_mazes=20", "size=7"]
TASKS = {"maze_hard": ["path_longer_than=10"], "boards": ["path_longer_than=0"]}


def params(task: str, *overrides: str) -> MazeParams:
    found = data_params(PARAMS, "smoke", task, [*SMALL, *TASKS[task], *overrides])
    assert isinstance(found, MazeParams)
    return found


def generate(task: str, out: Path, *more: str, overrides: tuple[str, ...] = ()) -> int:
    options = [f"--set={text}" for text in (*SMALL, *TASKS[task], *overrides)]
    return main(["generate", "--task", task, "--scale=smoke", f"--params={PARAMS}", f"--out={out}", *options, *more])


def write(folder: Path, small: MazeParams) -> Dataset:
    TASK.write_dataset(folder, small, TASK.make_candidates(small, 0, TASK.candidate_count(small), 1, str), 1)
    return load_dataset(folder)


@pytest.mark.parametrize("task", TASKS)
def test_shards_workers_and_seed_decide_nothing_and_everything(task: str, tmp_path: Path) -> None:
    assert generate(task, tmp_path / "whole", "--workers", "2") == 0
    shards = [str(tmp_path / f"{shard}.safetensors") for shard in range(3)]
    for shard, path in enumerate(shards):
        assert generate(task, Path(path), "--shard", str(shard), "--shards", "3") == 0
    assert generate(task, tmp_path / "merged", "--merge", *shards) == 0
    assert generate(task, tmp_path / "other", overrides=("seed=99",)) == 0
    for name in ("train.safetensors", "test.safetensors", "dataset.json"):
        whole = (tmp_path / "whole" / name).read_bytes()
        assert (tmp_path / "merged" / name).read_bytes() == whole
        assert (tmp_path / "other" / name).read_bytes() != whole


@pytest.mark.parametrize("task", TASKS)
def test_labels_are_shortest_paths_of_the_wished_length(task: str, tmp_path: Path) -> None:
    small = params(task)
    data = write(tmp_path / "data", small)
    assert (data.info.train_examples, data.info.test_examples, data.info.vocabulary_size) == (30, 20, 6)
    for split in (data.train, data.test):
        assert split.rating.min() > small.path_longer_than
        assert is_optimal(torch.from_numpy(split.inputs), torch.from_numpy(split.labels)).all()
        for maze, label, rating in zip(split.inputs, split.labels, split.rating, strict=True):
            assert set(np.unique(maze)) <= {WALL, OPEN, START, GOAL}
            graph = nx.grid_2d_graph(7, 7)
            graph.remove_nodes_from([divmod(int(cell), 7) for cell in np.flatnonzero(maze == WALL)])
            start, goal = (divmod(int(np.argmax(maze == token)), 7) for token in (START, GOAL))
            assert nx.shortest_path_length(graph, start, goal) == rating
            path = [divmod(int(cell), 7) for cell in np.flatnonzero((label == PATH) | (label == START))]
            assert nx.shortest_path_length(graph.subgraph([*path, goal]), start, goal) == len(path) == rating
            assert (label[maze != OPEN] == maze[maze != OPEN]).all()


def test_no_two_mazes_are_equal_under_a_symmetry(tmp_path: Path) -> None:
    # 3x3 with few walls: most candidates equal another one.
    tiny = params("boards", "size=3", "spare=30.0", "train_mazes=60", "test_mazes=60")
    data = write(tmp_path / "data", tiny)
    keys = class_keys(np.concatenate([data.train.inputs, data.test.inputs]))
    assert len(set(keys)) == 120
    assert data.info.statistics["equal_dropped"] > 100
    with pytest.raises(DataError, match="differ by more than a symmetry"):
        write(tmp_path / "more", params("boards", "size=2", "train_mazes=60", "spare=0.0"))


def test_statistics_describe_the_data(tmp_path: Path) -> None:
    walls = ("walls.minimum_share=0.3", "walls.maximum_share=0.5")
    data = write(tmp_path / "data", params("maze_hard", *walls))
    found = data.info.statistics["train"]
    assert found["mazes"] == 30
    assert found["rating"]["mean"] == pytest.approx(data.train.rating.mean(), abs=1e-4)
    histogram = found["rating"]["histogram"]
    assert sum(histogram["counts"]) == 30
    assert len(histogram["edges"]) == len(histogram["counts"]) + 1
    assert found["wall_share"]["mean"] == pytest.approx((data.train.inputs == WALL).mean(), abs=1e-4)
    assert 0.3 <= found["wall_share"]["minimum"] <= found["wall_share"]["maximum"] <= 0.5
    assert data.info.statistics["attempts_per_candidate"] > 1


@pytest.mark.parametrize("dihedral", [False, True])
def test_training_batches_use_the_planned_symmetries(dihedral: bool, tmp_path: Path) -> None:
    data = write(tmp_path / "data", params("maze_hard", f"dihedral={str(dihedral).lower()}"))
    assert data.train.plan.shape == (30, 8 if dihedral else 0)
    assert data.test.plan.shape == (20, 0)
    batches = TrainBatches(data, 60, 0, torch.device("cpu"))
    drawn = [batches.make(batches.next()) for _ in range(10)]
    assert all(is_optimal(batch.inputs, batch.labels).all() for batch in drawn)
    seen = {bytes(row) for batch in drawn for row in batch.inputs.numpy().astype(np.uint8)}
    assert len(seen) > 150 if dihedral else seen == {bytes(row) for row in data.train.inputs}
    keys = class_keys(np.frombuffer(b"".join(seen), dtype=np.uint8).reshape(-1, 49))
    assert set(keys) == set(class_keys(data.train.inputs))


def test_damaged_candidates_are_refused(tmp_path: Path) -> None:
    small = params("maze_hard")
    candidates = TASK.make_candidates(small, 0, TASK.candidate_count(small), 1, str)
    candidates["mazes"][4] = OPEN
    with pytest.raises(DataError, match="candidate 4 is damaged"):
        TASK.write_dataset(tmp_path / "data", small, candidates, 1)
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("walls.minimum_share=0.9", "minimum_share must be at most"),
        ("path_longer_than=48", "path_longer_than must be below"),
        ("walls.maximum_share=1.0", "walls.count.maximum_share is 1.0; input should be less than 1"),
        ("walls.rule=checkered", "expected tags: 'count', 'independent'"),
        ("size=63", "size is 63"),
        ("source=hub", "source is 'hub'"),
        ("walls={minimum_share: 0.301, maximum_share: 0.302}", "no number of wall cells"),
    ],
)
def test_impossible_parameters_are_one_clear_line(override: str, message: str) -> None:
    with pytest.raises(ParameterError) as error:
        params("maze_hard", override)
    assert len(str(error.value).splitlines()) == 1
    assert message in str(error.value)


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("scale", ["smoke", "gpu", "paper"])
def test_every_scale_has_its_parameters(task: str, scale: str) -> None:
    found = data_params(PARAMS, scale, task, [])
    assert isinstance(found, MazeParams)
    if scale != "smoke":
        published = {"maze_hard": (30, 110, 1000, 1000), "boards": (20, 0, 2000, 500)}
        assert (found.size, found.path_longer_than, found.train_wanted, found.test_wanted) == published[task]
