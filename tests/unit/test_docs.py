"""README and docs say what is so: what is generated is of today, numbers are of the records, links lead somewhere."""

import re
from io import BytesIO
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
import pytest
from PIL import Image

from helpers import PARAMS
from hrm.cli import COMMANDS
from hrm.commands_page import commands_page
from hrm.core.errors import DataError
from hrm.core.files import read_json
from hrm.report import first_picture, style
from hrm.report.claims_table import NamedLedger, ledger_name
from hrm.report.headline import headline_rows
from hrm.report.ledger_file import read_ledger
from hrm.report.readme import claims_page, readme_table, replace_section
from hrm.report.report_schema import report_params

ROOT = PARAMS.parent
RECORDS = ROOT / "results" / "reference"
DOCS = ROOT / "docs"
TEXTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted(DOCS.glob("*.md"))]
README_BYTES = 8000
REDRAW = "python -m hrm.report.first_picture results/reference sudoku docs/images/first.png"
PAGES = [
    *("index", "quickstart", "results", "claims", "method", "data", "pipeline", "commands", "python", "extending"),
    *("gpus-and-clusters", "deviations", "log"),
]
# Blocks of a text, each with the comment that says where its numbers come from.
RECORDED = re.compile(r"<!-- records\n(.*?)\n-->", re.DOTALL)
DECIMAL = re.compile(r"(?<![\w.])-?\d+\.\d+(?![\w.]*\d)")


def ledgers() -> list[NamedLedger]:
    path = RECORDS / "claims.json"
    ledger = read_ledger(path)
    return [NamedLedger(ledger_name(path, ledger["scale"]), ledger)]


def test_the_readme_is_short_and_all_pages_are_there() -> None:
    assert len((ROOT / "README.md").read_bytes()) <= README_BYTES
    assert sorted(path.stem for path in DOCS.glob("*.md")) == sorted(PAGES)
    index = (DOCS / "index.md").read_text()
    assert [name for name in PAGES if name != "index" and f"]({name}.md)" not in index] == []
    for name in ("LICENSE", "CITATION.cff"):
        assert (ROOT / name).is_file()


def test_table_of_the_readme_and_claims_page_are_those_of_the_records() -> None:
    text = (ROOT / "README.md").read_text()
    rows = headline_rows(ledgers(), report_params(PARAMS).headline)
    assert replace_section(text, readme_table(ledgers(), rows), "README.md") == text, "run make reference"
    assert (DOCS / "claims.md").read_text() == claims_page(ledgers()), "run make reference"


def test_commands_page_is_that_of_the_commands() -> None:
    told = "run python -m hrm.commands_page docs/commands.md"
    assert (DOCS / "commands.md").read_text() == commands_page(), told


def test_commands_that_the_texts_name_are_there() -> None:
    for path in TEXTS:
        if path.stem not in ("log", "claims", "commands"):  # these are of another day, or made from the commands
            named = set(re.findall(r"(?:^|`)(?:python -m hrm\.cli|hrm) ([a-z-]+)", path.read_text(), re.MULTILINE))
            assert named <= set(COMMANDS), path.name


def test_names_that_the_python_page_imports_are_there() -> None:
    for line in re.findall(r"^(?:from|import) .*$", (DOCS / "python.md").read_text(), re.MULTILINE):
        exec(line, {})


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_every_link_leads_to_a_file_and_to_a_heading(path: Path) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", outside_code(path.read_text())):
        if link.startswith(("https://", "http://")):
            continue
        target, _, heading = link.partition("#")
        file = (path.parent / target).resolve() if target else path
        assert file.exists(), f"{path.name}: {link}"
        assert not heading or heading in anchors(file), f"{path.name}: {link}"


@pytest.mark.parametrize("name", ["README.md", "docs/results.md"])
def test_numbers_in_prose_are_those_of_the_records(name: str) -> None:
    text = (ROOT / name).read_text()
    text = re.sub(r"<!-- claims:begin -->.*<!-- claims:end -->", "", outside_code(text), flags=re.DOTALL)
    found = RECORDED.split(text)
    for block, declared in zip(found[0::2], [*found[1::2], ""], strict=True):
        lines = [line.split(" = ") for line in declared.splitlines()]
        for number, source in lines:
            decimals = len(number.split()[0].split(".")[1])
            assert number == f"{recorded(source, '%' in number):.{decimals}f}{''.join(number.partition(' ')[1:])}", (
                source
            )
            assert number.split()[0] in block, f"{name}: {number} stands nowhere"
        known = {number.split()[0] for number, _ in lines}
        numbers = re.sub(r"https?://\S+|Python 3[\d., or]+", "", block)
        assert set(DECIMAL.findall(numbers)) <= known, f"{name}: numbers without a record"


def recorded(source: str, per_cent: bool) -> float:
    """The number that a line names: claim ID KEY of the ledger, or PATH KEY of records, the mean where they are many.

    Results of a task lie in TASK/VARIANT/seedN or below it. Accuracies are shares there, and per cent in texts.
    """
    if source.startswith("claim "):
        _, identity, key = source.split()
        (claim,) = (claim for claim in ledgers()[0].ledger["claims"] if claim["id"] == identity)
        return float(claim["value"] if key == "value" else claim["ours"][key])
    path, key, *divided = source.split()
    folder, name = path.rsplit("/", 2)[0], "/".join(path.rsplit("/", 2)[1:])
    files = [file for seed in sorted(RECORDS.glob(folder)) for file in seed.rglob(name)]
    assert files, f"{path}: there is no such record"
    value = fmean(read_json(file)[key] for file in files)
    return value / float(divided[1]) if divided else 100 * value if per_cent else value


def outside_code(text: str) -> str:
    return re.sub(r"```.*?```", "", text, flags=re.DOTALL)


def anchors(path: Path) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", path.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def test_the_picture_shows_the_accuracies_of_the_records() -> None:
    with style.styled():
        figure = first_picture.draw(RECORDS, "sudoku")
        drawn = style.png(figure)
    told: list[Any] = [text.get_text() for axes in figure.axes for text in axes.texts]
    for variant in first_picture.BARS:
        for weights in ("raw", "ema"):
            share = read_json(RECORDS / f"sudoku/{variant}/seed0/{weights}/metrics.json")["exact_accuracy"]
            assert f"{100 * share:.1f} %" in told
    titles = [axes.get_title() for axes in figure.axes]
    assert titles[:4] == [
        "a puzzle it has not seen",
        "segment 1: 24 wrong",
        "segment 8: 14 wrong",
        "segment 16: solved",
    ]

    with Image.open(DOCS / "images" / "first.png") as image, Image.open(BytesIO(drawn)) as today:
        assert image.size == today.size, f"run {REDRAW}"
        apart = np.abs(np.asarray(image.convert("L"), dtype=int) - np.asarray(today.convert("L"), dtype=int)).max()
    assert apart <= 32, f"run {REDRAW}"  # a digit that differs is black on white


def test_a_picture_without_records_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"sudoku/hrm/seed0: holds 0 files ema/steps\.json; there must be one"):
        first_picture.draw(tmp_path, "sudoku")
