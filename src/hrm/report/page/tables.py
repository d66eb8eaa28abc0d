"""CSV files as a reader wants them: names with spaces, numbers of a few digits."""

import csv
import math
from pathlib import Path
from typing import NamedTuple

from hrm.core.errors import DataError

DIGITS = 4
LINE = 32  # characters
LARGE = 10_000  # a column with such numbers has more than one unit, or no decimals to lose


class Cell(NamedTuple):
    """A cell: its text, and whether it is a number, which stands at the right."""

    text: str
    number: bool

    @property
    def long(self) -> bool:
        """Whether it takes more than one line."""
        return len(self.text) > LINE


class Table(NamedTuple):
    """A table ready to be shown."""

    header: list[str]
    rows: list[list[Cell]]


def read_csv(path: Path, named_in: str) -> Table:
    """A CSV file with a header; DataError when it is missing, or a row has another number of cells."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = [row for row in csv.reader(file, strict=True) if row]
    except FileNotFoundError as error:
        raise DataError(f"{path}: is missing; {named_in} asks for it") from error
    except (OSError, csv.Error, UnicodeDecodeError) as error:
        raise DataError(f"{path}: is not a CSV table ({error})") from error
    if not rows:
        raise DataError(f"{path}: is empty; it must have a header")
    for number, row in enumerate(rows, 1):
        if len(row) != len(rows[0]):
            raise DataError(f"{path}: row {number} has {len(row)} cells, the header {len(rows[0])}")
    columns = [_column([row[place] for row in rows[1:]]) for place in range(len(rows[0]))]
    return Table([name.replace("_", " ") for name in rows[0]], [list(row) for row in zip(*columns, strict=True)])


def _column(texts: list[str]) -> list[Cell]:
    """Numbers with equally many decimals, DIGITS significant digits for the greatest; words as they are.

    Where accuracies and parameters share a column, each number has DIGITS significant digits of its own.
    """
    numbers = [_number(text) for text in texts]
    known = [abs(number) for number in numbers if number is not None]
    if not known or len(known) < sum(text != "" for text in texts):
        return [Cell(text or "–", False) for text in texts]
    shared = 0 if all(number == int(number) for number in known) else _decimals(max(known))
    return [Cell("–", True) if number is None else Cell(_text(number, shared, max(known)), True) for number in numbers]


def _text(number: float, shared: int, largest: float) -> str:
    if largest < LARGE:
        return f"{number:,.{shared}f}"
    return f"{number:,.{0 if number == int(number) else _decimals(number)}f}"


def _decimals(number: float) -> int:
    return max(0, DIGITS - len(f"{abs(number):.0f}"))


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
