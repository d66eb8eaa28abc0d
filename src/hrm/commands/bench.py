"""`hrm bench NAME`: time a fast path beside its reference; one module of hrm.bench a benchmark."""

import argparse
import importlib
from pathlib import Path

# Each has add_arguments(parser) and run(arguments) -> one dictionary a row.
BENCHMARKS = {
    "solver": "puzzles a second a core that the Sudoku solver rates",
    "augment": "augmented Sudoku examples a second, beside a builder that makes them one by one",
    "data": "time and disk of all data, beside the published builders",
    "train": "time and memory of one training step, beside a plain rewrite of the published one",
    "memory": "memory of one training step against its module calls, a row a rule of the gradient",
    "scaling": "time of one training step on several GPUs beside one, and whether the losses are the same",
    "votes": "predictions of ARC a second that are undone, compared and voted on, beside plain Python",
    "maze": "mazes a second, beside plain rejection sampling, and whether both make the same mazes",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `hrm bench`."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = "benchmarks:\n" + "\n".join(f"  {name:<8} {text}" for name, text in BENCHMARKS.items())
    parser.add_argument("benchmark", choices=BENCHMARKS, metavar="NAME", help="one of those below; each has --help")
    parser.add_argument("--json", type=Path, help="write the rows to this file, too")
    parser.add_argument("options", nargs=argparse.REMAINDER, help="options of the benchmark")


def run(arguments: argparse.Namespace) -> int:
    """Run the benchmark and print its rows as a table."""
    from hrm.core.files import write_json

    module = importlib.import_module(f"hrm.bench.{arguments.benchmark}")
    parser = argparse.ArgumentParser(
        prog=f"hrm bench {arguments.benchmark}", description=BENCHMARKS[arguments.benchmark].capitalize() + "."
    )
    module.add_arguments(parser)
    rows = module.run(parser.parse_args(arguments.options))
    for row in rows:
        print(
            "  ".join(
                f"{key} {value:,.3g}" if isinstance(value, float) else f"{key} {value}" for key, value in row.items()
            )
        )
    if arguments.json:
        write_json(arguments.json, rows)
    return 0
