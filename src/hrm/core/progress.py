"""A progress bar on stderr, drawn often on a terminal and every 30 s in a log."""

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tqdm import tqdm


def progress(name: str, unit: str, total: int | None = None) -> "tqdm[Any]":
    """A bar of `total` units, to be used in `with`; its `update` takes how many were done since the last call."""
    from tqdm import tqdm

    interval = 0.2 if sys.stderr.isatty() else 30.0
    return tqdm(total=total, desc=name, unit=unit, mininterval=interval, maxinterval=interval)
