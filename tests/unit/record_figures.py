"""Every figure that the records of a folder of results give, drawn one by one."""

from collections.abc import Callable, Iterator
from pathlib import Path

from matplotlib.figure import Figure

from helpers import PARAMS
from hrm.core.files import read_json
from hrm.core.pipeline_schema import pipeline_params
from hrm.report.aggregates import aggregate
from hrm.report.aggregates import csv_of as aggregates_csv
from hrm.report.charts import compare, csv_of
from hrm.report.claims_file import read_claims
from hrm.report.figures import figure_modules
from hrm.report.film import KEYS
from hrm.report.run_paths import SEED, WEIGHTS
from hrm.report.summary import read_summary
from hrm.report.words import Words

WORDS = Words(PARAMS)
CLAIMS = PARAMS / "claims.yaml"
Drawing = Callable[[], Figure]


def drawings(folder: Path, scale: str, scratch: Path) -> Iterator[tuple[str, Drawing]]:
    """(name, what draws it); tables of comparisons are made anew in `scratch`."""
    modules = figure_modules()
    summary, claims, comparisons = read_summary(folder / "summary.csv"), read_claims(CLAIMS), WORDS.comparisons
    for name, chart in comparisons.charts.items():
        table = scratch / f"{name}_chart.csv"
        table.write_text(csv_of(compare(name, chart, summary, claims, comparisons.shown), chart.kind))
        yield f"{name}_chart", lambda name=name, table=table: modules["chart"].draw(WORDS, chart=name, table=table)
    for name, study in comparisons.aggregates.items():
        table = scratch / f"{name}_aggregates.csv"
        table.write_text(aggregates_csv(aggregate(study, summary, claims, PARAMS, scale)))
        yield f"{name}_aggregates", lambda table=table: modules["aggregates"].draw(WORDS, table=table)
    for name, experiment in pipeline_params(PARAMS).experiments.items():
        runs = [(task, variant) for task in experiment.tasks for variant in experiment.variants]
        yield from _of_experiment(name, folder, runs)
    votes = [path for task in ("arc_agi_1", "arc_agi_2") for path in _files(folder, (task, "*"), "votes.csv")]
    if votes:
        yield "arc_votes", lambda: modules["votes"].draw(WORDS, tables=votes, claims=CLAIMS)
    for task in ("sudoku", "arc_agi_1"):
        if found := _files(folder / "test_time", (task, "*"), "test_time.csv"):
            yield f"{task}_test_time", lambda found=found: modules["test_time"].draw(WORDS, tables=found)
    if (table := folder / "memory.csv").exists():
        yield "memory", lambda: modules["memory"].draw(WORDS, table=table)
    for path in sorted(folder.glob("*/dataset.json")):
        yield f"{path.parent.name}_difficulty", lambda path=path: modules["difficulty"].draw(WORDS, dataset=path)


def _of_experiment(name: str, folder: Path, runs: list[tuple[str, str]]) -> Iterator[tuple[str, Drawing]]:
    modules = figure_modules()

    def of(file: str, base: Path) -> list[Path]:
        return [path for run in runs for path in _files(base, run, file)]

    if histories := of("history.csv", folder):
        yield f"{name}_curves", lambda: modules["curves"].draw(WORDS, histories=histories)
    if segments := of("segments.csv", folder):
        yield f"{name}_segments", lambda: modules["segments"].draw(WORDS, tables=segments)
    if routing := of("routing.csv", folder / "routing"):
        yield f"{name}_routing", lambda: modules["routing"].draw(WORDS, tables=routing)
    if ratios := of("participation.csv", folder / "states"):
        yield f"{name}_participation", lambda: modules["participation"].draw(WORDS, tables=ratios, claims=CLAIMS)
        paths = of("trajectories.csv", folder / "states")
        residuals = of("residuals.csv", folder / "states")
        yield f"{name}_residuals", lambda: modules["residuals"].draw(WORDS, tables=residuals, trajectories=paths)
    # Records of the first evaluations do not say which puzzle it is; no pipeline draws them.
    if steps := [path for path in of("steps.json", folder) if read_json(path).keys() >= KEYS]:
        yield f"{name}_steps", lambda: modules["steps"].draw(WORDS, steps=steps[-1])


def _files(folder: Path, run: tuple[str, str], name: str) -> list[Path]:
    """That file of every seed of a run: of the weights that the variant is shown with, or else of the other ones."""
    found = []
    for seed in sorted(folder.glob("/".join([*run, "seed*"]))):
        wanted = WORDS.comparisons.shown(seed.parent.name)
        places = [seed / name, *(seed / player / name for player in sorted(WEIGHTS, key=lambda one: one != wanted))]
        if SEED.fullmatch(seed.name):
            found += [path for path in places if path.exists()][:1]
    return found
