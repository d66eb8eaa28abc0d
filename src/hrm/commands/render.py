"""hrm render: one figure from tables, as SVG and PNG."""

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
    segments = figures.add_parser("segments", help="exact accuracy against segments at inference")
    segments.add_argument("--tables", required=True, nargs="+", type=Path, help="TASK/VARIANT/seedN/segments.csv")
    segments.add_argument("--params", type=Path, default=Path("params"), help="folder of the parameters (params)")
    votes = figures.add_parser("votes", help="scores on ARC against votes, and beside the published ones")
    votes.add_argument("--tables", required=True, nargs="+", type=Path, help="TASK/VARIANT/seedN/votes.csv")
    votes.add_argument("--claims", required=True, type=Path, help="params/claims.yaml, for the published scores")
    votes.add_argument("--params", type=Path, default=Path("params"), help="folder of the parameters (params)")
    steps = figures.add_parser("steps", help="one puzzle, segment by segment")
    steps.add_argument("--steps", required=True, type=Path, help="steps.json (hrm evaluate makes it)")
    memory = figures.add_parser("memory", help="memory of a training step against its module calls")
    memory.add_argument("--table", required=True, type=Path, help="memory.csv (hrm analyse memory makes it)")
    for figure in (difficulty, curves, segments, votes, steps, memory):
        figure.add_argument("--out", required=True, type=Path, help="name without suffix: .svg and .png are written")


def run(arguments: argparse.Namespace) -> int:
    """Draw the figure and write both files."""
    from hrm.report.style import save, styled

    with styled():
        written = save(_draw(arguments), arguments.out)
    print(" ".join(str(path) for path in written))
    return 0


def _draw(arguments: argparse.Namespace) -> "Figure":
    if arguments.figure == "difficulty":
        from hrm.report import figure_difficulty

        return figure_difficulty.draw(_described(arguments.dataset), str(arguments.dataset))
    if arguments.figure == "curves":
        from hrm.report import figure_curves

        return figure_curves.draw(arguments.histories)
    if arguments.figure in ("segments", "votes"):
        from hrm.core.schema import evaluation_params
        from hrm.report import figure_segments, figure_votes
        from hrm.report.claims_file import read_claims

        confidence = f"{100 * evaluation_params(arguments.params, []).confidence:g} %"
        if arguments.figure == "votes":
            return figure_votes.draw(arguments.tables, read_claims(arguments.claims), confidence)
        return figure_segments.draw(arguments.tables, confidence)
    if arguments.figure == "memory":
        from hrm.report import figure_memory

        return figure_memory.draw(arguments.table)
    from hrm.core.files import read_json
    from hrm.report import figure_steps

    return figure_steps.draw(read_json(arguments.steps), str(arguments.steps))


def _described(path: Path) -> dict[str, object]:
    from hrm.core.errors import DataError
    from hrm.core.files import read_json

    described = read_json(path)
    if not isinstance(described, dict) or not isinstance(described.get("statistics"), dict):
        raise DataError(f"{path}: is not a dataset.json; it must hold statistics")
    return described
