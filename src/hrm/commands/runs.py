"""hrm runs: what the pipeline makes, and the folder of each run."""

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.add_argument("--scale", help="a folder of params/scales (that of params/pipeline.yaml)")
    parser.add_argument("--task", help="only runs on this task")
    parser.add_argument("--variant", help="only runs of this variant")
    parser.add_argument("--missing", action="store_true", help="only what is not there yet")
    parser.add_argument("--out", type=Path, help="write all of it as a CSV file instead")
    parser.add_argument("--params", type=Path, default=Path("params"), help="folder of the parameters (params)")


def run(arguments: argparse.Namespace) -> int:
    """Print or write the list."""
    from hrm.core.files import write_text
    from hrm.jobs import todays_jobs
    from hrm.report.run_folders import runs_csv

    jobs = todays_jobs(arguments.params, arguments.scale)
    if arguments.out is not None:
        rows = jobs.run_rows()
        write_text(arguments.out, runs_csv(rows))
        print(f"{arguments.out}: {len(rows)} rows")
        return 0
    for job in jobs.run_jobs():
        if arguments.task not in (None, job.task) or arguments.variant not in (None, job.variant):
            continue
        there = all(Path(path).exists() for path in job.paths)
        if not (there and arguments.missing):
            print(f"{'made   ' if there else 'missing'} {job.folder}")
    return 0
