import dataclasses

import pytest
import torch
from evaluation_doubles import HALTS_NEVER, ScriptedModel, halting_params, scripted_examples

from hrm.evaluation import measures
from hrm.evaluation.segments import SegmentRecord, record_example, record_segments

NEVER = 90


def record(solved_at: list[int], halts_at: list[int], segments: int, batch_size: int = 2) -> SegmentRecord:
    return record_segments(ScriptedModel(), scripted_examples(solved_at, halts_at), segments, batch_size, segments)


def test_accuracy_at_each_segment_counts_the_examples_solved_by_then() -> None:
    rows = measures.segment_rows(record([1, 2, 2, NEVER], [NEVER] * 4, 3), halting_params(2), 6, 0.95)
    assert [row["segments"] for row in rows] == [1, 2, 3]
    assert [row["exact_accuracy"] for row in rows] == [0.25, 0.75, 0.75]
    # Of 4 cells, 2 are given and always right.
    assert [row["cell_accuracy"] for row in rows] == [0.625, 0.875, 0.875]
    assert [row["open_accuracy"] for row in rows] == [0.25, 0.75, 0.75]
    assert all(row["exact_accuracy_low"] < row["exact_accuracy"] < row["exact_accuracy_high"] for row in rows)


@pytest.mark.parametrize("batch_size", [1, 2, 3, 5])
def test_batch_size_changes_no_measure_and_every_batch_is_full(batch_size: int) -> None:
    examples = scripted_examples([1, 2, 3, 2, NEVER], [1, 2, 2, 3, 1])
    whole = record_segments(ScriptedModel(), examples, 3, len(examples.inputs), 2)
    model = ScriptedModel()
    parts = record_segments(model, examples, 3, batch_size, 2)
    assert set(model.batches) == {batch_size}
    assert torch.equal(whole.exact, parts.exact)
    assert torch.equal(whole.q, parts.q)
    assert torch.equal(whole.cells_right, parts.cells_right)
    assert torch.equal(whole.answers, parts.answers)


def test_answers_are_those_after_the_segment_that_was_asked_for() -> None:
    examples = scripted_examples([1, 2, 3], [NEVER] * 3)
    answers = record_segments(ScriptedModel(), examples, 3, 2, answer_after=2).answers
    assert (answers == examples.labels).all(dim=1).tolist() == [True, True, False]


def test_padding_cells_are_not_counted() -> None:
    examples = scripted_examples([NEVER], [NEVER])
    examples.labels[:, 2:] = 0
    padded = record_segments(ScriptedModel(), examples, 1, 1, 1)
    assert padded.exact.all()
    assert padded.cells.tolist() == [2]
    assert padded.open_cells.tolist() == [0]


def test_each_limit_of_segments_has_the_halting_of_examples_that_may_stop_before_it() -> None:
    solved_at, halts_at = [2, 2, 3, 1], [1, 2, 3, HALTS_NEVER]
    known = record(solved_at, halts_at, 4)
    rows = measures.segment_rows(known, halting_params(2), 6, 0.95)
    for limit, row in enumerate(rows, 1):
        stops = [min(wish, limit) for wish in halts_at]
        assert row["mean_steps"] == sum(stops) / 4
        assert row["halting_accuracy"] == sum(map(int.__ge__, stops, solved_at)) / 4
        assert row["layers_a_segment"] == 6
    never = measures.segment_rows(known, halting_params(2, "fixed"), 6, 0.95)
    assert [row["mean_steps"] for row in never] == [1, 2, 3, 4]
    assert [row["halting_accuracy"] for row in never] == [row["exact_accuracy"] for row in never]


def test_halting_stops_at_the_first_wish_or_at_the_maximum() -> None:
    # Stops at 1 wrong, at 2 right, at 3 (the maximum, by itself) right, at 3 (forced) right.
    halted = measures.halting(record([2, 2, 3, 1], [1, 2, 3, HALTS_NEVER], 6), halting_params(3), 3)
    assert halted.mean_steps == (1 + 2 + 3 + 3) / 4
    assert halted.accuracy == 0.75
    assert halted.halted_share == 0.75
    assert halted.correct_halts == pytest.approx(2 / 3)


def test_a_wish_after_the_maximum_is_no_halt() -> None:
    halted = measures.halting(record([1, 1], [4, 5], 6), halting_params(3), 3)
    assert (halted.halted_share, halted.mean_steps, halted.correct_halts) == (0.0, 3.0, None)


def test_halt_head_alone_decides_by_its_sign_when_continue_is_not_trained() -> None:
    known = record([1], [1], 2)
    q = torch.tensor([[[1.0, 2.0]], [[1.0, 2.0]]])
    known = dataclasses.replace(known, q=q)
    assert measures.halting(known, halting_params(2, "halting_loss"), 2).mean_steps == 1
    assert measures.halting(known, halting_params(2, "q_learning"), 2).mean_steps == 2


def test_difficulty_bins_split_the_examples_and_leave_out_empty_ones() -> None:
    exact = torch.tensor([True, False, True, True])
    rating = torch.tensor([0, 4, 9, 200])
    rows = measures.difficulty_rows(exact, rating, [0, 1, 5, 10, 50], 0.95)
    assert [(row["rating_from"], row["rating_to"]) for row in rows] == [(0, 0), (1, 4), (5, 9), (50, "")]
    assert [row["exact_accuracy"] for row in rows] == [1.0, 0.0, 1.0, 1.0]
    assert sum(int(row["examples"]) for row in rows) == len(rating)


def test_settled_is_the_segment_from_which_on_the_answer_stays_right() -> None:
    exact = torch.tensor([[1, 0, 1, 0], [0, 1, 1, 1], [1, 1, 1, 0]], dtype=torch.bool)
    assert measures.settled_segment(exact).tolist() == [3, 2, 1, 0]


def test_example_to_show_is_the_slowest_solved_one_and_the_first_of_equals() -> None:
    exact = torch.tensor([[0, 1, 0, 0, 0], [0, 1, 1, 1, 0], [0, 1, 1, 1, 1]], dtype=torch.bool)
    assert measures.example_to_show(exact) == 4
    assert measures.example_to_show(exact[:, :4]) == 2
    assert measures.example_to_show(torch.zeros(3, 4, dtype=torch.bool)) == 0


def test_shown_example_is_the_one_that_was_measured() -> None:
    examples = scripted_examples([1, 1, 3], [1, 1, 2])
    cells, q = record_example(ScriptedModel(), examples, 2, 3, 2)
    assert [(step == examples.labels[2]).all().item() for step in cells] == [False, False, True]
    assert (q[:, 0] > 0).tolist() == [False, True, True]
