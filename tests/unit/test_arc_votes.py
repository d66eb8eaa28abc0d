"""Votes of ARC: beside a plain reference, and what a score may and may not do."""

from collections import Counter

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from arc_cases import codes, grids, program_params
from helpers import PARAMS
from hrm.core.errors import ParameterError
from hrm.core.schema import evaluation_params
from hrm.core.vote_schema import VoteParams
from hrm.data.arc.answers import collate, grid_of
from hrm.data.arc.encoding import FIRST_COLOUR, encode
from hrm.data.arc.group import Grid, apply_code, colour_tables
from hrm.data.arc.scores import NOWHERE, Ballot, place_of, ranking, scores, vote_rows
from hrm.data.arc.symmetries import ArcSymmetries
from hrm.data.arc.task import TASK
from hrm.data.arc.votes import all_copies, arc_votes, attempts
from hrm.data.dataset import NONE, Dataset, load_dataset

SIDE = 4
votes = st.lists(st.tuples(st.integers(0, 3), st.sampled_from([0.125, 0.25, 0.75])), min_size=1, max_size=12)


def vote_params(*overrides: str) -> VoteParams:
    return evaluation_params(PARAMS, [f"votes.{text}" for text in overrides]).votes


def plain_grid(tokens: list[int], side: int) -> tuple[tuple[int, ...], ...]:
    """The largest rectangle of colours at the top left, by trying all; of equal ones that with the fewest rows."""
    best: tuple[tuple[int, ...], ...] = ()
    for height in range(1, side + 1):
        for width in range(1, side + 1):
            rows = [tokens[row * side : row * side + width] for row in range(height)]
            if all(2 <= token <= 11 for row in rows for token in row) and height * width > sum(map(len, best)):
                best = tuple(tuple(token - 2 for token in row) for row in rows)
    return best


def plain_undo(grid: tuple[tuple[int, ...], ...], name: list[int], turn: int) -> tuple[tuple[int, ...], ...]:
    """As the published code undoes: the inverse of each turn by numpy's own, then old colours by a search."""
    backs = [0, 3, 2, 1, 4, 5, 6, 7]
    turns = [
        lambda g: g,
        np.rot90,
        lambda g: np.rot90(g, 2),
        lambda g: np.rot90(g, 3),
        np.fliplr,
        np.flipud,
        np.transpose,
        lambda g: np.fliplr(np.rot90(g)),
    ]
    if not grid:
        return ()
    undone = turns[backs[turn]](np.array(grid))
    return tuple(tuple(name.index(colour) for colour in row) for row in undone.tolist())


