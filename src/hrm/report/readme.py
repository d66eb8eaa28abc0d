"""What is generated of README.md, and docs/claims.md: both are written by `hrm claims --readme`, from ledgers alone."""

from collections.abc import Sequence

from hrm.core.errors import DataError
from hrm.report.claims_table import NamedLedger, claims_section, count_lines, table_row
from hrm.report.headline import HeadlineRow

BEGIN, END = "<!-- claims:begin -->", "<!-- claims:end -->"
CLAIMS_HEAD = """# All claims

<!-- Written by `hrm claims --readme README.md --claims-page docs/claims.md --ledgers ...`: do not edit. -->

What the HRM paper, its critics and its follow-ups say, beside what we found. [Results](results.md) says what the
verdicts mean, and the [README](../README.md) has the short table.
"""


def readme_table(ledgers: Sequence[NamedLedger], rows: Sequence[HeadlineRow]) -> str:
    """The short table and the counts of the verdicts."""
    lines = ["| question | published | here | verdict |", "|---|---|---|---|"]
    lines += [table_row([row.question, row.published, row.ours, row.verdict]) for row in rows]
    return "\n".join([*lines, "", *count_lines(ledgers)])


def claims_page(ledgers: Sequence[NamedLedger]) -> str:
    """docs/claims.md: every claim of the ledgers."""
    return f"{CLAIMS_HEAD}\n{claims_section(ledgers)}\n"


def replace_section(readme: str, section: str, name: str) -> str:
    """The README's text with `section` between the markers. Raises DataError when they are missing or out of order."""
    for marker in (BEGIN, END):
        if readme.count(marker) != 1:
            raise DataError(f"{name}: has the line {marker} {readme.count(marker)} times; it must stand there once")
    before, rest = readme.split(BEGIN)
    if END not in rest:
        raise DataError(f"{name}: {END} stands before {BEGIN}")
    after = rest.split(END)[1]
    return f"{before}{BEGIN}\n{section}\n{END}{after}"
