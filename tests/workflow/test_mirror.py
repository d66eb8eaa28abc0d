"""The Snakefile and dvc.yaml describe one graph, and both name every module that a command can import."""

import ast
import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from dvc.repo import Repo
from workspace import SOURCE, Workspace, job_of

from hrm.core.discovery import families

pytestmark = pytest.mark.workflow
COMMANDS = {
    "generate_shard": "generate",
    "dataset": "generate",
    "train": "train",
    "evaluate": "evaluate",
    "evaluate_arc": "evaluate",
    "measure_memory": "analyse",
    "analyse_states": "analyse",
    "analyse_routing": "analyse",
    "analyse_test_time": "analyse",
    "summarise": "summarise",
    "aggregate": "aggregate",
    "compare_chart": "compare",
    "claims": "claims",
    "contact_sheet": "show",
}
# Modules that a command imports by a computed name.
BY_NAME = {"generate": [f"src/hrm/data/{family}/task.py" for family in families()]}


@dataclass(frozen=True)
class Step:
    """A job or a stage: what it needs and what it makes, as paths in the repository."""

    needs: frozenset[str]
    makes: frozenset[str]


@pytest.fixture(scope="module")
def jobs(finished: Workspace, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Step]:
    """All jobs of the Snakefile by the name of their stage."""
    project = finished.copy(tmp_path_factory.mktemp("mirror") / "project")
    text = project.snakemake("-n", "--forceall").text
    found = {}
    for block in re.split(r"\n(?=\[)", text):
        lines = dict(re.findall(r"^ +(input|output|log): (.*)$", block, flags=re.M))
        if "log" in lines:
            name = Path(lines["log"]).stem
            found[name] = Step(*(frozenset(lines[key].split(", ")) for key in ("input", "output")))
    return found


@pytest.fixture(scope="module")
def stages(finished: Workspace) -> dict[str, Step]:
    """All stages of dvc.yaml by the name of their job; folders of sources stand for the modules in them."""

    def relative(repo: Repo, path: str) -> str:
        return Path(path).relative_to(repo.root_dir).as_posix()

    def expand(root: Path, path: str) -> set[str]:
        if path.startswith(("results", "figures")) or path.endswith("shards") or not (root / path).is_dir():
            return {path}
        found = (file for kind in ("*.py", "*.html", "*.css", "*.yaml") for file in (root / path).rglob(kind))
        return {file.relative_to(root).as_posix() for file in found}

    with Repo(str(finished.path)) as repo:
        root = Path(repo.root_dir)
        return {
            job_of(stage): Step(
                frozenset().union(*(expand(root, relative(repo, dep.fs_path)) for dep in stage.deps)),
                frozenset(relative(repo, out.fs_path) for out in stage.outs),
            )
            for stage in repo.index.stages
        }


def test_every_job_is_a_stage_with_the_same_outputs(jobs: dict[str, Step], stages: dict[str, Step]) -> None:
    assert {name: job.makes for name, job in jobs.items()} == {name: stage.makes for name, stage in stages.items()}


def test_every_job_needs_what_its_stage_needs(jobs: dict[str, Step], stages: dict[str, Step]) -> None:
    made = frozenset().union(*(job.makes for job in jobs.values()))
    for name, job in jobs.items():
        needs = stages[name].needs
        folders = {path for path in needs if path not in made and any(file.startswith(f"{path}/") for file in made)}
        inside = {file for file in job.needs if any(file.startswith(f"{folder}/") for folder in folders)}
        only_shards = {"params/pipeline.yaml"}  # of this file a stage reads one key, which is no input of the job
        assert job.needs - inside == needs - folders - only_shards, name
        assert all(any(file.startswith(f"{folder}/") for file in inside) for folder in folders), name


def test_a_stage_runs_exactly_its_own_job(finished: Workspace, stages: dict[str, Step]) -> None:
    with Repo(str(finished.path)) as repo:
        for stage in repo.index.stages:
            rule = job_of(stage).split("@")[0]
            assert rule == stage.name.split("@")[0] or stage.name.startswith(f"{rule}_")
            command, _, target = stage.cmd.rpartition(" -- ")
            assert command == f"snakemake --cores all --force --allowed-rules {rule}"
            assert target in stages[job_of(stage)].makes


def test_every_module_that_a_command_can_import_is_an_input_of_its_rule(jobs: dict[str, Step]) -> None:
    for name, job in jobs.items():
        command = COMMANDS.get(name.split("@")[0], "render")
        modules = reachable([f"src/hrm/commands/{command}.py", *BY_NAME.get(command, [])])
        assert modules <= job.needs, f"{name} misses {sorted(modules - job.needs)}"


def test_the_report_page_shows_something_of_every_job_that_draws(jobs: dict[str, Step]) -> None:
    (page,) = [job for name, job in jobs.items() if name.startswith("report_page@")]
    for name, job in jobs.items():
        if any(path.startswith("figures/") for path in job.makes):
            assert job.makes & page.needs, f"params/report.yaml shows nothing of {name}"


def reachable(paths: list[str]) -> set[str]:
    """The files of the package that these import, directly or not; `__init__` files hold no code."""
    found: set[str] = set()
    while paths:
        path = paths.pop()
        if path not in found and (SOURCE / path).is_file():
            found.add(path)
            paths += [f"src/{name.replace('.', '/')}.py" for name in imported(SOURCE / path)]
    return found


def imported(path: Path) -> set[str]:
    """Names of modules, and of what is taken from them, that might be modules."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return {name for name in names if name.startswith("hrm.")}
