"""Which training a file of results belongs to."""

from pathlib import Path

from hrm.core.errors import DataError


def run_of(path: Path) -> tuple[str, str, str]:
    """(task, variant, seed folder) of .../TASK/VARIANT/seedN/NAME; DataError for a file that lies elsewhere."""
    if len(path.parts) < 4 or not path.parts[-2].startswith("seed"):
        raise DataError(f"{path}: is not of the form TASK/VARIANT/seedN/{path.name}")
    task, variant, seed = path.parts[-4:-1]
    return task, variant, seed
