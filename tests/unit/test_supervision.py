"""Sparse supervision: which cells of the path count in training."""

import numpy as np
import pytest
import torch
from lattice_doubles import SIZE, lattice_dataset

from helpers import facts_of, tiny_dataset, tiny_run
from hrm.core.errors import ParameterError
from hrm.data.lattice.task import TASK, path_places
from hrm.data.lattice.tokens import VOCABULARY_SIZE, decode
from hrm.data.task import find_task
from hrm.training.trainer import Trainer


def walked(inputs: np.ndarray, labels: np.ndarray) -> list[int]:
    """The cells of one path from its start, the goal left out."""
    _, starts, _ = decode(inputs[None])
    cells, cell = [], int(starts[0])
    while labels[cell]:
        cells.append(cell)
        cell += (-SIZE, SIZE, -1, 1)[labels[cell] - 1]
    return cells


@pytest.mark.parametrize("every", [1, 2, 3, 50])
def test_only_every_nth_cell_from_the_start_keeps_its_label(every):
    dataset = lattice_dataset()
    sparse = TASK.thinned(dataset, every)
    for inputs, full, left in zip(dataset.train.inputs, dataset.train.labels, sparse.train.labels, strict=True):
        wished = np.zeros_like(full)
        kept = walked(inputs, full)[::every]
        wished[kept] = full[kept]
        assert (left == wished).all()
    assert (sparse.test.labels == dataset.test.labels).all()
    assert (sparse.train.inputs == dataset.train.inputs).all()


def test_places_count_the_moves_from_the_start():
    dataset = lattice_dataset()
    places = path_places(dataset.train.labels, SIZE)
    for inputs, labels, found in zip(dataset.train.inputs, dataset.train.labels, places, strict=True):
        cells = walked(inputs, labels)
        assert found[cells].tolist() == list(range(len(cells)))
        assert (np.delete(found, cells) == -1).all()


def test_other_tasks_are_refused_with_what_was_found_and_what_is_allowed():
    dataset = tiny_dataset()
    assert find_task("sudoku").thinned(dataset, 1) is dataset
    with pytest.raises(ParameterError, match=r"train.supervise_every is 2; .*family sudoku.* must be 1"):
        Trainer(tiny_run("train.supervise_every=2"), facts_of(dataset), dataset, torch.device("cpu"))


def test_the_trainer_shows_the_sparse_labels():
    dataset = lattice_dataset()
    facts = facts_of(dataset) | {"vocabulary_size": VOCABULARY_SIZE}
    counted = []
    for every in (1, 3):
        t = Trainer(tiny_run(f"train.supervise_every={every}"), facts, dataset, torch.device("cpu"))
        t.advance()
        counted.append((t.carry.batch.labels > 0).sum(dim=1))
    assert torch.equal(counted[1], (counted[0] + 2) // 3)
