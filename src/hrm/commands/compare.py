"""hrm compare: variants side by side, as a chart of params/comparisons.yaml says."""

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.add_argument("chart", help="an entry of charts in params/comparisons.yaml")
    parser.add_argument("--summary", required=True, type=Path, help="summary.csv (hrm summarise makes it)")
    parser.add_argument("--claims", required=True, type=Path, help="params/claims.yaml, for the published values")
    parser.add_argument("--out", required=True, type=Path, help="the table, a CSV file")
    parser.add_argument("--params", type=Path, default=Path("params"), help="folder of the parameters (params)")


def run(arguments: argparse.Namespace) -> int:
    """Find the results, write the table."""
    from hrm.core.files import write_text
    from hrm.report.charts import compare, csv_of
    from hrm.report.claims_file import read_claims
    from hrm.report.comparison_schema import chart_params
    from hrm.report.summary import read_summary

    chart, comparisons = chart_params(arguments.params, arguments.chart)
    summary, claims = read_summary(arguments.summary), read_claims(arguments.claims)
    rows = compare(arguments.chart, chart, summary, claims, comparisons.shown)
    write_text(arguments.out, csv_of(rows, chart.kind))
    measured = sum(row.state == "measured" for row in rows)
    print(f"{arguments.out}: {measured} of {sum(bool(row.result) for row in rows)} results")
    return 0
