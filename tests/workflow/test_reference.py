"""The tables of results/reference are what the records there give."""

import shutil
import subprocess
from pathlib import Path

import pytest
from workspace import SOURCE

pytestmark = pytest.mark.workflow
TABLES = ["summary.csv", "claims.json", "claims.md", "boards_aggregates.csv", "main_chart.csv", "hierarchy_chart.csv"]


def test_committed_tables_are_what_the_records_give(tmp_path: Path) -> None:
    records = SOURCE / "results" / "reference"
    folder = Path(shutil.copytree(records, tmp_path / "reference", ignore=shutil.ignore_patterns("figures", *TABLES)))
    for name in ("params", "workflow"):
        (tmp_path / name).symlink_to(SOURCE / name)
    command = ["snakemake", "--snakefile", "workflow/reference.smk", "--cores", "2"]
    wanted = [f"reference/{name}" for name in TABLES]
    options = ["--config", "folder=reference", "--", *wanted]
    done = subprocess.run([*command, *options], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    for name in TABLES:
        assert (folder / name).read_text() == (records / name).read_text(), f"{name}: run make reference"
