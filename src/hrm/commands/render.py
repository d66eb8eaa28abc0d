"""hrm render: one figure from tables, as SVG, PNG and PDF, films as animated GIF too; or the page of all results."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """One sub-command a figure."""
    figures = parser.add_subparsers(dest="figure", required=True, metavar="FIGURE")
    difficulty = figures.add_parser("difficulty", help="histogram of difficulty of a data set")
    difficulty.add_argument("--dataset", required=True, type=Path, help="dataset.json (hrm generate makes it)")
    curves = figures.add_parser("curves", help="training curves")
    curves.add_argument("--histories", required=True, nargs="+", type=Path, help="TASK/VARIANT/seedN/history.csv")
    segments = figures.add_parser("segments", help="segments taken, and exact accuracy against segments and layers")
    segments.add_argument("--tables", required=True, nargs="+", type=Path, help="TASK/VARIANT/seedN/segments.csv")
    votes = figures.add_parser("votes", help="scores on ARC against votes, and beside the published ones")
    votes.add_argument("--tables", required=True, nargs="+", type=Path, help="TASK/VARIANT/seedN/votes.csv")
    votes.add_argument("--claims", required=True, type=Path, help="params/claims.yaml, for the published scores")
    steps = figures.add_parser("steps", help="one puzzle step by step: a film strip and an animation (GIF)")
    steps.add_argument("--steps", required=True, type=Path, help="steps.json (hrm evaluate makes it)")
    routing = figures.add_parser("routing", help="entropy of routes and attention by refinement")
    routing.add_argument("--tables", required=True, nargs="+", type=Path, help="TASK/VARIANT/seedN/routing.csv")
    memory = figures.add_parser("memory", help="memory of a training step against its module calls")
    memory.add_argument("--table", required=True, type=Path, help="memory.csv (hrm analyse memory makes it)")
    aggregates = figures.add_parser("aggregates", help="means over the rows of a study")
    aggregates.add_argument("--table", required=True, type=Path, help="CSV file (hrm aggregate makes it)")
    chart = figures.add_parser("chart", help="variants side by side")
    chart.add_argument("chart", help="an entry of charts in params/comparisons.yaml")
    chart.add_argument("--table", required=True, type=Path, help="CSV file (hrm compare makes it)")
    residuals = figures.add_parser("residuals", help="forward residuals and trajectories of states")
    residuals.add_argument("--tables", required=True, nargs="+", type=Path, help="TASK/VARIANT/seedN/residuals.csv")
    residuals.add_argument(
        "--trajectories", required=True, nargs="+", type=Path, help="TASK/VARIANT/seedN/trajectories.csv"
    )
    participation = figures.add_parser("participation", help="dimensions of states against trajectories")
    participation.add_argument(
        "--tables", required=True, nargs="+", type=Path, help="TASK/VARIANT/seedN/participation.csv"
    )
    participation.add_argument("--claims", type=Path, help="draw the published ratios of this file (none)")
    test_time = figures.add_parser("test_time", help="accuracy against segments, tries and empty cells at test time")
    test_time.add_argument("--tables", required=True, nargs="+", type=Path, help="test_time.csv of each set of weights")
    for figure in (segments, votes, chart, residuals, participation, test_time):
        figure.add_argument("--params", type=Path, default=Path("params"), help="folder of the parameters (params)")
    for figure in figures.choices.values():
        figure.add_argument("--out", required=True, type=Path, help="name without suffix (.svg, .png, .pdf)")
    page = figures.add_parser("report", help="one HTML page with every result of a scale")
    page.add_argument("--scale", required=True, help="scale of the results")
    page.add_argument("--results", type=Path, help="folder of the results (results/SCALE)")
    page.add_argument("--figures", type=Path, help="folder of the figures (figures/SCALE)")
    page.add_argument("--params", type=Path, default=Path("params"), help="folder of the parameters (params)")
    page.add_argument("--partial", action="store_true", help="show what there is, and leave out what is missing")
    page.add_argument("--out", required=True, type=Path, help="the page, an HTML file")


def run(arguments: argparse.Namespace) -> int:
    """Draw the figure and write its files."""
    if arguments.figure == "report":
        return _page(arguments)
    from hrm.report.style import save, styled

    with styled():
        written = _film(arguments) if arguments.figure == "steps" else save(_draw(arguments), arguments.out)
    print(" ".join(str(path) for path in written))
    return 0


def _page(arguments: argparse.Namespace) -> int:
    from hrm.core.files import write_text
    from hrm.report.page.context import Places, page_context
    from hrm.report.page.render import render

    results = arguments.results or Path("results") / arguments.scale
    figures = arguments.figures or Path("figures") / arguments.scale
    page = render(page_context(Places(arguments.params, results, figures, arguments.partial), arguments.scale))
    write_text(arguments.out, page)
    print(f"{arguments.out}: {len(page.encode()) / 1e6:.1f} MB")
    return 0


def _film(arguments: argparse.Namespace) -> list[Path]:
    from hrm.core.files import read_json
    from hrm.report import figure_steps
    from hrm.report.animation import save_animation
    from hrm.report.film import read_film
    from hrm.report.style import save

    film = read_film(read_json(arguments.steps), str(arguments.steps))
    written = save(figure_steps.draw(film), arguments.out)
    moving = written[0].with_suffix(".gif")
    save_animation(film, moving)
    return [*written, moving]


def _draw(arguments: argparse.Namespace) -> "Figure":
    if arguments.figure == "difficulty":
        from hrm.report import figure_difficulty

        return figure_difficulty.draw(_described(arguments.dataset), str(arguments.dataset))
    if arguments.figure == "curves":
        from hrm.report import figure_curves

        return figure_curves.draw(arguments.histories)
    if arguments.figure == "segments":
        from hrm.report import figure_segments

        return figure_segments.draw(arguments.tables, _confidence(arguments.params))
    if arguments.figure == "aggregates":
        from hrm.report import figure_aggregates

        return figure_aggregates.draw(arguments.table)
    if arguments.figure == "chart":
        from hrm.report import figure_dots, figure_lines
        from hrm.report.chart_schema import DotChart
        from hrm.report.comparison_schema import chart_params

        (chart, _), confidence = chart_params(arguments.params, arguments.chart), _confidence(arguments.params)
        if isinstance(chart, DotChart):
            return figure_dots.draw(arguments.table, chart, confidence)
        return figure_lines.draw(arguments.table, chart, confidence)
    if arguments.figure == "votes":
        from hrm.report import figure_votes
        from hrm.report.claims_file import read_claims

        return figure_votes.draw(arguments.tables, read_claims(arguments.claims), _confidence(arguments.params))
    if arguments.figure == "memory":
        from hrm.report import figure_memory

        return figure_memory.draw(arguments.table)
    if arguments.figure == "residuals":
        from hrm.report import figure_residuals

        return figure_residuals.draw(arguments.tables, arguments.trajectories, _confidence(arguments.params))
    if arguments.figure == "test_time":
        from hrm.report import figure_test_time

        return figure_test_time.draw(arguments.tables, _confidence(arguments.params))
    if arguments.figure == "routing":
        from hrm.report import figure_routing

        return figure_routing.draw(arguments.tables)
    from hrm.report import figure_participation

    confidence = _confidence(arguments.params)
    if arguments.claims is None:
        return figure_participation.draw(arguments.tables, {}, confidence)
    from hrm.report.claims_file import read_claims

    published = figure_participation.published_ratios(read_claims(arguments.claims))
    return figure_participation.draw(arguments.tables, published, confidence)


def _confidence(params: Path) -> str:
    from hrm.core.schema import evaluation_params

    return f"{100 * evaluation_params(params, []).confidence:g} %"


def _described(path: Path) -> dict[str, object]:
    from hrm.core.errors import DataError
    from hrm.core.files import read_json

    described = read_json(path)
    if not isinstance(described, dict) or not isinstance(described.get("statistics"), dict):
        raise DataError(f"{path}: is not a dataset.json; it must hold statistics")
    return described
