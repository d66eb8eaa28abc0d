"""How to read each kind of figure and table: one text, for the report page and for Snakemake's report."""

import ast
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from hrm.core.errors import ParameterError
from hrm.report.report_schema import ReportParams, report_params

FIGURES = "hrm.report.figures"
NAME = "CAPTION"


def caption_of(kind: str, root: Path = Path("params")) -> str:
    """The caption of a kind of figure or table.

    It stands in report.yaml under `kinds`, or else, where that says null, as CAPTION in the module of the figure.

    Raises ParameterError when there is none, or one in both places.
    """
    report = _read(root)
    if kind not in report.kinds:
        raise ParameterError(f"{root / 'report.yaml'}: has no kind {kind}; allowed are {', '.join(report.kinds)}")
    return caption_in(report, kind, root / "report.yaml")


def caption_in(report: ReportParams, kind: str, where: Path) -> str:
    """As `caption_of`, of parameters that are read already from the file `where`."""
    written, drawn = report.kinds[kind].caption, _constant(kind)
    if written is not None and drawn is not None:
        raise ParameterError(f"{where}: kinds.{kind}.caption must be null: {FIGURES}.{kind} has {NAME}")
    text = written or drawn
    if text is None:
        raise ParameterError(f"{where}: kinds.{kind}.caption is null, and {FIGURES}.{kind} has no {NAME}")
    return " ".join(text.split())


@cache
def _read(root: Path) -> ReportParams:
    return report_params(root)


@cache
def _constant(kind: str) -> str | None:
    """CAPTION of the module that draws a kind, read without running it: matplotlib takes a second."""
    try:
        spec = find_spec(f"{FIGURES}.{kind}")
    except ModuleNotFoundError:
        return None
    if spec is None or spec.origin is None:
        return None
    for statement in ast.parse(Path(spec.origin).read_text(encoding="utf-8")).body:
        targets = statement.targets if isinstance(statement, ast.Assign) else []
        if any(isinstance(target, ast.Name) and target.id == NAME for target in targets):
            assert isinstance(statement, ast.Assign)
            return str(ast.literal_eval(statement.value))
    return None
