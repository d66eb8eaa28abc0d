"""Sparse supervision: the loss counts only every n-th cell of the path of a lattice maze."""

import dataclasses

import numpy as np
from numpy.typing import NDArray

from hrm.core.errors import ParameterError
from hrm.data.dataset import Dataset
from hrm.data.moves import COLUMN_CHANGE, ROW_CHANGE


def supervise_every(dataset: Dataset, every: int) -> Dataset:
    """The data set with the training labels of all other cells than 0, n, 2 n, ... of the path set to padding.

    Raises ParameterError when `every` is above 1 and the task is not one of lattice mazes.
    """
    if every == 1:
        return dataset
    if dataset.info.family != "lattice":
        raise ParameterError(
            f"train.supervise_every is {every}; the labels of task {dataset.info.task} (family {dataset.info.family}) "
            "are no path of moves, so it must be 1"
        )
    place = path_places(dataset.train.labels, dataset.info.grid_shape[1])
    labels = np.where(place % every == 0, dataset.train.labels, 0).astype(dataset.train.labels.dtype)
    return dataclasses.replace(dataset, train=dataclasses.replace(dataset.train, labels=labels))


def path_places(labels: NDArray[np.uint8], columns: int) -> NDArray[np.int64]:
    """How many moves each cell of the path is from its start, (mazes, cells); -1 off the path and at the goal.

    Labels are those of hrm.data.lattice.tokens: move + 1 at each cell of the path but the goal.
    """
    moves = np.maximum(labels.astype(np.int64) - 1, 0)
    following = np.arange(labels.shape[1]) + np.take(ROW_CHANGE, moves) * columns + np.take(COLUMN_CHANGE, moves)
    rows = np.arange(len(labels))
    led_to = np.zeros(labels.shape, dtype=bool)
    maze, cell = np.nonzero(labels)
    led_to[maze, following[maze, cell]] = True
    here = ((labels > 0) & ~led_to).argmax(axis=1)  # the start: the only labelled cell that no move leads to
    places = np.full(labels.shape, -1, dtype=np.int64)
    for place in range(int((labels > 0).sum(axis=1).max(initial=0))):
        going = labels[rows, here] > 0
        places[rows[going], here[going]] = place
        here = np.where(going, following[rows, here], here)
    return places
