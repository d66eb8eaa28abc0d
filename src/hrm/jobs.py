"""Every job of the pipeline at one scale: its recipe's key, the folder that the key names, and the files in it.

The workflow makes its rules' paths from these jobs, `hrm runs` lists them and `hrm clean` keeps them: what exists in
the folder of today's key is up to date, and nothing else is.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from hrm.checks import check_all
from hrm.core.analysis_schema import analysis_params
from hrm.core.data_params import data_params
from hrm.core.discovery import look_module, model_module, task_module
from hrm.core.errors import ParameterError
from hrm.core.files import read_yaml, sha256_file
from hrm.core.pipeline_schema import PipelineParams
from hrm.core.recipe import KEY_LENGTH, Sources, key_of
from hrm.core.schema import evaluation_params, run_params
from hrm.report.comparison_schema import comparison_params
from hrm.report.figures import figure_modules, suffixes
from hrm.report.run_folders import RunKey
from hrm.report.run_paths import PLAYERS, WEIGHTS

SOURCES_CACHE = Path(".snakemake/hrm_sources.json")  # the Snakefile fills it
KEY = rf"[0-9a-f]{{{KEY_LENGTH}}}"
RUN_FOLDER = "results/{scale}/{task}/{variant}/seed{seed}"
FOLDERS = {
    "data": "data/{scale}/{task}/{key}",
    "train": f"{RUN_FOLDER}/train-{{key}}",
    "evaluation": f"{RUN_FOLDER}/evaluation-{{key}}",
    "states": f"{RUN_FOLDER}/states-{{key}}",
    "routing": f"{RUN_FOLDER}/routing-{{key}}",
    "test_time": f"{RUN_FOLDER}/test_time-{{key}}",
    "table": "results/{scale}/tables/{name}-{key}",
    "figure": "results/{scale}/figures/{name}-{key}",
    "published": "results/{scale}/published-{key}",
}

PLAYERS_METRICS = [f"{player}/metrics.json" for player in PLAYERS]


def _of_both(names: Iterable[str]) -> list[str]:
    return [f"{weights}/{name}" for weights in WEIGHTS for name in names]


# What each kind of job leaves in its folder.
DATA_FILES = ["train.safetensors", "test.safetensors", "dataset.json"]
TRAIN_FILES = ["model.safetensors", "history.csv", "provenance.json"]
_EVALUATED = ["metrics.json", "segments.csv", "difficulty.csv", "steps.json", "predictions.npz", "evaluation.json"]
_WITHOUT_SKILL = ["untrained/metrics.json", "chance/metrics.json"]
EVALUATION_FILES = [*_of_both(_EVALUATED), *_WITHOUT_SKILL]
ARC_EVALUATION_FILES = [*_of_both([*_EVALUATED, "votes.csv", "submission.json"]), *_WITHOUT_SKILL]
ANALYSIS_FILES = {
    "states": [
        *_of_both(["residuals.csv", "trajectories.csv", "participation.csv", "metrics.json", "states.json"]),
        "untrained/metrics.json",
    ],
    "routing": _of_both(["routing.csv", "routing.json"]),
    "test_time": [*_of_both(["test_time.csv", "metrics.json", "test_time.json"]), "untrained/metrics.json"],
}
SOURCES_MODULE = "hrm.data.sources"  # fetches what params/sources.yaml pins


@dataclass(frozen=True)
class Job:
    """One job: what it is of, and its key. Its files lie in `folder` under the names that `files` gives."""

    kind: str
    key: str
    scale: str
    task: str = ""
    variant: str = ""
    seed: int | None = None
    name: str = ""
    files: tuple[str, ...] = ()

    @property
    def folder(self) -> str:
        """Where its outputs lie, relative to the project."""
        return FOLDERS[self.kind].format(
            scale=self.scale, task=self.task, variant=self.variant, seed=self.seed, name=self.name, key=self.key
        )

    def file(self, name: str) -> str:
        """The path of one output."""
        return f"{self.folder}/{name}"

    @property
    def paths(self) -> list[str]:
        """The paths of all outputs."""
        return [self.file(name) for name in self.files]


@dataclass(frozen=True)
class Drawing:
    """A figure: the form of `hrm render` that draws it, with the option of each of its input files."""

    kind: str
    options: Mapping[str, list[str]]  # option -> files of other jobs, or of params
    keys: list[str]  # of the jobs that made the files
    words: list[str] = field(default_factory=list)  # before the options

    @property
    def command(self) -> str:
        """What follows `hrm render`, but for --out."""
        options = [f"{name} {' '.join(files)}" for name, files in self.options.items()]
        return " ".join([self.kind, *self.words, *options])

    @property
    def suffixes(self) -> tuple[str, ...]:
        """Of the files that it makes."""
        return suffixes(figure_modules()[self.kind])

    @property
    def inputs(self) -> list[str]:
        """The files it needs."""
        return [file for files in self.options.values() for file in files]


def todays_jobs(root: Path, scale: str | None = None) -> "Jobs":
    """The jobs of a scale, by default that of params/pipeline.yaml; ParameterError when parameters are broken."""
    return Jobs(root, check_all(root, scale), Sources(cache=SOURCES_CACHE))


def keyed_folders(scale: str) -> list[Path]:
    """Every folder of the scale that is named by a key, of today or not."""
    name = re.compile(rf"(?:[a-z0-9_]+-)?{KEY}")
    tops = [Path("data", scale), Path("results", scale)]
    return sorted(
        path for top in tops for path in top.glob("**/") if name.fullmatch(path.name) and "shards" not in path.parts
    )


class Jobs:
    """All jobs of one scale, by the parameters and sources of now."""

    def __init__(self, root: Path, pipeline: PipelineParams, sources: Sources) -> None:
        self.root, self.pipeline, self.sources = root, pipeline, sources
        self.scale = pipeline.scale
        self.analysis = analysis_params(root, [])
        self.comparisons = comparison_params(root)
        self.evaluation_settings = evaluation_params(root, []).model_dump(mode="json")
        self.runs: list[RunKey] = [run for experiment in pipeline.experiments.values() for run in experiment.runs]
        self._families: dict[str, str] = {}
        self._files: dict[str, Mapping[str, Any]] = {}
        self._jobs: dict[tuple[Any, ...], Job] = {}

    # Data, trainings, evaluations.

    def data(self, task: str) -> Job:
        """The data set of a task."""
        return self._job("data", task=task, files=DATA_FILES)

    def train(self, task: str, variant: str, seed: int) -> Job:
        """A training."""
        return self._job("train", task=task, variant=variant, seed=seed, files=TRAIN_FILES)

    def evaluation(self, task: str, variant: str, seed: int) -> Job:
        """The evaluation of a trained network."""
        files = ARC_EVALUATION_FILES if self.is_arc(task) else EVALUATION_FILES
        return self._job("evaluation", task=task, variant=variant, seed=seed, files=files)

    def analysed(self, kind: str, task: str, variant: str, seed: int) -> Job:
        """An analysis of a trained network: states, routing or test_time."""
        return self._job(kind, task=task, variant=variant, seed=seed, files=ANALYSIS_FILES[kind])

    def start_of(self, task: str, variant: str, seed: int) -> Job | None:
        """The training whose modules a training starts from, if it starts from one."""
        transfer = run_params(self.root, self.scale, task, variant, []).transfer
        if transfer.task is None or transfer.variant is None:
            return None
        return self.train(transfer.task, transfer.variant, seed)

    def is_arc(self, task: str) -> bool:
        """Whether answers on the task are voted on."""
        return self.family(task) == "arc"

    def family(self, task: str) -> str:
        """The family of a task."""
        if task not in self._families:
            self._families[task] = data_params(self.root, self.scale, task, []).family
        return self._families[task]

    def analysed_runs(self, kind: str, experiment: str | None = None) -> list[RunKey]:
        """The runs that an analysis looks into, all or those of one experiment."""
        section = getattr(self.analysis, kind)
        return list(section.all_runs if experiment is None else section.runs[experiment].runs)

    def run_jobs(self) -> list[Job]:
        """Everything that is made of data and networks: data, trainings, evaluations, analyses."""
        jobs = [self.data(task) for task in self.pipeline.datasets]
        for run in self.runs:
            jobs += [self.train(*run), self.evaluation(*run)]
        jobs += [self.analysed(kind, *run) for kind in ANALYSIS_FILES for run in self.analysed_runs(kind)]
        return jobs

    def run_rows(self) -> list[tuple[str | int, ...]]:
        """The same as rows of runs.csv (hrm.report.run_folders)."""
        return [
            (job.kind, job.task, job.variant, "" if job.seed is None else job.seed, job.key, job.folder)
            for job in self.run_jobs()
        ]

    def all_jobs(self) -> list[Job]:
        """Every job."""
        figures = [self.figure(name) for name in self.drawings]
        sheets = [self.contact_sheet(task) for task in self.pipeline.datasets]
        return [*self.run_jobs(), *self.tables(), *figures, *sheets, self.published]

    # Tables.

    def memory(self) -> Job:
        """Memory of a training step."""
        return self._job("table", name="memory", files=["memory.csv", "memory.json"])

    def summary(self) -> Job:
        """All metrics of all runs."""
        return self._job("table", name="summary", files=["summary.csv"])

    def claims(self) -> Job:
        """The verdicts."""
        return self._job("table", name="claims", files=["claims.json", "claims.md"])

    def aggregates(self, study: str) -> Job:
        """Rows of a study, grouped."""
        return self._job("table", name=f"{study}_aggregates", files=[f"{study}_aggregates.csv"])

    @cached_property
    def studies(self) -> list[str]:
        """The studies of params/comparisons.yaml of which the pipeline has a row."""
        made = {(task, variant) for task, variant, _ in self.runs}
        return [
            name
            for name, study in self.comparisons.aggregates.items()
            if any((study.task, variant) in made for variant in study.rows)
        ]

    def chart(self, chart: str) -> Job:
        """Variants side by side."""
        return self._job("table", name=f"{chart}_chart", files=[f"{chart}_chart.csv"])

    def tables(self) -> list[Job]:
        """Every table."""
        studies = [self.aggregates(study) for study in self.studies]
        charts = [self.chart(chart) for chart in self.comparisons.charts]
        return [self.memory(), self.summary(), self.claims(), *studies, *charts]

    def summary_inputs(self) -> dict[str, list[str]]:
        """The files that the summary is made of, by the option of `hrm summarise`; metrics have none."""
        evaluations = [self.evaluation(*run) for run in self.runs]
        metrics = [job.file(name) for job in evaluations for name in PLAYERS_METRICS]
        for kind in ("states", "test_time"):
            jobs = [self.analysed(kind, *run) for run in self.analysed_runs(kind)]
            metrics += [path for job in jobs for path in job.paths if path.endswith("/metrics.json")]
        difficulty = [job.file(name) for job in evaluations for name in _of_both(["difficulty.csv"])]
        return {"": metrics, "difficulty": difficulty, "memory": [self.memory().file("memory.csv")]}

    def claims_inputs(self) -> dict[str, list[str]]:
        """The files that verdicts rest on, by the option of `hrm claims`."""
        return {
            "claims": [str(self.root / "claims.yaml")],
            "summary": [self.summary().file("summary.csv")],
            "datasets": [self.data(task).file("dataset.json") for task in self.pipeline.datasets],
            "records": [self.train(*run).file("provenance.json") for run in self.runs],
        }

    # Figures.

    @cached_property
    def drawings(self) -> dict[str, Drawing]:
        """Every figure by the name of its files."""
        found: dict[str, Drawing] = {}
        shown = self.comparisons.shown
        claims = [str(self.root / "claims.yaml")]
        for task in self.pipeline.datasets:
            data = self.data(task)
            found[f"{task}_difficulty"] = Drawing("difficulty", {"--dataset": [data.file("dataset.json")]}, [data.key])
        for name, experiment in self.pipeline.experiments.items():
            trained = [self.train(*run) for run in experiment.runs]
            evaluated = [self.evaluation(*run) for run in experiment.runs]
            histories = [job.file("history.csv") for job in trained]
            found[f"{name}_curves"] = Drawing("curves", {"--histories": histories}, [job.key for job in trained])
            tables = [job.file(f"{shown(job.variant)}/segments.csv") for job in evaluated]
            found[f"{name}_segments"] = Drawing("segments", {"--tables": tables}, [job.key for job in evaluated])
            if name in self.pipeline.films:
                first = evaluated[0]
                steps = [first.file(f"{shown(first.variant)}/steps.json")]
                found[f"{name}_steps"] = Drawing("steps", {"--steps": steps}, [first.key])
        arc = [self.evaluation(*run) for run in self.runs if self.is_arc(run[0])]
        if arc:
            votes = [job.file(f"{shown(job.variant)}/votes.csv") for job in arc]
            found["arc_votes"] = Drawing("votes", {"--tables": votes, "--claims": claims}, [job.key for job in arc])
        for name in self.analysis.states.runs:
            states = [self.analysed("states", *run) for run in self.analysed_runs("states", name)]
            keys = [job.key for job in states]
            files = {
                table: [job.file(f"{shown(job.variant)}/{table}.csv") for job in states]
                for table in ("residuals", "trajectories", "participation")
            }
            residuals = {"--tables": files["residuals"], "--trajectories": files["trajectories"]}
            found[f"{name}_residuals"] = Drawing("residuals", residuals, keys)
            participation = {"--tables": files["participation"], "--claims": claims}
            found[f"{name}_participation"] = Drawing("participation", participation, keys)
        for name in self.analysis.routing.runs:
            routing = [self.analysed("routing", *run) for run in self.analysed_runs("routing", name)]
            tables = [job.file(f"{shown(job.variant)}/routing.csv") for job in routing]
            found[f"{name}_routing"] = Drawing("routing", {"--tables": tables}, [job.key for job in routing])
        for name in self.analysis.test_time.runs:
            tests = [self.analysed("test_time", *run) for run in self.analysed_runs("test_time", name)]
            tables = [job.file(f"{weights}/test_time.csv") for job in tests for weights in WEIGHTS]
            found[f"{name}_test_time"] = Drawing("test_time", {"--tables": tables}, [job.key for job in tests])
        memory = self.memory()
        found["memory"] = Drawing("memory", {"--table": [memory.file("memory.csv")]}, [memory.key])
        for study in self.studies:
            table = self.aggregates(study)
            found[table.name] = Drawing("aggregates", {"--table": table.paths}, [table.key])
        for chart in self.comparisons.charts:
            table = self.chart(chart)
            found[table.name] = Drawing("chart", {"--table": table.paths}, [table.key], [chart])
        return found

    def figure(self, name: str) -> Job:
        """A figure of `drawings`."""
        files = [f"{name}{suffix}" for suffix in self.drawings[name].suffixes]
        return self._job("figure", name=name, files=files)

    def contact_sheet(self, task: str) -> Job:
        """Examples of a data set."""
        return self._job(
            "figure", name=f"{task}_contact_sheet", task=task, files=["contact_sheet.png", "contact_sheet.html"]
        )

    # Plain names.

    @property
    def other_ledgers(self) -> list[Path]:
        """Verdicts of runs elsewhere, which answer on the page what this scale cannot."""
        return [path for path in [Path("results/reference/claims.json")] if path.is_file()]

    @cached_property
    def published(self) -> Job:
        """Tables, figures and page under their plain names; the file in its folder says what was copied."""
        return self._job("published", files=["published.json"])

    def plain_names(self) -> dict[str, str]:
        """The path of each output that is copied to a plain name, and that name."""
        found = {path: f"results/{self.scale}/{Path(path).name}" for job in self.tables() for path in job.paths}
        figures = [self.figure(name) for name in self.drawings]
        found |= {path: f"figures/{self.scale}/{Path(path).name}" for job in figures for path in job.paths}
        for task in self.pipeline.datasets:
            sheet = self.contact_sheet(task)
            found |= {path: f"figures/{self.scale}/{task}/{Path(path).name}" for path in sheet.paths}
        return found

    # Keys.

    def _job(self, kind: str, files: Iterable[str], **names: Any) -> Job:
        known = (kind, *sorted(names.items()))
        if known not in self._jobs:
            decisive, modules, inputs = self._recipe(kind, **names)
            code = self.sources.fingerprint(*modules)
            settings = {"scale": self.scale, "of": names, "settings": decisive}
            self._jobs[known] = Job(kind, key_of(kind, settings, code, inputs), self.scale, files=tuple(files), **names)
        return self._jobs[known]

    def _recipe(self, kind: str, **names: Any) -> tuple[Any, list[str], list[str]]:
        """Settings, modules of the command, and keys of the inputs of a job."""
        if kind == "data":
            params = data_params(self.root, self.scale, names["task"], [])
            modules = ["hrm.commands.generate", task_module(params.family)]
            fetched = getattr(params, "source", "") != "generated" and SOURCES_MODULE in self.sources.reached(*modules)
            table = self._yaml("sources") if fetched else {}
            return {"params": params.model_dump(mode="json"), "sources": table}, modules, []
        if kind == "table":
            return self._table_recipe(names["name"])
        if kind == "figure":
            return self._figure_recipe(names["name"], names.get("task"))
        if kind == "published":
            return self._published_recipe()
        run = (names["task"], names["variant"], names["seed"])
        data = self.data(names["task"]).key
        if kind == "train":
            start = self.start_of(*run)
            training = run_params(self.root, self.scale, names["task"], names["variant"], [])
            modules = ["hrm.commands.train", *self._modules_of(run)]
            return training.model_dump(mode="json"), modules, [data, *([start.key] if start else [])]
        inputs = [self.train(*run).key, data]
        if kind == "evaluation":
            return self.evaluation_settings, ["hrm.commands.evaluate", *self._modules_of(run)], inputs
        own = getattr(self.analysis, kind).model_dump(mode="json", exclude={"runs"})
        modules = [f"hrm.commands.analyse:_{kind}", *self._modules_of(run)]
        return {"own": own, "evaluation": self.evaluation_settings}, modules, inputs

    def _modules_of(self, run: RunKey) -> list[str]:
        """The modules of a run's family and network, which the commands import by name."""
        network = run_params(self.root, self.scale, run[0], run[1], []).model.architecture
        return [task_module(self.family(run[0])), model_module(network)]

    def _table_recipe(self, name: str) -> tuple[Any, list[str], list[str]]:
        comparisons = dict(self._yaml("comparisons"))
        if name == "memory":
            memory = self.analysis.memory
            run = run_params(self.root, self.scale, memory.task, memory.variant, [])
            settings = [memory.model_dump(mode="json"), run.model_dump(mode="json")]
            return settings, ["hrm.commands.analyse:_memory", model_module(run.model.architecture)], []
        if name == "summary":
            keys = [self.evaluation(*run).key for run in self.runs]
            keys += [
                self.analysed(kind, *run).key for kind in ("states", "test_time") for run in self.analysed_runs(kind)
            ]
            settings = [self._yaml("analysis")["memory"], comparisons, self.evaluation_settings]
            return settings, ["hrm.commands.summarise"], [*keys, self.memory().key]
        summary = self.summary().key
        if name == "claims":
            keys = [self.data(task).key for task in self.pipeline.datasets]
            return self._all_parameters, ["hrm.commands.claims"], [summary, *keys]
        if name.endswith("_aggregates"):
            return self._all_parameters, ["hrm.commands.aggregate"], [summary]
        if name.endswith("_chart"):
            return [comparisons, self._yaml("claims")], ["hrm.commands.compare"], [summary]
        raise ParameterError(f"no table {name}")

    def _figure_recipe(self, name: str, task: str | None) -> tuple[Any, list[str], list[str]]:
        if task is not None:
            return self._yaml("comparisons"), ["hrm.commands.show", *self._looks(task)], [self.data(task).key]
        drawing = self.drawings[name]
        settings: list[Any] = [self.evaluation_settings, self._yaml("comparisons"), drawing.command]
        if "--claims" in drawing.options:
            settings.append(self._yaml("claims"))
        return settings, ["hrm.commands.render:run", f"hrm.report.figures.{drawing.kind}"], drawing.keys

    def _looks(self, task: str) -> list[str]:
        """The modules of a task and of how its grids look."""
        family = self.family(task)
        return [task_module(family), *filter(None, [look_module(family)])]

    def _published_recipe(self) -> tuple[Any, list[str], list[str]]:
        jobs = [*self.run_jobs(), *self.tables(), *(self.figure(name) for name in self.drawings)]
        jobs += [self.contact_sheet(task) for task in self.pipeline.datasets]
        settings: list[Any] = [self._yaml(name) for name in ("report", "claims", "comparisons")]
        settings += [sha256_file(path) for path in self.other_ledgers]
        figures = sorted(f"hrm.report.figures.{kind}" for kind in figure_modules())
        return settings, ["hrm.commands.publish", *figures], [job.key for job in jobs]

    def _yaml(self, name: str) -> Mapping[str, Any]:
        if name not in self._files:
            self._files[name] = read_yaml(self.root / f"{name}.yaml")
        return self._files[name]

    @cached_property
    def _all_parameters(self) -> dict[str, Any]:
        """Every parameter file: what compares protocols reads published settings, which are those of another scale."""
        files = sorted(path for path in self.root.rglob("*.yaml") if path.name not in ("report.yaml", "costs.yaml"))
        return {path.relative_to(self.root).as_posix(): read_yaml(path) for path in files}
