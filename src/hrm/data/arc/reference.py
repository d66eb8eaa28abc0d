"""The slow way, one augmented task after another in numpy, as a plain builder does it: for tests and benchmarks."""

import hashlib
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from hrm.data.arc.collection import Pair
from hrm.data.arc.encoding import encode
from hrm.data.arc.group import apply_code


def augmented(pairs: Sequence[Pair], code: int) -> list[Pair]:
    """All pairs of a task under one element."""
    return [Pair(apply_code(code, pair.input), apply_code(code, pair.output)) for pair in pairs]


def content_hash(pairs: Iterable[Pair]) -> bytes:
    """SHA-256 of a task: of its pairs in sorted order, each grid with its shape."""
    parts = sorted(b"".join(bytes(grid.shape) + grid.tobytes() for grid in pair) for pair in pairs)
    return hashlib.sha256(b"".join(parts)).digest()


def plan_by_hashing(pairs: Sequence[Pair], codes: Iterable[int], wanted: int) -> list[int]:
    """The first `wanted` + 1 of `codes` that give different tasks; each task is made and hashed."""
    seen: set[bytes] = set()
    kept: list[int] = []
    for code in codes:
        mark = content_hash(augmented(pairs, code))
        if mark not in seen:
            seen.add(mark)
            kept.append(int(code))
        if len(kept) > wanted:
            break
    return kept


def canvases(pair: Pair, code: int, side: int, draws: Sequence[float] = (0.0, 0.0)) -> list[NDArray[np.uint8]]:
    """Tokens of input and output under one element, moved by shares `draws` in [0, 1) of the room both leave."""
    (moved,) = augmented([pair], code)
    sizes = [max(moved.input.shape[axis], moved.output.shape[axis]) for axis in (0, 1)]
    down, right = (int(share * (side - size + 1)) for share, size in zip(draws, sizes, strict=True))
    return [encode(grid, side, down, right) for grid in moved]
