"""The canonical form against brute force over the whole group, and its invariance."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from test_sudoku_solver import puzzles

from hrm.data.sudoku.canonical import canonical_forms, class_keys
from hrm.data.sudoku.symmetries import SudokuSymmetries


def test_equals_brute_force_on_4x4() -> None:
    boards, grids = puzzles(2, 2, 25, clues=6)
    forms = canonical_forms(boards, grids, 2, 2)
    group = SudokuSymmetries(2, 2)
    codes = torch.arange(group.order)
    for i in range(len(boards)):
        images, solved = (
            group.apply(codes, torch.from_numpy(part[i]).expand(len(codes), -1)).numpy() for part in (boards, grids)
        )
        # The order of comparison: solved grid, then pattern of clues.
        least = min(zip(solved.tolist(), (images > 0).tolist(), images.tolist(), strict=True))
        assert forms.grids[i].tolist() == least[0]
        assert forms.puzzles[i].tolist() == least[2]


@pytest.mark.parametrize("shape", [(2, 3), (3, 3)])
def test_equivalent_puzzles_have_one_form(shape: tuple[int, int]) -> None:
    boards, grids = puzzles(*shape, 4)
    forms = canonical_forms(boards, grids, *shape)
    group = SudokuSymmetries(*shape)

    @settings(max_examples=25)
    @given(st.lists(st.integers(0, group.order - 1), min_size=4, max_size=4))
    def check(codes: list[int]) -> None:
        chosen = torch.tensor(codes)
        moved, solved = (group.apply(chosen, torch.from_numpy(part)).numpy() for part in (boards, grids))
        again = canonical_forms(moved, solved, *shape)
        assert (again.grids == forms.grids).all()
        assert (again.puzzles == forms.puzzles).all()

    check()


def test_inequivalent_puzzles_have_different_forms() -> None:
    boards, grids = puzzles(3, 3, 30)
    assert len(set(class_keys(canonical_forms(boards, grids, 3, 3).puzzles))) == 30


def test_4x4_has_two_classes_of_grids_and_36_of_minimal_puzzles() -> None:
    boards, grids = puzzles(2, 2, 3000)
    forms = canonical_forms(boards, grids, 2, 2)
    assert len(set(class_keys(forms.grids))) == 2
    assert len(set(class_keys(forms.puzzles))) == 36
