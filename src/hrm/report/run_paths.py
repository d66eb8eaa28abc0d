"""Which training a file of results belongs to."""

import re
from pathlib import Path

from hrm.core.errors import DataError

SEED = re.compile(r"seed(\d+)")


def run_of(path: Path) -> tuple[str, str, str]:
    """(task, variant, seed folder) of .../TASK/VARIANT/seedN/NAME; DataError for a file that lies elsewhere."""
    if len(path.parts) < 4 or not path.parts[-2].startswith("seed"):
        raise DataError(f"{path}: is not of the form TASK/VARIANT/seedN/{path.name}")
    task, variant, seed = path.parts[-4:-1]
    return task, variant, seed


def runs_below(folder: Path, name: str) -> list[tuple[str, str, int]]:
    """(task, variant, seed) of every TASK/VARIANT/seedN/NAME in a folder, in order; other files are passed over."""
    found = []
    for path in folder.glob(f"*/*/seed*/{name}"):
        task, variant, seed, _ = path.relative_to(folder).parts
        if match := SEED.fullmatch(seed):
            found.append((task, variant, int(match[1])))
    return sorted(found)
