"""hrm analyse: measure what networks do inside; one sub-command an analysis."""

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """One sub-command an analysis."""
    analyses = parser.add_subparsers(dest="analysis", required=True, metavar="ANALYSIS")
    memory = analyses.add_parser("memory", help="memory of a training step against its module calls")
    memory.add_argument("--scale", required=True, help="name of a folder in params/scales")
    memory.add_argument("--out", required=True, type=Path, help="the table, a CSV file; its record is beside it, .json")
    memory.add_argument("--params", type=Path, default=Path("params"), help="folder of the parameters (params)")
    memory.add_argument("--device", default="auto", help="auto (default), cpu, cuda or cuda:N")
    memory.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="as in memory.batch_size=8")


def run(arguments: argparse.Namespace) -> int:
    """Measure, and write the table and its record."""
    import time

    from hrm.core.analysis_schema import analysis_params
    from hrm.core.device import choose_device, describe_hardware
    from hrm.core.files import write_json, write_text
    from hrm.core.provenance import provenance

    params = analysis_params(arguments.params, arguments.set).memory
    device = choose_device(arguments.device)
    from hrm.analysis.memory import COLUMNS, memory_rows

    started = time.monotonic()
    rows = memory_rows(arguments.params, arguments.scale, params, device)
    lines = [",".join("" if row[name] is None else str(row[name]) for name in COLUMNS) for row in rows]
    write_text(arguments.out, "\n".join([",".join(COLUMNS), *lines]) + "\n")
    facts = {"scale": arguments.scale, "params": params.model_dump(), "hardware": describe_hardware(device)}
    record = provenance(**facts, seconds=round(time.monotonic() - started, 2))
    write_json(arguments.out.with_suffix(".json"), record)
    print(f"{arguments.out}: {len(rows)} rows")
    return 0
