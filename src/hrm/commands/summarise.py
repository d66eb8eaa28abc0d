"""hrm summarise: the metrics of all runs of a scale in one table."""

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.add_argument("metrics", nargs="+", type=Path, help="files .../TASK/VARIANT/seedN/metrics.json")
    parser.add_argument("--out", required=True, type=Path, help="the table, a CSV file")
    parser.add_argument("--params", type=Path, default=Path("params"), help="folder of the parameters (params)")


def run(arguments: argparse.Namespace) -> int:
    """Read the metrics, add the contrasts of params/comparisons.yaml, write the table."""
    from hrm.core.comparison_schema import comparison_params
    from hrm.core.files import write_text
    from hrm.core.schema import evaluation_params
    from hrm.report.contrasts import contrast_runs
    from hrm.report.summary import read_metrics, summarise, write_summary

    confidence = evaluation_params(arguments.params, []).confidence
    runs = read_metrics(arguments.metrics)
    rows = summarise(runs | contrast_runs(runs, comparison_params(arguments.params).contrasts), confidence)
    write_text(arguments.out, write_summary(rows))
    print(f"{arguments.out}: {len(rows)} rows from {len(arguments.metrics)} runs")
    return 0
