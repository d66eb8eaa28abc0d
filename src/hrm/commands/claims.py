"""hrm claims: judge the published claims by the results of one scale, or write README's table and docs/claims.md."""

import argparse
from pathlib import Path

JUDGE_OPTIONS = ("scale", "out", "table")
FILE_OPTIONS = ("claims", "summary", "datasets", "records")  # of the first form, where its files lie elsewhere
README_OPTIONS = ("readme", "claims_page", "ledgers")


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
    readme = parser.add_argument_group("or write the tables of README and docs (all three)")
    readme.add_argument(
        "--readme", type=Path, help="file with the markers <!-- claims:begin --> and <!-- claims:end -->"
    )
    readme.add_argument("--claims-page", type=Path, help="the page of all claims, a Markdown file (docs/claims.md)")
    readme.add_argument("--ledgers", nargs="+", type=Path, help="claims.json files")


def run(arguments: argparse.Namespace) -> int:
    """Do one of the two."""
    from hrm.core.errors import ParameterError

    judging, writing = (_given(arguments, names) for names in (JUDGE_OPTIONS, README_OPTIONS))
    if not judging and len(writing) == len(README_OPTIONS):
        return _write_pages(arguments)
    if not writing and len(judging) == len(JUDGE_OPTIONS):
        return _judge(arguments)
    forms = " or ".join(" ".join(map(_option, names)) for names in (JUDGE_OPTIONS, README_OPTIONS))
    files = any(getattr(arguments, name) for name in FILE_OPTIONS)
    wanted, given = (README_OPTIONS, writing) if writing else (JUDGE_OPTIONS, judging)
    begun = bool(writing) != bool(judging or files)
    missing = [_option(name) for name in wanted if begun and name not in given]
    told = f"; {', '.join(missing)} missing" if missing else ""
    raise ParameterError(f"give {forms}{told}")


def _given(arguments: argparse.Namespace, names: tuple[str, ...]) -> list[str]:
    return [name for name in names if getattr(arguments, name) is not None]


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"


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


def _write_pages(arguments: argparse.Namespace) -> int:
    from hrm.core.errors import DataError
    from hrm.core.files import write_text
    from hrm.report.claims_table import NamedLedger, ledger_name
    from hrm.report.headline import headline_rows
    from hrm.report.ledger_file import read_ledger
    from hrm.report.readme import claims_page, readme_table, replace_section
    from hrm.report.report_schema import report_params

    readme: Path = arguments.readme
    ledgers = [
        NamedLedger(ledger_name(path, ledger["scale"]), ledger)
        for path in arguments.ledgers
        for ledger in [read_ledger(path)]
    ]
    try:
        text = readme.read_text(encoding="utf-8")
    except OSError as error:
        raise DataError(f"{readme}: cannot be read ({error.strerror})") from error
    table = readme_table(ledgers, headline_rows(ledgers, report_params(arguments.params).headline))
    write_text(readme, replace_section(text, table, str(readme)))
    write_text(arguments.claims_page, claims_page(ledgers))
    print(f"{readme}, {arguments.claims_page}: tables of {len(ledgers)} ledgers written")
    return 0
