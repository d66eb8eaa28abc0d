"""`hrm export-dataset`: a data set in the format of the published trainers."""

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `hrm export-dataset`."""
    parser.add_argument("dataset", type=Path, metavar="DATASET", help="folder of the data set")
    parser.add_argument("--out", required=True, type=Path, help="folder to write; it must not exist")
    parser.add_argument(
        "--augmentations", type=int, metavar="N", help="at most N augmentations of each puzzle (all that are planned)"
    )
    parser.add_argument(
        "--no-translate",
        action="store_true",
        help="leave training examples at the top left, which the published ARC builder moves",
    )


def run(arguments: argparse.Namespace) -> int:
    """Read the data set, write all its examples; DataError says what is wrong."""
    from hrm.core.errors import ParameterError
    from hrm.core.progress import progress
    from hrm.data.dataset import load_dataset
    from hrm.interop.export_dataset import export_dataset

    if arguments.augmentations is not None and arguments.augmentations < 0:
        raise ParameterError(f"--augmentations is {arguments.augmentations}; it must be at least 0")
    dataset = load_dataset(arguments.dataset)
    with progress("export", "example") as bar:
        counts = export_dataset(dataset, arguments.out, arguments.augmentations, not arguments.no_translate, bar.update)
    print(f"{arguments.out}: {counts['train']} training and {counts['test']} test examples")
    return 0
