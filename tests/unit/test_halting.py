"""Halting decisions and the targets of the Q values."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from helpers import tiny_run
from hrm.models.halting import HaltingDraws, continue_target, decide_halt, draw_halting, wants_halt

Q_LEARNING = tiny_run("halting.max_segments=8").halting
HALT_LOSS = tiny_run("halting.max_segments=8", "halting.rule=halting_loss").halting


def draws(minimum, uniform=0.0):
    return HaltingDraws(torch.tensor([minimum]), torch.tensor([uniform]))


def test_halt_beats_continue_or_zero():
    q = torch.tensor([[1.0, 2.0], [2.0, 1.0], [-1.0, -2.0]])
    assert wants_halt(q, Q_LEARNING).tolist() == [False, True, True]
    assert wants_halt(q, HALT_LOSS).tolist() == [True, True, False]


@given(st.integers(1, 8), st.integers(0, 8), st.booleans())
def test_an_example_halts_at_the_last_segment_or_when_it_wants_to_and_may(step, minimum, wants):
    q = torch.tensor([[1.0, 0.0] if wants else [0.0, 1.0]])
    halted = decide_halt(q, torch.tensor([step]), draws(minimum), Q_LEARNING).item()
    assert halted == (step == 8 or (wants and step >= minimum))


def test_exploration_asks_for_2_to_max_segments_at_the_stated_rate():
    params = tiny_run("halting.max_segments=8", "halting.exploration=0.25").halting
    drawn = draw_halting(params, (40_000,), torch.Generator().manual_seed(0)).minimum
    explored = drawn[drawn > 0]
    assert abs(len(explored) / 40_000 - 0.25) < 0.01
    assert set(explored.tolist()) == set(range(2, 9))


def test_single_segment_models_always_halt():
    params = tiny_run("halting.max_segments=1").halting
    assert decide_halt(torch.tensor([[-9.0, 9.0]]), torch.tensor([1]), draws(0), params).item()


def test_continue_target_is_the_best_next_value_and_the_halt_value_at_the_end():
    next_q = torch.tensor([[-1.0, 2.0], [3.0, 1.0], [-1.0, 2.0]])
    steps = torch.tensor([1, 1, 8])
    wished = torch.sigmoid(torch.tensor([2.0, 3.0, -1.0]))
    torch.testing.assert_close(continue_target(next_q, steps, Q_LEARNING), wished)
