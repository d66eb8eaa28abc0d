"""hrm aggregate: means over the rows of a study, grouped as params/comparisons.yaml says."""

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.add_argument("name", help="an entry of aggregates in params/comparisons.yaml")
    parser.add_argument("--scale", required=True, help="scale of the results")
    parser.add_argument("--summary", required=True, type=Path, help="summary.csv (hrm summarise makes it)")
    parser.add_argument("--out", required=True, type=Path, help="the table, a CSV file")
    parser.add_argument("--params", type=Path, default=Path("params"), help="folder of the parameters (params)")


def run(arguments: argparse.Namespace) -> int:
    """Group the rows, write the table."""
    from hrm.core.errors import ParameterError
    from hrm.core.files import write_text
    from hrm.report.aggregates import aggregate, csv_of
    from hrm.report.claims_file import read_claims
    from hrm.report.comparison_schema import comparison_params
    from hrm.report.summary import read_summary

    known = comparison_params(arguments.params).aggregates
    if arguments.name not in known:
        raise ParameterError(f"no aggregate {arguments.name!r} in comparisons.yaml; allowed are {', '.join(known)}")
    claims = read_claims(arguments.params / "claims.yaml")
    summary = read_summary(arguments.summary)
    rows = aggregate(known[arguments.name], summary, claims, arguments.params, arguments.scale)
    write_text(arguments.out, csv_of(rows))
    print(f"{arguments.out}: {len(rows)} rows")
    return 0
