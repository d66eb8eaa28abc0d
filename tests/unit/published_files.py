"""Small files of the form in which the published sets come, and their entry among the sources."""

import csv
import hashlib
from pathlib import Path

import yaml
from loopback_hub import COMMIT

PARAMS = Path(__file__).parents[2] / "params"


def write_csv(path: Path, rows: list[list[object]]) -> None:
    """A file with the published header."""
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([["source", "question", "answer", "rating"], *rows])


def pin(params: Path, mirror: Path) -> None:
    """Name the files of `mirror` and their hashes in sources.yaml of `params`."""
    files = {name: hashlib.sha256((mirror / name).read_bytes()).hexdigest() for name in ("train.csv", "test.csv")}
    source = {"kind": "hub", "repository": "owner/puzzles", "revision": COMMIT, "files": files}
    about = {"mirror": mirror.name, "licence": "none", "citation": "nobody"}
    (params / "sources.yaml").write_text(yaml.safe_dump({"sources": {mirror.name: source | about}}))
