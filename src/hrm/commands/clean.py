"""hrm clean: remove the folders whose key is not one of today's."""

import argparse
import shutil
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.add_argument("--scale", help="a folder of params/scales (that of params/pipeline.yaml)")
    parser.add_argument("--dry-run", action="store_true", help="only say what would be removed, and how much it takes")
    parser.add_argument("--params", type=Path, default=Path("params"), help="folder of the parameters (params)")


def run(arguments: argparse.Namespace) -> int:
    """Find the old folders of the scale, say what they take, remove them."""
    from hrm.jobs import keyed_folders, todays_jobs

    jobs = todays_jobs(arguments.params, arguments.scale)
    wanted = {Path(job.folder) for job in jobs.all_jobs()}
    old = [folder for folder in keyed_folders(jobs.scale) if folder not in wanted]
    total = 0
    for folder in old:
        size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        total += size
        print(f"{size / 1e6:8.1f} MB  {folder}")
        if not arguments.dry_run:
            shutil.rmtree(folder)
    done = "would be removed" if arguments.dry_run else "removed"
    print(f"{len(old)} folders, {total / 1e6:.1f} MB, {done}; {len(wanted)} of today's keys stay")
    return 0
