"""A steps.json by hand."""

from typing import Any

import numpy as np


def steps() -> dict[str, Any]:
    """A 4x4 puzzle with three empty cells, right from the third segment on."""
    label = np.array([[1, 2, 3, 4], [3, 4, 1, 2], [2, 1, 4, 3], [4, 3, 2, 1]]).ravel() + 1
    given = label.copy()
    given[[0, 5, 10]] = 1
    answers = [label.copy() for _ in range(4)]
    answers[0][[0, 5]] = 5, 2
    answers[1][[0]] = 4
    return {
        "weights": "raw",
        "family": "sudoku",
        "grid_shape": [4, 4],
        "box": [2, 2],
        "test_example": 6,
        "test_examples": 50,
        "rating": 1,
        "settled_segment": 3,
        "input": given.tolist(),
        "label": label.tolist(),
        "predictions": [answer.tolist() for answer in answers],
        "q_halt": [-3.0, -1.0, 0.0, 2.0],
    }
