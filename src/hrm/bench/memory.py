"""`hrm bench memory`: the table of `hrm analyse memory`, printed."""

import argparse
from pathlib import Path
from typing import Any

from hrm.analysis.memory import memory_rows
from hrm.core.analysis_schema import analysis_params
from hrm.core.device import choose_device, describe_hardware


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `hrm bench memory`."""
    parser.add_argument("--params", type=Path, default=Path("params"), help="folder of the parameters (params)")
    parser.add_argument("--scale", default="gpu", help="scale whose network is measured (gpu)")
    parser.add_argument("--device", default="auto", help="auto (default), cpu, cuda or cuda:N")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="as in memory.batch_size=8")


def run(arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """A row for each rule and number of cycles, then the machine."""
    device = choose_device(arguments.device)
    params = analysis_params(arguments.params, arguments.set).memory
    rows = memory_rows(arguments.params, arguments.scale, params, device)
    return [*rows, {"hardware": describe_hardware(device)}]
