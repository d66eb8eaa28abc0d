"""Greedy rollouts with the model asked at every cell, against one that walks maze by maze."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from lattice_doubles import SIZE, lattice_dataset
from torch import Tensor

from helpers import PARAMS, facts_of, tiny_dataset, tiny_run
from hrm.core.schema import evaluation_params
from hrm.data.dataset import save_dataset
from hrm.data.grid.paths import solve
from hrm.data.lattice.rollout import Chance, greedy_rollout, greedy_shares, random_walks
from hrm.data.lattice.tokens import GOAL, SIDES, START, VOCABULARY_SIZE, Tokens, decode, drop_walls, encode, openings_of
from hrm.data.task import Exam, find_task
from hrm.evaluation.evaluate import evaluate
from hrm.training.checkpoint import save_tensors
from hrm.training.trainer import Trainer

CHANGES = [(-1, 0), (1, 0), (0, -1), (0, 1)]


class Opinionated:
    """Scores that depend on all that it is shown: a fixed random map of the whole input, and of the segment."""

    def __init__(self, cells: int) -> None:
        self.weights = torch.from_numpy(np.random.default_rng(1).normal(size=(cells, cells * VOCABULARY_SIZE)))
        self.shown: list[Tensor] = []
        self.cells = cells

    def initial_carry(self, batch: int, device: torch.device) -> int:
        return 0

    def __call__(self, carry: int, inputs: Tensor, puzzle_ids: Tensor) -> tuple[int, Tensor, Tensor]:
        self.shown.append(inputs)
        assert puzzle_ids.shape == (len(inputs),)
        mixed = torch.sin(inputs.double() * (carry + 1)) @ self.weights
        return carry + 1, mixed.view(len(inputs), self.cells, VOCABULARY_SIZE), torch.zeros(len(inputs), 2)


def random_mazes(rng: np.random.Generator, size: int, count: int, openness: float = 0.7) -> Tokens:
    connections = rng.random((count, 2, size, size)) < openness
    connections[:, 0, -1] = connections[:, 1, :, -1] = False
    ends = np.stack([rng.choice(size**2, 2, replace=False) for _ in range(count)])
    return encode(np.stack([openings_of(maze) for maze in connections]), ends[:, 0], ends[:, 1])


def reference(model: Opinionated, maze: Tokens, size: int, segments: int) -> tuple[bool, int]:
    """Walk one maze: whether the goal is reached, and the moves taken."""
    openings, starts, goals = decode(maze[None])
    cell, seen, steps = int(starts[0]), {int(starts[0])}, 0
    for _ in range(size * size):
        if cell == goals[0]:
            break
        asked = encode(openings, np.array([cell]), goals)
        carry, ids = model.initial_carry(1, torch.device("cpu")), torch.zeros(1, dtype=torch.long)
        for _ in range(segments):
            carry, logits, _ = model(carry, torch.from_numpy(asked).long(), ids)
        options = []
        for move, (down, right) in enumerate(CHANGES):
            row, column = cell // size + down, cell % size + right
            if 0 <= row < size and 0 <= column < size and openings[0][cell] >> move & 1:
                options.append((row * size + column, logits[0, cell, 1 + move].item()))
        options = [option for option in options if option[0] not in seen] or options
        if not options:
            break
        cell = max(options, key=lambda option: option[1])[0]
        seen.add(cell)
        steps += 1
    return cell == goals[0], steps


@settings(max_examples=12, deadline=None)
@given(st.integers(2, 4), st.integers(0, 2**32 - 1), st.booleans(), st.integers(1, 2))
def test_rollouts_are_those_of_the_reference(size: int, seed: int, walls: bool, segments: int) -> None:
    mazes = random_mazes(np.random.default_rng(seed), size, 11)
    if not walls:
        mazes = drop_walls(mazes)
    model = Opinionated(size**2)
    found = greedy_rollout(model, torch.from_numpy(mazes), segments, batch_size=4)
    assert {shown.shape for shown in model.shown} == {(4, size**2)}  # one shape, whatever the number of mazes
    for row, maze in enumerate(mazes):
        reached, steps = reference(model, maze, size, segments)
        assert (bool(found.reached[row]), int(found.steps[row])) == (reached, steps)


class Solver(Opinionated):
    """Gives the shortest path from wherever the start is."""

    def __call__(self, carry: int, inputs: Tensor, puzzle_ids: Tensor) -> tuple[int, Tensor, Tensor]:
        size = int(self.cells**0.5)
        moves = solve(*decode(inputs.numpy().astype(np.uint8)), size).moves
        logits = torch.nn.functional.one_hot(torch.from_numpy(moves).long(), VOCABULARY_SIZE).float()
        return carry, logits, torch.zeros(len(inputs), 2)


def test_a_solver_reaches_every_goal_that_can_be_reached_on_the_shortest_way() -> None:
    mazes = random_mazes(np.random.default_rng(0), 5, 60, openness=0.6)
    length = solve(*decode(mazes), 5).length
    found = greedy_rollout(Solver(25), torch.from_numpy(mazes), 1, batch_size=16)
    assert (found.reached.numpy() == (length > 0)).all()
    assert (found.steps.numpy()[length > 0] == length[length > 0]).all()


def test_start_moves_and_goal_and_walls_stay() -> None:
    mazes = random_mazes(np.random.default_rng(3), 3, 1, openness=0.9)
    model = Opinionated(9)
    greedy_rollout(model, torch.from_numpy(mazes), 1, batch_size=1)
    assert len(model.shown) > 1
    for shown in model.shown:
        roles, sides = (shown - 1) // SIDES, (shown - 1) % SIDES
        assert (roles == START).sum() == 1
        assert torch.equal(roles == GOAL, torch.from_numpy((mazes - 1) // SIDES == GOAL))
        assert torch.equal(sides, torch.from_numpy((mazes - 1) % SIDES).long())


def test_shares_count_mazes_and_other_families_have_none() -> None:
    mazes = random_mazes(np.random.default_rng(0), 4, 40, openness=0.6)
    length = solve(*decode(mazes), 4).length
    tokens = torch.from_numpy(mazes)
    rating = torch.from_numpy(length)
    walks = random_walks(tokens, rating, 16)
    shares = greedy_shares(Solver(16), tokens, rating, 1, 16, walks)
    solvable = (length > 0).mean()
    assert shares["greedy_goal_reached"] == shares["greedy_nearly_shortest"] == pytest.approx(solvable)
    assert shares["chance_nearly_shortest"] < shares["chance_goal_reached"] < solvable
    assert shares["greedy_goal_gain"] == shares["greedy_goal_reached"] - shares["chance_goal_reached"]
    dataset = tiny_dataset()
    votes = evaluation_params(PARAMS, []).votes
    one = torch.from_numpy(dataset.test.inputs)
    asked = Exam(dataset, one, torch.from_numpy(dataset.test.rating), 1, True, votes, 0.95, 16, 16)
    assert not find_task("sudoku").measure(asked)(Solver(16), one, False).metrics
    by_chance = greedy_shares(None, tokens, rating, 1, 16, walks)
    assert (by_chance["greedy_goal_reached"], by_chance["greedy_goal_gain"]) == (walks.reached, 0)
    assert by_chance.keys() == shares.keys()


def test_evaluation_measures_greedy_rollouts_beside_those_of_one_answer(tmp_path: Path) -> None:
    dataset, cpu = lattice_dataset(), torch.device("cpu")
    kept = ("task", "family", "vocabulary_size", "grid_shape", "puzzle_ids", "seed", "generator", "statistics")
    described = dataset.info.model_dump()
    info = save_dataset(tmp_path, dataset.train, dataset.test, {key: described[key] for key in (*kept, "group_names")})
    params = tiny_run("train.steps=1", variant="pointer_baseline")
    facts = facts_of(dataset) | {"data_sha256": info.sha256}
    trainer = Trainer(params, facts, dataset, cpu)
    trainer.advance()
    header = {"kind": "model", **facts, "step": 1, "params": params.model_dump()}
    save_tensors(tmp_path / "model.safetensors", trainer.model_tensors(), header)
    settings = evaluation_params(PARAMS, ["batch_size=8", "weights=[raw]"])
    players = evaluate(tmp_path / "model.safetensors", tmp_path, tmp_path / "out", settings, None, cpu)
    assert sorted(players) == ["chance", "raw", "untrained"]
    metrics = players["raw"]
    tokens = torch.from_numpy(dataset.test.inputs)
    segments = params.halting.max_segments
    found = greedy_rollout(trainer.model.eval(), tokens, segments, 8)
    assert metrics["greedy_goal_reached"] == pytest.approx(found.reached.float().mean().item(), abs=1e-6)
    assert 0 <= metrics["greedy_nearly_shortest"] <= metrics["greedy_goal_reached"]
    assert tokens.shape[1] == SIZE**2
    assert "goal_reached" in metrics
    # Chance walks; every player is measured beside the same walks, and by the same names.
    walks = {name: metrics[f"chance_{name}"] for name in ("goal_reached", "nearly_shortest")}
    for found_by in players.values():
        assert {name: found_by[f"chance_{name}"] for name in walks} == walks
        assert found_by.keys() >= {name for name in metrics if "greedy" in name}
    assert {name: players["chance"][f"greedy_{name}"] for name in walks} == walks
    assert players["chance"]["greedy_goal_gain"] == 0
    for weights in ("raw", "untrained"):
        gain = players[weights]["greedy_goal_reached"] - walks["goal_reached"]
        assert players[weights]["greedy_goal_gain"] == pytest.approx(gain, abs=2e-6)


def test_chance_comes_far_where_nothing_is_closed_and_never_leaves_the_grid() -> None:
    mazes = drop_walls(random_mazes(np.random.default_rng(5), 6, 200))
    first, second = (greedy_rollout(Chance(), torch.from_numpy(mazes), 1, batch_size=50) for _ in range(2))
    assert torch.equal(first.steps, second.steps)
    assert 0.5 < first.reached.float().mean() < 0.95
    tokens = torch.from_numpy(mazes).long()
    ends = [((tokens - 1) // SIDES == role).long().argmax(1) for role in (START, GOAL)]
    apart = sum((left - right).abs() for left, right in zip(*(divmod_cells(end) for end in ends), strict=True))
    assert (first.steps[first.reached] >= apart[first.reached]).all()


def divmod_cells(cells: Tensor) -> tuple[Tensor, Tensor]:
    return cells // 6, cells % 6
