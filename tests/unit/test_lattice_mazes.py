"""Lattice mazes: what the package makes, what is stored of it, and that nothing global decides or changes."""

import random
from pathlib import Path

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hrm.cli import main
from hrm.core.data_params import data_params
from hrm.core.errors import DataError, ParameterError
from hrm.data.dataset import load_dataset
from hrm.data.lattice.generator import draw, seeded
from hrm.data.lattice.params import LatticeParams
from hrm.data.lattice.task import TASK
from hrm.data.lattice.tokens import VOCABULARY_SIZE, Tokens, decode, drop_walls, encode, openings_of, raster
from hrm.data.maze.task import solve_mazes
from hrm.data.turns import class_keys

PARAMS = Path(__file__).parents[2] / "params"
SMALL = ["size=5", "minimum_path_cells=8", "spare=0.2", "train_mazes=12", "test_mazes=8"]
GENERATORS = [
    "gen_dfs",
    "gen_wilson",
    "gen_kruskal",
    "gen_recursive_division",
    "gen_percolation",
    "gen_dfs_percolation",
]


def params(*overrides: str) -> LatticeParams:
    found = data_params(PARAMS, "smoke", "lattice_mazes", [*SMALL, *overrides])
    assert isinstance(found, LatticeParams)
    return found


def of_generator(name: str, *overrides: str) -> LatticeParams:
    return params(f"generator={name}", f"percolation={0.5 if 'percolation' in name else 'null'}", *overrides)


def generate(out: Path, *more: str, overrides: tuple[str, ...] = ()) -> int:
    options = [f"--set={text}" for text in (*SMALL, *overrides)]
    task = ["--task=lattice_mazes", "--scale=smoke", f"--params={PARAMS}"]
    return main(["generate", *task, f"--out={out}", *options, *more])


def graph_of(openings: Tokens, size: int) -> "nx.Graph[int]":
    """The maze as a graph of cells."""
    graph = nx.Graph()
    graph.add_nodes_from(range(size**2))
    changes = [-size, size, -1, 1]
    for cell in range(size**2):
        graph.add_edges_from((cell, cell + changes[move]) for move in range(4) if openings[cell] >> move & 1)
    return graph


@pytest.mark.parametrize("name", GENERATORS)
def test_mazes_are_those_of_the_package(name: str) -> None:
    from maze_dataset.generation.generators import GENERATORS_MAP

    size = 6
    drawn = draw(of_generator(name, f"size={size}"), 17)
    assert drawn is not None
    openings, start, goal = drawn
    with seeded(17):
        options = {"p": 0.5} if "percolation" in name else {}
        maze = GENERATORS_MAP[name]((size, size), **options)
        path = maze.generate_random_path()
    assert (openings_of(maze.connection_list) == openings).all()
    cells = [int(row) * size + int(column) for row, column in path]
    # The very start and goal that the package draws, and a path as long as the one that it finds.
    assert (cells[0], cells[-1]) == (start, goal)
    graph = graph_of(openings, size)
    assert nx.shortest_path_length(graph, start, goal) == len(cells) - 1
    if "percolation" not in name:
        assert nx.is_tree(graph)


@pytest.mark.parametrize("name", ["gen_dfs", "gen_wilson", "gen_dfs_percolation"])
def test_a_maze_depends_on_seed_and_index_alone(name: str) -> None:
    small = of_generator(name)
    whole = TASK.make_candidates(small, 0, 8, 1, str)["mazes"]
    random.seed(123)
    np.random.seed(123)  # noqa: NPY002
    before = random.getstate(), np.random.get_state()  # noqa: NPY002
    part = TASK.make_candidates(small, 3, 6, 2, str)["mazes"]
    after = random.getstate(), np.random.get_state()  # noqa: NPY002
    assert (part == whole[3:6]).all()
    assert before[0] == after[0]
    assert all(np.array_equal(x, y) for x, y in zip(before[1], after[1], strict=True))
    other = TASK.make_candidates(of_generator(name, "seed=77"), 0, 8, 1, str)["mazes"]
    assert not (other == whole).all(axis=1).any()


def test_global_generators_come_back_after_an_error() -> None:
    before = random.random, random.getstate()
    with pytest.raises(ZeroDivisionError), seeded(5):
        random.random()
        _ = 1 / 0
    assert random.getstate() == before[1]


def test_shards_and_seed(tmp_path: Path) -> None:
    assert generate(tmp_path / "whole", "--workers", "2") == 0
    shards = [str(tmp_path / f"{shard}.safetensors") for shard in range(3)]
    for shard, path in enumerate(shards):
        assert generate(Path(path), "--shard", str(shard), "--shards", "3") == 0
    assert generate(tmp_path / "merged", "--merge", *shards) == 0
    assert generate(tmp_path / "other", overrides=("seed=99",)) == 0
    for name in ("train.safetensors", "test.safetensors", "dataset.json"):
        whole = (tmp_path / "whole" / name).read_bytes()
        assert (tmp_path / "merged" / name).read_bytes() == whole
        assert (tmp_path / "other" / name).read_bytes() != whole