def plain_ranking(given: list[tuple[object, float]]) -> list[object]:
    """The published vote: count, then mean halt value, then what came first."""
    counts = Counter(answer for answer, _ in given)
    means = {answer: sum(q for other, q in given if other == answer) / counts[answer] for answer in counts}
    return sorted(counts, key=lambda answer: (counts[answer], means[answer]), reverse=True)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.lists(st.integers(0, 13), min_size=16, max_size=16), codes, st.sampled_from([0.25, 0.5])),
        min_size=1,
        max_size=12,
    ),
    grids(SIDE),
    st.integers(0, 12),
)
def test_votes_on_any_predictions_are_those_of_a_plain_reference(
    made: list[tuple[list[int], int, float]], label: Grid, right: int
) -> None:
    for place in range(min(right, len(made))):  # some copies are right, so that answers tie
        _, code, q = made[place]
        made[place] = (encode(apply_code(code, label), SIDE).tolist(), code, q)
    tokens = np.array([row for row, _, _ in made], dtype=np.uint8)
    elements = np.array([code for _, code, _ in made], dtype=np.int32)
    halts = np.array([q for _, _, q in made])
    answers = collate(tokens, elements, encode(label, SIDE))

    plain = [
        (plain_undo(plain_grid(row, SIDE), colour_tables()[code // 8].tolist(), code % 8), q) for row, code, q in made
    ]
    ours = [tuple(map(tuple, grid_of(answers.grids[i]).tolist())) for i in ranking(answers.numbers, halts)]
    assert ours == plain_ranking(plain)
    wanted = tuple(map(tuple, label.tolist()))
    order = plain_ranking(plain)
    assert place_of(answers.right, answers.numbers, halts) == (order.index(wanted) if wanted in order else NOWHERE)


@given(votes)
def test_ties_go_to_the_mean_halt_value_and_then_to_what_came_first(given_votes: list[tuple[int, float]]) -> None:
    numbers = np.array([number for number, _ in given_votes])
    _, firsts = np.unique(numbers, return_index=True)
    renamed = np.argsort(np.argsort(firsts))[np.searchsorted(np.unique(numbers), numbers)]  # in order of appearance
    halts = np.array([q for _, q in given_votes])
    named = [(int(number), q) for number, q in zip(renamed, halts, strict=True)]
    assert ranking(renamed, halts).tolist() == plain_ranking(named)


@settings(deadline=None)
@given(grids(SIDE), st.lists(codes, min_size=1, max_size=5))
def test_undoing_what_the_device_did_to_a_label_gives_the_label(label: Grid, elements: list[int]) -> None:
    stored = torch.from_numpy(encode(label, SIDE))[None].expand(len(elements), -1)
    moved = ArcSymmetries(SIDE).apply_tokens(torch.tensor(elements), stored)
    answers = collate(moved.numpy(), np.array(elements, dtype=np.int32), encode(label, SIDE))
    assert (answers.numbers == answers.right).all()
    assert (grid_of(answers.grids[0]) == label).all()


def test_a_broken_prediction_is_one_wrong_vote() -> None:
    label = encode(np.full((2, 2), 3, dtype=np.uint8), SIDE)
    broken = np.zeros((3, SIDE * SIDE), dtype=np.uint8)
    broken[1] = 255  # no token at all
    broken[2] = FIRST_COLOUR + 3  # no end marks: as large as the canvas
    answers = collate(np.concatenate([broken, label[None]]), np.zeros(4, dtype=np.int32), label)
    assert answers.numbers.tolist() == [0, 0, 1, 2]
    assert answers.right == 2
    assert [grid_of(row).shape for row in answers.grids] == [(0, 0), (4, 4), (2, 2)]
    only = collate(broken, np.zeros(3, dtype=np.int32), label)
    assert place_of(only.right, only.numbers, np.zeros(3)) == NOWHERE
    assert attempts([grid_of(answers.grids[0])]) == {"attempt_1": [[0]], "attempt_2": [[0]]}


def test_both_scorings_of_a_hand_made_case() -> None:
    # Task 4 has two test inputs, one of them right among two answers; task 7 has one, right at once.
    places, tasks = np.array([1, 2, 0]), np.array([4, 4, 7])
    assert scores(places, tasks, 1) == (0.5, 0.5)
    assert scores(places, tasks, 2) == (0.5, 0.75)
    assert scores(places, tasks, 3) == (1.0, 1.0)
    assert scores(np.full(3, NOWHERE), tasks, 1000) == (0.0, 0.0)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2), votes), min_size=1, max_size=6))
def test_more_answers_never_lower_a_score_and_shares_are_never_below_whole_tasks(
    cast: list[tuple[int, list[tuple[int, float]]]],
) -> None:
    ballots = [
        Ballot(task, np.array([number for number, _ in given_votes]), np.array([q for _, q in given_votes]), 0)
        for task, given_votes in cast
    ]
    rows = vote_rows(ballots, vote_params("subsets=3", "counts=[1, 3]", "top=[1, 2, 3]"), 0.95)
    for count in {row["votes"] for row in rows}:
        of_count = [row for row in rows if row["votes"] == count]
        for name in ("task_score", "input_score"):
            values = [float(row[name]) for row in of_count]
            assert values == sorted(values)
        for row in of_count:
            assert row["input_score"] >= row["task_score"]
            assert row["task_score_least"] <= row["task_score"] + 1e-12
            assert row["task_score"] <= float(row["task_score_most"]) + 1e-12
            assert row["task_score_low"] <= row["task_score"] <= row["task_score_high"]


def test_one_vote_is_a_random_copy_and_all_votes_are_all_copies() -> None:
    right_half = Ballot(0, np.arange(100) % 2, np.zeros(100), 0)
    rows = vote_rows([right_half], vote_params("subsets=400", "counts=[1]", "top=[1, 2]"), 0.95)
    one, _, every, both = rows
    assert (one["votes"], every["votes"], every["subsets"]) == (1, 100, 1)
    assert float(one["task_score"]) == pytest.approx(0.5, abs=0.1)
    assert (every["task_score"], both["task_score"]) == (1.0, 1.0)  # 50 to 50: what came first


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    folder = tmp_path_factory.mktemp("arc")
    params = program_params(folder)
    TASK.write_dataset(
        folder / "data", params, TASK.make_candidates(params, 0, TASK.candidate_count(params), 1, lambda _: None), 1
    )
    return load_dataset(folder / "data")


