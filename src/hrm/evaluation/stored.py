"""predictions.npz: the answers of a network to all test examples, so that others can check the numbers."""

import zipfile
from pathlib import Path

import numpy as np
from torch import Tensor

from hrm.core.files import atomic_path

EPOCH = (1980, 1, 1, 0, 0, 0)  # of the entries, so that equal predictions are equal files


def write_predictions(target: Path, answers: Tensor, q: Tensor) -> None:
    """Write a compressed archive that `numpy.load` reads without pickle.

    Args:
        target: the file.
        answers: (examples, cells) uint8 tokens after the judged segment.
        q: (segments, examples, 2) float32 logits (halt, continue) after each segment up to the judged one.
    """
    with atomic_path(target) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        for name, values in (("answers", answers), ("q", q)):
            about = zipfile.ZipInfo(f"{name}.npy", EPOCH)
            about.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(about, "w") as entry:
                np.lib.format.write_array(entry, values.numpy(), allow_pickle=False)
