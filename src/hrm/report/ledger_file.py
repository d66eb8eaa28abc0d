"""Reading a ledger; apart from its making, which needs the models, so that tables and pages do without them."""

from pathlib import Path
from typing import Any

from hrm.core.errors import DataError
from hrm.core.files import read_json

LEDGER_KEYS = {"scale", "claims"}
WITHOUT_TRAINING = ("computed", "counted")  # methods that no number of seeds stands behind: from parameters, from data


def is_measured(claim: dict[str, Any]) -> bool:
    """Whether the verdict on a claim of a ledger rests, or would rest, on trainings."""
    return claim["ours"] is None or claim["ours"]["method"] not in WITHOUT_TRAINING


def read_ledger(path: Path) -> dict[str, Any]:
    """Read a claims.json; DataError when it is missing or something else."""
    ledger = read_json(path)
    if not isinstance(ledger, dict) or set(ledger) != LEDGER_KEYS:
        raise DataError(f"{path}: is not a claims ledger; it must hold {' and '.join(sorted(LEDGER_KEYS))}")
    return ledger
