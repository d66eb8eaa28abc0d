"""Tokens on a canvas, and back."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from arc_cases import grids
from hrm.data.arc.encoding import decode, encode
from hrm.data.arc.group import Grid

SIDE = 7


@given(grids(SIDE))
def test_decoding_gives_the_grid_back(grid: Grid) -> None:
    again = decode(encode(grid, SIDE))
    assert again.shape == grid.shape
    assert (again == grid).all()


@given(grids(SIDE), st.data())
def test_every_cell_is_what_it_should_be(grid: Grid, data: st.DataObject) -> None:
    down = data.draw(st.integers(0, SIDE - grid.shape[0]))
    right = data.draw(st.integers(0, SIDE - grid.shape[1]))
    canvas = encode(grid, SIDE, down, right).reshape(SIDE, SIDE)
    for i in range(SIDE):
        for j in range(SIDE):
            row, column = i - down, j - right
            rows, columns = 0 <= row < grid.shape[0], 0 <= column < grid.shape[1]
            if rows and columns:
                assert canvas[i, j] == grid[row, column] + 2
            else:
                marked = (rows and column == grid.shape[1]) or (columns and row == grid.shape[0])
                assert canvas[i, j] == int(marked)


@given(st.lists(st.integers(0, 13), min_size=16, max_size=16))
def test_a_malformed_prediction_is_cropped_to_its_largest_rectangle_of_colours(tokens: list[int]) -> None:
    canvas = np.array(tokens).reshape(4, 4)
    areas = [
        (height * width, height)
        for height in range(1, 5)
        for width in range(1, 5)
        if ((canvas[:height, :width] > 1) & (canvas[:height, :width] < 12)).all()
    ]
    grid = decode(np.array(tokens))
    assert grid.size == max([0, *(area for area, _ in areas)])
    if areas:
        assert grid.shape[0] == min(height for area, height in areas if area == grid.size)
        assert (grid + 2 == canvas[: grid.shape[0], : grid.shape[1]]).all()
