"""How to read each kind of figure and table: one text, for the report page and for Snakemake's report."""

from functools import cache
from pathlib import Path

from hrm.core.errors import ParameterError
from hrm.report.figures import figure_modules
from hrm.report.report_schema import ReportParams, report_params

MODULES = {"charts": "chart"}  # kinds that are called otherwise than the module that draws them


def caption_of(kind: str, root: Path = Path("params")) -> str:
    """The caption of a kind of figure or table.

    It is CAPTION in the module of the figure; of what no module of `hrm.report.figures` draws it stands in
    report.yaml under `kinds`.

    Raises ParameterError when there is none, or one in both places.
    """
    report = _read(root)
    if kind not in report.kinds:
        raise ParameterError(f"{root / 'report.yaml'}: has no kind {kind}; allowed are {', '.join(report.kinds)}")
    return caption_in(report, kind, root / "report.yaml")


def caption_in(report: ReportParams, kind: str, where: Path) -> str:
    """As `caption_of`, of parameters that are read already from the file `where`."""
    module = figure_modules().get(MODULES.get(kind, kind))
    written = report.kinds[kind].caption
    if module and written is not None:
        raise ParameterError(f"{where}: kinds.{kind}.caption must be null: its text is CAPTION of the figure's module")
    text = module.CAPTION if module else written
    if text is None:
        raise ParameterError(f"{where}: kinds.{kind}.caption is null, and no module draws such figures")
    return " ".join(text.split())


@cache
def _read(root: Path) -> ReportParams:
    return report_params(root)
