"""What tasks ask beyond the label, and which model may be measured on which data."""

import numpy as np
import pytest
import torch

from hrm.data.dataset import DatasetInfo
from hrm.data.maze.tokens import PATH
from hrm.data.maze.tokens import parse as maze
from hrm.evaluation.judges import judge

FACTS = {
    "task": "boards",
    "vocabulary_size": 6,
    "grid_shape": [3, 3],
    "puzzle_ids": 1,
    "group_names": {},
    "train_examples": 0,
    "test_examples": 0,
    "seed": 0,
    "generator": {},
    "statistics": {},
    "sha256": {},
}
