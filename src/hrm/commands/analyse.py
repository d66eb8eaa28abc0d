"""hrm analyse: measure what networks do inside; one sub-command an analysis."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

    from hrm.core.analysis_schema import AnalysisParams


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """One sub-command an analysis."""
    analyses = parser.add_subparsers(dest="analysis", required=True, metavar="ANALYSIS")
    memory = analyses.add_parser("memory", help="memory of a training step against its module calls")
    memory.add_argument("--scale", required=True, help="name of a folder in params/scales")
    memory.add_argument("--out", required=True, type=Path, help="the table, a CSV file; its record is beside it, .json")
    memory.set_defaults(example="memory.batch_size=8", analyse=_memory)
    states = analyses.add_parser("states", help="residuals, trajectories and dimensions of a trained network's states")
    states.add_argument("--model", required=True, type=Path, help="model.safetensors (hrm train makes it)")
    states.add_argument("--data", required=True, type=Path, help="folder of the data set (hrm generate makes it)")
    states.add_argument("--out", required=True, type=Path, help="folder for metrics.json and the tables")
    states.set_defaults(example="states.examples=50", analyse=_states)
    routing = analyses.add_parser("routing", help="entropy of the routes and the attention of a pointer model")
    routing.add_argument("--model", required=True, type=Path, help="model.safetensors (hrm train makes it)")
    routing.add_argument("--data", required=True, type=Path, help="folder of the data set (hrm generate makes it)")
    routing.add_argument("--out", required=True, type=Path, help="folder for routing.csv and routing.json")
    routing.set_defaults(example="routing.examples=50", analyse=_routing)
    test_time = analyses.add_parser(
        "test_time", help="more segments, several tries, easy puzzles; of ARC votes and ids"
    )
    test_time.add_argument("--model", required=True, type=Path, help="model.safetensors (hrm train makes it)")
    test_time.add_argument("--data", required=True, type=Path, help="folder of the data set (hrm generate makes it)")
    test_time.add_argument("--out", required=True, type=Path, help="folder for a folder of each set of weights")
    test_time.set_defaults(example="test_time.examples=50", analyse=_test_time)
    for analysis in (memory, states, routing, test_time):
        example = analysis.get_default("example")
        analysis.add_argument("--params", type=Path, default=Path("params"), help="folder of the parameters (params)")
        analysis.add_argument("--device", default="auto", help="auto (default), cpu, cuda or cuda:N")
        analysis.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help=f"as in {example}")


def run(arguments: argparse.Namespace) -> int:
    """Measure, and write the tables and their record."""
    from hrm.core.analysis_schema import analysis_params
    from hrm.core.device import choose_device

    params = analysis_params(arguments.params, arguments.set)
    arguments.analyse(arguments, params, choose_device(arguments.device))
    return 0


def _test_time(arguments: argparse.Namespace, params: "AnalysisParams", device: "torch.device") -> None:
    from hrm.analysis.test_time import analyse_test_time
    from hrm.core.schema import evaluation_params

    evaluation = evaluation_params(arguments.params, [])
    found = analyse_test_time(arguments.model, arguments.data, arguments.out, params.test_time, evaluation, device)
    for player, metrics in found.items():
        shown = {name: value for name, value in metrics.items() if not name.endswith(("_low", "_high"))}
        words = (f"{name.removeprefix('test_time_')} {value:g}" for name, value in shown.items() if value is not None)
        print(f"{arguments.out}: {player}: " + ", ".join(words))


def _memory(arguments: argparse.Namespace, params: "AnalysisParams", device: "torch.device") -> None:
    import time

    from hrm.analysis.memory import COLUMNS, memory_rows
    from hrm.core.device import describe_hardware
    from hrm.core.files import write_json, write_text
    from hrm.core.provenance import provenance

    started = time.monotonic()
    rows = memory_rows(arguments.params, arguments.scale, params.memory, device)
    lines = [",".join("" if row[name] is None else str(row[name]) for name in COLUMNS) for row in rows]
    write_text(arguments.out, "\n".join([",".join(COLUMNS), *lines]) + "\n")
    facts = {"scale": arguments.scale, "params": params.memory.model_dump(), "hardware": describe_hardware(device)}
    record = provenance(**facts, seconds=round(time.monotonic() - started, 2))
    write_json(arguments.out.with_suffix(".json"), record)
    print(f"{arguments.out}: {len(rows)} rows")


def _states(arguments: argparse.Namespace, params: "AnalysisParams", device: "torch.device") -> None:
    from hrm.analysis.states import analyse_states
    from hrm.core.schema import evaluation_params

    evaluation = evaluation_params(arguments.params, [])
    found = analyse_states(arguments.model, arguments.data, arguments.out, params.states, evaluation, device)
    for weights, metrics in found.items():
        shown = {name: value for name, value in metrics.items() if "_interval_" not in name}
        print(f"{arguments.out / weights}: " + ", ".join(f"{name} {value:g}" for name, value in shown.items()))


def _routing(arguments: argparse.Namespace, params: "AnalysisParams", device: "torch.device") -> None:
    from hrm.analysis.routing_files import analyse_routing
    from hrm.core.schema import evaluation_params

    evaluation = evaluation_params(arguments.params, [])
    shares = analyse_routing(arguments.model, arguments.data, arguments.out, params.routing, evaluation, device)
    for weights, means in shares.items():
        told = ", ".join(f"{kind} {100 * share:.1f} %" for kind, share in means.items())
        print(f"{arguments.out / weights}: {told}")
