"""`hrm show`: a contact sheet of a data set, and a page to look through its examples."""

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `hrm show`."""
    parser.add_argument("dataset", type=Path, metavar="DATASET", help="folder of the data set")
    parser.add_argument("--out", required=True, type=Path, help="folder for contact_sheet.png and contact_sheet.html")
    parser.add_argument("--examples", type=int, default=8, help="of each split on the page (8)")
    parser.add_argument("--rows", type=int, default=4, help="of each split on the sheet (4)")
    parser.add_argument("--seed", type=int, default=0, help="another seed shows other examples (0)")


def run(arguments: argparse.Namespace) -> int:
    """Draw both; DataError says what is wrong with the data set."""
    from hrm.core.errors import DataError, ParameterError
    from hrm.core.files import atomic_path, write_text
    from hrm.data.dataset import load_dataset
    from hrm.data.samples import samples
    from hrm.report import style
    from hrm.report.contact_page import page
    from hrm.report.contact_sheet import caption, facts_line, sheet, single

    if min(arguments.examples, arguments.rows) < 1:
        raise ParameterError("--examples and --rows must be at least 1")
    dataset = load_dataset(arguments.dataset)
    info = dataset.info
    shown = samples(dataset, arguments.examples, arguments.seed)
    if not shown:
        raise DataError(f"{arguments.dataset}: holds no examples")
    written = [arguments.out / f"contact_sheet{suffix}" for suffix in (".png", ".html")]
    with style.styled():
        with atomic_path(written[0]) as temporary:
            style.write_png(sheet(info, samples(dataset, arguments.rows, arguments.seed)), temporary)
        pictures = [(caption(info, sample), style.png(single(info, sample))) for sample in shown]
    write_text(written[1], page(f"Data set {info.task}", facts_line(info), pictures))
    print(" ".join(str(path) for path in written))
    return 0
