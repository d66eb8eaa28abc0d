"""hrm claims: judge the published claims by the results of one scale, or write all ledgers into the README."""

import argparse
from pathlib import Path

JUDGE_OPTIONS = ("scale", "out", "table")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of both forms of the command."""
    judging = parser.add_argument_group(
        "judge one scale; files that are not named are those of the pipeline (hrm runs)"
    )
    judging.add_argument("--claims", type=Path, help="params/claims.yaml")
    judging.add_argument("--scale", help="a folder of params/scales")
    judging.add_argument("--summary", type=Path, help="summary.csv of the scale (hrm summarise makes it)")
    judging.add_argument("--out", type=Path, help="the ledger, a JSON file")
    judging.add_argument("--table", type=Path, help="the same as a Markdown table")
    judging.add_argument("--datasets", nargs="*", default=[], type=Path, help="files dataset.json of the scale")
    judging.add_argument("--records", nargs="*", default=[], type=Path, help="files provenance.json of the scale")
    parser.add_argument("--params", type=Path, default=Path("params"), help="folder of the parameters (params)")
    readme = parser.add_argument_group("or rewrite the README's table (both)")
    readme.add_argument(
        "--readme", type=Path, help="file with the markers <!-- claims:begin --> and <!-- claims:end -->"
    )
    readme.add_argument("--ledgers", nargs="+", type=Path, help="claims.json files")


def run(arguments: argparse.Namespace) -> int:
    """Do one of the two."""
    from hrm.core.errors import ParameterError

    missing = [f"--{name}" for name in JUDGE_OPTIONS if getattr(arguments, name) is None]
    if arguments.readme is not None and arguments.ledgers and len(missing) == len(JUDGE_OPTIONS):
        return _rewrite_readme(arguments.readme, arguments.ledgers)
    if arguments.readme is not None or arguments.ledgers or missing:
        given = f"; {', '.join(missing)} missing" if 0 < len(missing) < len(JUDGE_OPTIONS) else ""
        options = " ".join(f"--{name}" for name in JUDGE_OPTIONS)
        raise ParameterError(f"give {options}, or --readme with --ledgers{given}")
    return _judge(arguments)


def _judge(arguments: argparse.Namespace) -> int:
    from hrm.core.errors import ParameterError
    from hrm.core.files import write_json, write_text
    from hrm.jobs import todays_jobs
    from hrm.report.aggregates import aggregate_rows
    from hrm.report.claims_file import read_claims
    from hrm.report.claims_table import scale_table
    from hrm.report.comparison_schema import comparison_params
    from hrm.report.data_rows import data_rows
    from hrm.report.derived import derived_rows
    from hrm.report.ledger import make_ledger
    from hrm.report.pairs import pair_rows
    from hrm.report.run_records import read_records
    from hrm.report.summary import key_of, read_summary

    root, scale = arguments.params, arguments.scale
    if arguments.summary is None:
        inputs = todays_jobs(root, scale).claims_inputs()
        arguments.claims, arguments.summary = Path(inputs["claims"][0]), Path(inputs["summary"][0])
        arguments.datasets = [Path(name) for name in inputs["datasets"]]
        arguments.records = [Path(name) for name in inputs["records"]]
    elif arguments.claims is None:
        raise ParameterError("--summary needs --claims beside it, as in --claims params/claims.yaml")
    claims = read_claims(arguments.claims)
    summary = read_summary(arguments.summary)
    studies = comparison_params(root).aggregates.values()
    more = [row for study in studies for row in aggregate_rows(study, summary, claims, root, scale)]
    more += [*derived_rows(root, claims), *data_rows(arguments.datasets), *pair_rows(claims.pairs, summary)]
    summary |= {key_of(row): row for row in more}
    ledger = make_ledger(claims, summary, scale, root, read_records(arguments.records, arguments.datasets))
    write_json(arguments.out, ledger)
    write_text(arguments.table, scale_table(ledger))
    judged = [claim for claim in ledger["claims"] if claim["verdict"] != "not run at this scale"]
    print(f"{arguments.out}: {len(ledger['claims'])} claims, {len(judged)} judged at scale {arguments.scale}")
    return 0


def _rewrite_readme(readme: Path, paths: list[Path]) -> int:
    from hrm.core.errors import DataError
    from hrm.core.files import write_text
    from hrm.report.claims_table import NamedLedger, ledger_name, readme_section, replace_section
    from hrm.report.ledger_file import read_ledger

    ledgers = [
        NamedLedger(ledger_name(path, ledger["scale"]), ledger) for path in paths for ledger in [read_ledger(path)]
    ]
    try:
        text = readme.read_text(encoding="utf-8")
    except OSError as error:
        raise DataError(f"{readme}: cannot be read ({error.strerror})") from error
    write_text(readme, replace_section(text, readme_section(ledgers), str(readme)))
    print(f"{readme}: table of {len(paths)} ledgers written")
    return 0
