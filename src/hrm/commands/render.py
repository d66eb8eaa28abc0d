"""hrm render: one figure from tables, as SVG, PNG and PDF, those that move as GIF too; or the page of all results."""

import argparse
from pathlib import Path

from hrm.report.figures import figure_modules


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """One sub-command a kind of figure: whatever lies in hrm.report.figures."""
    figures = parser.add_subparsers(dest="figure", required=True, metavar="FIGURE")
    for name, module in figure_modules().items():
        figure = figures.add_parser(name, help=module.TITLE, description=f"{module.TITLE}. {module.CAPTION}")
        for option, wanted in module.INPUTS.items():
            if not wanted.file:
                figure.add_argument(option, help=wanted.help)
                continue
            figure.add_argument(
                f"--{option}",
                required=wanted.required,
                type=Path,
                nargs="+" if wanted.many else None,
                help=wanted.help,
            )
        _add_params(figure)
        figure.add_argument("--out", required=True, type=Path, help="name without suffix (.svg, .png, .pdf)")
    page = figures.add_parser("report", help="one HTML page with every result of a scale")
    page.add_argument("--scale", required=True, help="scale of the results")
    page.add_argument("--results", type=Path, help="folder of the results (results/SCALE)")
    page.add_argument("--figures", type=Path, help="folder of the figures (figures/SCALE)")
    _add_params(page)
    page.add_argument(
        "--others",
        nargs="+",
        type=Path,
        default=[],
        help="claims.json of other folders, for the table at the top (none)",
    )
    page.add_argument("--partial", action="store_true", help="show what there is, and leave out what is missing")
    page.add_argument("--out", required=True, type=Path, help="the page, an HTML file")


def run(arguments: argparse.Namespace) -> int:
    """Draw the figure and write its files."""
    if arguments.figure == "report":
        return _page(arguments)
    from hrm.report.style import save, styled
    from hrm.report.words import Words

    module = figure_modules()[arguments.figure]
    inputs = {name: getattr(arguments, name) for name in module.INPUTS}
    words = Words(arguments.params)
    with styled():
        written = save(module.draw(words, **inputs), arguments.out)
        if animate := getattr(module, "animate", None):
            written.append(written[0].with_suffix(".gif"))
            animate(words, written[-1], **inputs)
    print(" ".join(str(path) for path in written))
    return 0


def _add_params(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--params", type=Path, default=Path("params"), help="folder of the parameters (params)")


def _page(arguments: argparse.Namespace) -> int:
    from hrm.report.page.context import Places
    from hrm.report.page.render import write_page

    results = arguments.results or Path("results") / arguments.scale
    figures = arguments.figures or Path("figures") / arguments.scale
    places = Places(arguments.params, results, figures, arguments.partial, arguments.others)
    print(write_page(places, arguments.scale, arguments.out))
    return 0
