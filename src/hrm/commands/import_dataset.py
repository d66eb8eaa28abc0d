"""`hrm import-dataset`: a data set in the published format, as one of ours."""

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `hrm import-dataset`."""
    parser.add_argument("folder", type=Path, metavar="DIR", help="folder with train/, test/ and identifiers.json")
    parser.add_argument("--task", required=True, help="which file of params/tasks says what the grids are")
    parser.add_argument("--scale", required=True, help="which folder of params/scales")
    parser.add_argument("--out", required=True, type=Path, help="folder of the data set")
    parser.add_argument("--params", type=Path, default=Path("params"), help="folder of the parameters (params)")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="as in box_height=3")


def run(arguments: argparse.Namespace) -> int:
    """Check and read all files; DataError names the one that is wrong."""
    from hrm.core.data_params import data_params
    from hrm.interop.import_dataset import import_dataset

    params = data_params(arguments.params, arguments.scale, arguments.task, arguments.set)
    info = import_dataset(arguments.folder, params, arguments.out)
    print(f"{arguments.out}: {info.train_examples} training and {info.test_examples} test examples")
    return 0
