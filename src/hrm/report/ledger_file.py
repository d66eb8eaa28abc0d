"""Reading a ledger; apart from its making, which needs the models, so that tables and pages do without them."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal, NamedTuple

from hrm.core.errors import DataError
from hrm.core.files import read_json

# training: rests on trained networks. settings: on settings, sizes, counts and arithmetic, whatever was trained.
# elsewhere: on what nobody here runs, as other people's models.
Category = Literal["training", "settings", "elsewhere"]
LEDGER_KEYS = {"scale", "claims"}
ENTRY_KEYS = {"category", "weights", "no_skill", "no_skill_status", "skill", "confounds", "margin_set"}
WITHOUT_TRAINING = ("computed", "counted")  # methods that no number of seeds stands behind: from parameters, from data


class Settings(NamedTuple):
    """How many checks of settings have a verdict, and how many of them agree."""

    agree: int
    checked: int


def is_measured(claim: dict[str, Any]) -> bool:
    """Whether the verdict on a claim of a ledger rests, or would rest, on trainings."""
    return claim["category"] == "training"


def settings_of(claims: Iterable[dict[str, Any]]) -> Settings:
    """The checks of settings among the entries of a ledger."""
    found = [claim["verdict"] for claim in claims if claim["category"] == "settings"]
    return Settings(found.count("agrees"), found.count("agrees") + found.count("differs"))


def read_ledger(path: Path) -> dict[str, Any]:
    """Read a claims.json; DataError when it is missing, something else, or older than what tables show of it."""
    ledger = read_json(path)
    if not isinstance(ledger, dict) or set(ledger) != LEDGER_KEYS:
        raise DataError(f"{path}: is not a claims ledger; it must hold {' and '.join(sorted(LEDGER_KEYS))}")
    for claim in ledger["claims"]:
        if missing := sorted(ENTRY_KEYS - claim.keys()):
            raise DataError(f"{path}: claim {claim.get('id')} has no {missing[0]}; make it again with hrm claims")
    return ledger
