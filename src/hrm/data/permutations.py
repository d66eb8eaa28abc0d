"""Permutations as numbers: their ranks in lexicographic order."""

import math

import numpy as np
from numpy.typing import NDArray


def permutations(count: int) -> NDArray[np.uint8]:
    """All orders of 0 to count - 1 in lexicographic order: (count!, count)."""
    if count == 0:
        return np.zeros((1, 0), dtype=np.uint8)
    rest = permutations(count - 1)
    parts = []
    for first in range(count):
        head = np.full((len(rest), 1), first, dtype=np.uint8)
        # The others keep their order; those from `first` on move up by one.
        parts.append(np.concatenate([head, rest + (rest >= first)], axis=1).astype(np.uint8))
    return np.concatenate(parts)


def ranks(orders: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Rows of `permutations` that hold `orders` (batch, count): (batch,)."""
    count = orders.shape[1]
    total = np.zeros(len(orders), dtype=np.int64)
    for place in range(count):
        # Lehmer code: how many later entries are smaller, times the orders of the places behind.
        smaller = (orders[:, place + 1 :] < orders[:, place : place + 1]).sum(axis=1)
        total += smaller * math.factorial(count - 1 - place)
    return total
