"""hrm publish: tables and figures under their plain names, the table of metrics that git holds, and the page."""

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.add_argument("--scale", help="a folder of params/scales (that of params/pipeline.yaml)")
    parser.add_argument("--out", type=Path, required=True, help="the record of what was copied, a JSON file")
    parser.add_argument("--params", type=Path, default=Path("params"), help="folder of the parameters (params)")


def run(arguments: argparse.Namespace) -> int:
    """Copy what differs, write the list of runs, the table of metrics and the page, and at last the record."""
    import json

    from hrm.core.files import sha256_file, write_json, write_text
    from hrm.jobs import todays_jobs
    from hrm.report.headline_metrics import headline_metrics
    from hrm.report.page.context import Places
    from hrm.report.page.render import write_page
    from hrm.report.publish import copy, remove_other_records
    from hrm.report.run_folders import NAME, runs_csv
    from hrm.report.summary import read_summary

    jobs = todays_jobs(arguments.params, arguments.scale)
    results, figures = Path("results", jobs.scale), Path("figures", jobs.scale)
    remove_other_records(arguments.out)
    copied = {}
    for source, plain in jobs.plain_names().items():
        copy(Path(source), Path(plain))
        copied[plain] = {"from": source, "sha256": sha256_file(plain)}
    write_text(results / NAME, runs_csv(jobs.run_rows()))
    summary = read_summary(results / "summary.csv")
    metrics = headline_metrics(summary, jobs.comparisons.shown, jobs.scale)
    write_text(results.parent / "metrics.json", json.dumps(metrics, indent=1) + "\n")
    places = Places(arguments.params, results, figures, False, jobs.other_ledgers)
    told = write_page(places, jobs.scale, results / "report.html")
    write_json(arguments.out, copied)
    print(f"{told}; {len(copied)} tables and figures")
    return 0