class Recaller:
    """Knows the label of every copy of the test split by its input and id, and answers it from `after` segments on.

    The copies of symmetry 0 it gets wrong when `forgets`: only the votes of the others can be right then.
    """

    def __init__(self, dataset: Dataset, after: int = 1, forgets: bool = False) -> None:
        test, side = dataset.test, dataset.info.grid_shape[0]
        self.known: dict[tuple[int, bytes], np.ndarray] = {}
        self.after = after
        for row, group in enumerate(test.groups):
            for place, code in enumerate(test.plan[group]):
                if code == NONE:
                    continue
                both = torch.from_numpy(np.stack([test.inputs[row], test.labels[row]]))
                shown, wanted = ArcSymmetries(side).apply_tokens(torch.tensor([int(code)] * 2), both).numpy()
                answer = np.zeros_like(wanted) if forgets and place == 0 else wanted
                self.known[int(test.first_ids[group]) + place, shown.tobytes()] = answer

    def initial_carry(self, batch: int, device: torch.device) -> int:
        return 0

    def __call__(self, carry: int, inputs: Tensor, puzzle_ids: Tensor) -> tuple[int, Tensor, Tensor]:
        keys = [(int(i), row.numpy().astype(np.uint8).tobytes()) for i, row in zip(puzzle_ids, inputs, strict=True)]
        answers = np.stack([self.known[key] if carry + 1 >= self.after else self.known[key] * 0 for key in keys])
        logits = torch.nn.functional.one_hot(torch.from_numpy(answers).long(), 12).float()
        return carry + 1, logits, torch.zeros(len(inputs), 2)


@pytest.mark.parametrize(("batch_size", "block"), [(64, 16384), (7, 20)])
def test_every_copy_is_asked_under_its_own_id_and_undone(dataset: Dataset, batch_size: int, block: int) -> None:
    inputs = torch.from_numpy(dataset.test.inputs)
    params = vote_params(f"block={block}", "subsets=2", "counts=[1, 2]")
    model = Recaller(dataset, after=3, forgets=True)
    found = arc_votes(model, dataset, inputs, params, 4, True, batch_size, 0.95)
    assert found.metrics["arc_pass_at_1"] == found.metrics["arc_pass_at_1_inputs"] == 1.0
    assert found.metrics["arc_pass_at_2_1_segment"] == found.metrics["arc_pass_at_2_2_segments"] == 0.0
    assert found.metrics["arc_votes"] == dataset.test.plan.shape[1]
    # The submission holds every test input of every task, in order, with the right answer at the first attempt.
    names = dataset.info.group_names["test"]
    wanted: dict[str, list[bytes]] = {name: [] for name in names}
    for row, group in enumerate(dataset.test.groups):
        wanted[names[group]].append(dataset.test.labels[row].tobytes())
    side = dataset.info.grid_shape[0]
    assert list(found.submission) == names
    for name, submitted in found.submission.items():
        for answer, label in zip(submitted, wanted[name], strict=True):
            assert set(answer) == {"attempt_1", "attempt_2"}
            assert encode(np.array(answer["attempt_1"], dtype=np.uint8), side).tobytes() == label
            assert all(0 <= colour <= 9 for row in answer["attempt_2"] for colour in row)


def test_fewer_augmentations_are_the_first_of_the_plan(dataset: Dataset) -> None:
    inputs = torch.from_numpy(dataset.test.inputs)
    params = vote_params("augmentations=1", "subsets=2")
    assert (all_copies(dataset, len(inputs), params).codes == 0).all()
    found = arc_votes(Recaller(dataset, forgets=True), dataset, inputs, params, 1, True, 64, 0.95)
    assert found.metrics["arc_pass_at_1000"] == 0.0
    assert found.metrics["arc_votes"] == 1


@pytest.mark.parametrize(("override", "words"), [("top=[1, 10]", "must hold 2"), ("counts=[2, 1]", "counts must rise")])
def test_bad_vote_parameters_are_refused(override: str, words: str) -> None:
    with pytest.raises(ParameterError, match=words):
        vote_params(override)
