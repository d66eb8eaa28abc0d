"""The four moves on a grid, in the order of every label that names one: up, down, left, right."""

ROW_CHANGE, COLUMN_CHANGE = [-1, 1, 0, 0], [0, 0, -1, 1]