@pytest.mark.parametrize("name", ["gen_dfs", "gen_dfs_percolation"])
def test_labels_lead_along_a_shortest_path(name: str, tmp_path: Path) -> None:
    small = of_generator(name)
    TASK.write_dataset(tmp_path, small, TASK.make_candidates(small, 0, TASK.candidate_count(small), 1, str), 1)
    data = load_dataset(tmp_path)
    assert data.info.vocabulary_size == VOCABULARY_SIZE > max(data.train.inputs.max(), data.test.inputs.max())
    inputs, labels = (
        np.concatenate([getattr(split, key) for split in (data.train, data.test)]) for key in ("inputs", "labels")
    )
    ratings = np.concatenate([data.train.rating, data.test.rating])
    for maze, label, rating in zip(inputs, labels, ratings, strict=True):
        openings, starts, goals = decode(maze[None])
        graph = graph_of(openings[0], 5)
        assert nx.shortest_path_length(graph, starts[0], goals[0]) == rating >= small.minimum_path_cells - 1
        cell, seen = int(starts[0]), []
        while cell != goals[0]:
            seen.append(cell)
            following = cell + [-5, 5, -1, 1][label[cell] - 1]
            assert graph.has_edge(cell, following)
            cell = following
        assert len(seen) == rating
        assert set(np.flatnonzero(label)) == set(seen)
    assert len(set(class_keys(raster(inputs, 5)))) == 20


def test_the_published_encoding_drops_the_walls(tmp_path: Path) -> None:
    walls, open_cells = params(), params("encoding=open_cells")
    made = TASK.make_candidates(walls, 0, TASK.candidate_count(walls), 1, str)
    for name, small in (("walls", walls), ("open_cells", open_cells)):
        TASK.write_dataset(tmp_path / name, small, made, 1)
    kept, dropped = (load_dataset(tmp_path / name) for name in ("walls", "open_cells"))
    assert len(np.unique(dropped.train.inputs)) == 3
    assert len(np.unique(kept.train.inputs)) > 10
    assert (dropped.train.labels == kept.train.labels).all()
    for first, second in zip(decode(dropped.train.inputs)[1:], decode(kept.train.inputs)[1:], strict=True):
        assert (first == second).all()
    assert kept.info.statistics == dropped.info.statistics


@settings(max_examples=50, deadline=None)
@given(st.integers(2, 6), st.integers(0, 2**32 - 1))
def test_encoding_and_raster_keep_everything(size: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    connections = rng.random((2, size, size)) < 0.6
    connections[0, -1] = connections[1, :, -1] = False
    openings = openings_of(connections)[None]
    start, goal = rng.choice(size**2, 2, replace=False)
    tokens = encode(openings, np.array([start]), np.array([goal]))
    assert tokens.min() >= 1 and tokens.max() < VOCABULARY_SIZE
    assert all((a == b).all() for a, b in zip(decode(tokens), (openings, [start], [goal]), strict=True))
    assert (decode(drop_walls(tokens))[0] == 15).all()
    graph = graph_of(openings[0], size)
    drawn = solve_mazes(raster(tokens, size), 2 * size + 1)
    if nx.has_path(graph, start, goal):
        assert drawn.length[0] == 2 * nx.shortest_path_length(graph, start, goal)
    else:
        assert drawn.length[0] == -1


def test_bad_parameters_and_candidates_are_refused(tmp_path: Path) -> None:
    for overrides in (["percolation=0.5"], ["generator=gen_percolation"], ["minimum_path_cells=26"]):
        with pytest.raises(ParameterError):
            params(*overrides)
    with pytest.raises(DataError, match="in 3 attempts"):
        TASK.make_candidates(params("minimum_path_cells=25", "attempts=3"), 0, 5, 1, str)
    with pytest.raises(DataError, match="in 3 attempts"):
        TASK.make_candidates(params("generator=gen_percolation", "percolation=0.0", "attempts=3"), 0, 1, 1, str)
    small = params()
    made = TASK.make_candidates(small, 0, TASK.candidate_count(small), 1, str)
    made["mazes"][2] = 1
    with pytest.raises(DataError, match="candidate 2 is damaged"):
        TASK.write_dataset(tmp_path / "data", small, made, 1)


@pytest.mark.parametrize("scale", ["smoke", "gpu", "paper"])
def test_every_scale_has_its_parameters(scale: str) -> None:
    found = data_params(PARAMS, scale, "lattice_mazes", [])
    assert isinstance(found, LatticeParams)
    # The benchmark asks for 0.35 of the cells, rounded down.
    assert found.minimum_path_cells == int(0.35 * found.size**2)
