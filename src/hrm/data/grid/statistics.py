"""What dataset.json says of the shortest paths of a split."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hrm.data.grid.paths import Solved


def path_statistics(solved: Solved, wall_share: NDArray[np.float64], bin_width: int) -> dict[str, Any]:
    """Number, shortest path lengths (steps), walls and numbers of shortest paths of the solved grids of a split.

    The histogram counts edges[i] <= length < edges[i + 1]; edges are multiples of `bin_width`, plus 1. `wall_share` is
    a share for each grid. `path_cells` is the mean number of cells that lie on some shortest path, ends included.
    """
    length = solved.length
    first = (int(length.min()) - 1) // bin_width * bin_width + 1
    edges = list(range(first, int(length.max()) + bin_width + 1, bin_width))
    return {
        "mazes": len(length),
        "rating": {
            "minimum": int(length.min()),
            "mean": round(float(length.mean()), 4),
            "maximum": int(length.max()),
            "histogram": {"edges": edges, "counts": np.histogram(length, edges)[0].tolist()},
        },
        "wall_share": {
            "minimum": round(float(wall_share.min()), 4),
            "mean": round(float(wall_share.mean()), 4),
            "maximum": round(float(wall_share.max()), 4),
        },
        "shortest_paths": {
            "share_with_one": round(float((solved.count == 1).mean()), 4),
            "median": float(np.median(solved.count)),
            "maximum": float(solved.count.max()),
        },
        "path_cells_mean": round(float(solved.on_path.sum(axis=1).mean()), 4),
    }
