"""What dataset.json says of the difficulty of a split."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def rating_statistics(rating: NDArray[np.int32]) -> dict[str, Any]:
    """Least, mean and greatest rating (examples,) of at least one example, and a histogram.

    The histogram counts edges[i] <= rating < edges[i + 1]; its edges are 0 and the powers of two.
    """
    edges = [0, *(2**power for power in range(int(rating.max()).bit_length() + 1))]
    return {
        "minimum": int(rating.min()),
        "mean": round(float(rating.mean()), 4),
        "maximum": int(rating.max()),
        "histogram": {"edges": edges, "counts": np.histogram(rating, edges)[0].tolist()},
    }
