"""hrm summarise: the metrics of all runs of a scale in one table."""

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.add_argument("metrics", nargs="*", type=Path, help="files .../TASK/VARIANT/seedN/PLAYER/metrics.json")
    parser.add_argument("--scale", help="instead of naming files: those of the pipeline at this scale (hrm runs)")
    parser.add_argument(
        "--difficulty", nargs="*", default=[], type=Path, help="files .../TASK/VARIANT/seedN/PLAYER/difficulty.csv"
    )
    parser.add_argument("--memory", type=Path, help="memory.csv (hrm analyse memory)")
    parser.add_argument("--out", required=True, type=Path, help="the table, a CSV file")
    parser.add_argument("--params", type=Path, default=Path("params"), help="folder of the parameters (params)")


def run(arguments: argparse.Namespace) -> int:
    """Read the metrics, add what other files say and the contrasts of params/comparisons.yaml, write the table."""
    from hrm.core.analysis_schema import analysis_params
    from hrm.core.errors import ParameterError
    from hrm.core.files import write_text
    from hrm.core.schema import evaluation_params
    from hrm.jobs import todays_jobs
    from hrm.report.comparison_schema import comparison_params
    from hrm.report.contrasts import contrast_runs
    from hrm.report.other_rows import band_runs, memory_rows
    from hrm.report.summary import order, read_metrics, summarise, write_summary

    if arguments.scale is not None:
        inputs = todays_jobs(arguments.params, arguments.scale).summary_inputs()
        arguments.metrics = [Path(name) for name in inputs[""]]
        arguments.difficulty = [Path(name) for name in inputs["difficulty"]]
        arguments.memory = Path(inputs["memory"][0])
    if not arguments.metrics:
        raise ParameterError("give files metrics.json, or --scale")
    confidence = evaluation_params(arguments.params, []).confidence
    comparisons = comparison_params(arguments.params)
    players = read_metrics(arguments.metrics)
    for player, banded in band_runs(arguments.difficulty, comparisons.bands, confidence).items():
        for run, seeds in banded.items():
            for seed, metrics in seeds.items():
                players.setdefault(player, {}).setdefault(run, {}).setdefault(seed, {}).update(metrics)
    rows = [
        row
        for player, runs in players.items()
        for row in summarise(runs | contrast_runs(runs, comparisons.contrasts), player, confidence)
    ]
    if arguments.memory is not None:
        measured = analysis_params(arguments.params, []).memory
        rows += memory_rows(arguments.memory, measured.task, measured.variant)
    rows.sort(key=order)
    write_text(arguments.out, write_summary(rows))
    print(f"{arguments.out}: {len(rows)} rows from {len(arguments.metrics)} files")
    return 0
