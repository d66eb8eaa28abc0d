"""Copies of the pipeline's tables and figures under plain names, where people and tools look for them."""

import filecmp
import shutil
from pathlib import Path

from hrm.core.files import atomic_path


def copy(source: Path, plain: Path) -> None:
    """Make `plain` equal to `source`; a file that is already equal keeps its time."""
    if plain.is_file() and filecmp.cmp(source, plain, shallow=False):
        return
    with atomic_path(plain) as temporary:
        shutil.copyfile(source, temporary)


def remove_other_records(record: Path) -> None:
    """Remove the records of earlier copies, KIND-KEY/NAME beside that of `record`: they will no longer be true."""
    kind = record.parent.name.rpartition("-")[0]
    for folder in record.parent.parent.glob(f"{kind}-*"):
        shutil.rmtree(folder)
    record.parent.mkdir(parents=True)
