"""All answers of a network to the test examples as one file, so that others can count again what we counted.

tests/independent/recompute.py does, without any of this package.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hrm.core.files import atomic_path
from hrm.evaluation.segments import SegmentRecord

NAME = "predictions.npz"


def predictions_file(record: SegmentRecord, judged: int) -> dict[str, NDArray[Any]]:
    """What the file of a record holds, by name.

    answers: (examples, cells) uint8 predicted tokens after the segment whose answer is judged, the record's own.
    q: (judged segments, examples, 2) float32 logits of halt and continue after each segment up to it.

    Args:
        record: of segments without halting; the answers that it keeps must be those of segment `judged`.
        judged: the segments after which the answer is judged.
    """
    return {
        "answers": record.answers.numpy().astype(np.uint8),
        "q": record.q[:judged].numpy().astype(np.float32),
    }


def save_predictions(folder: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write predictions.npz, compressed, whole or not at all; equal arrays are equal bytes, nothing is pickled."""
    with atomic_path(folder / NAME) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)
