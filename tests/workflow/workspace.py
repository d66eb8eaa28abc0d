"""A small project of its own for each test: the working tree's pipeline with tiny parameters, and the tools on it."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from dvc.repo import Repo

SOURCE = Path(__file__).parents[2]
PIPELINE = ["Snakefile", "workflow", "profiles", "dvc.yaml", ".dvc", ".dvcignore", ".gitignore", "params", "src"]
NOTHING = "Nothing to be done"
FIRST, SECOND = "hrm", "hrm_halt_loss"
RUNS = "results/smoke/sudoku"
EXPERIMENT = "params/experiments/sudoku.yaml"

TINY_MODEL = {"hidden_size": 16, "heads": 2, "high_layers": 1, "low_layers": 1, "mlp_multiple": 16}
TINY_TRAIN = {"batch_size": 8, "dtype": "float32", "compile": False, "log_every": 1, "save_every": 1}
ONE_RUN = {"tasks": ["sudoku"], "variants": [FIRST], "seeds": [0]}

PARAMS: dict[str, dict[str, Any]] = {
    "pipeline.yaml": {"scale": "smoke", "datasets": ["sudoku"], "shards": [0, 1], "experiments": ["sudoku"]},
    "experiments/sudoku.yaml": {"seeds": [0]},
    "analysis.yaml": {
        "states": {"runs": {"sudoku": ONE_RUN}, "examples": 6, "least_steps": 6, "resamples": 100},
        "routing": {"runs": {}},
        "test_time": {
            "runs": {"sudoku": ONE_RUN},
            "examples": {"smoke": 6},
            "segment_factors": [1, 2],
            "tries": [1, 2],
            "copies": 2,
        },
    },
    "scales/smoke/data/sudoku.yaml": {"box_height": 2, "box_width": 2, "train_puzzles": 20, "test_puzzles": 20},
    "scales/smoke/train/sudoku.yaml": {
        "model": TINY_MODEL | {"puzzle_embedding_size": 16},
        "halting": {"max_segments": 2},
        "optimizer": {"learning_rate": 1e-3, "puzzle_learning_rate": 1e-3, "warmup_steps": 1},
        "train": TINY_TRAIN | {"steps": 4},
    },
}


@dataclass(frozen=True)
class Result:
    """What a command said, and the jobs that Snakemake ran (or would run) as it names them."""

    code: int
    text: str

    @property
    def jobs(self) -> set[str]:
        planned = re.findall(r"^  ([a-z].*)$", self.text, flags=re.M)
        done = re.findall(r"^\[\d+/\d+, [^]]*\] (.+): [\d.]+ s$", self.text, flags=re.M)
        return {job.strip() for job in done or planned}


@dataclass(frozen=True)
class Workspace:
    """A git repository with the pipeline in it."""

    path: Path

    @classmethod
    def create(cls, path: Path) -> "Workspace":
        """Copy what git sees of the working tree, with tiny parameters, and commit it."""
        listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *PIPELINE]
        names = subprocess.run(listed, cwd=SOURCE, check=True, capture_output=True, text=True).stdout
        for name in filter(None, names.split("\0")):
            if (SOURCE / name).is_file():
                (path / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(SOURCE / name, path / name)
        workspace = cls(path)
        for name, values in PARAMS.items():
            workspace.set(f"params/{name}", values)
        workspace.git("init", "-q", "-b", "main")
        workspace.commit("pipeline")
        return workspace

    def copy(self, path: Path) -> "Workspace":
        """The same state with the same file times."""
        shutil.copytree(self.path, path, symlinks=True)
        return Workspace(path)

    def clone(self, path: Path) -> "Workspace":
        """What a colleague gets: no data, no models, no records."""
        self.git("clone", "-q", str(self.path), str(path))
        return Workspace(path)

    def environment(self) -> dict[str, str]:
        """The tools of this Python, one thread each, and nothing of the user's own settings."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("DVC_", "GIT_", "SNAKEMAKE_"))}
        who = {f"GIT_{role}_{key}": "test@x" for role in ("AUTHOR", "COMMITTER") for key in ("NAME", "EMAIL")}
        path = os.pathsep.join([str(Path(sys.executable).parent), kept.get("PATH", os.defpath)])
        settings = {
            "PATH": path,
            "PYTHONPATH": str(self.path / "src"),
            "OMP_NUM_THREADS": "1",
            "DVC_NO_ANALYTICS": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
        }
        return kept | who | settings

    def run(self, *command: str, code: int | None = 0) -> Result:
        """Run a command here; `code` is the exit code that it must have, None for any."""
        done = subprocess.run(
            command,
            cwd=self.path,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=600,
        )
        assert code is None or done.returncode == code, f"{' '.join(command)}: {done.returncode}\n{done.stdout}"
        return Result(done.returncode, done.stdout)

    def folder(self, variant: str, kind: str) -> Path:
        """The one folder of a run of the variant; there must be one alone."""
        (found,) = (self.path / RUNS / variant / "seed0").glob(f"{kind}-*")
        return found

    def snakemake(self, *arguments: str, code: int = 0) -> Result:
        return self.run("snakemake", "--cores", "2", *arguments, code=code)

    def dvc(self, *arguments: str) -> Result:
        return self.run("dvc", *arguments)

    def git(self, *arguments: str) -> Result:
        return self.run("git", *arguments)

    def commit(self, message: str) -> None:
        self.git("add", "-A")
        self.git("commit", "-q", "-m", message)

    def stale(self) -> set[str]:
        """The stages that `dvc status` calls changed."""
        with Repo(str(self.path)) as repo:
            return {address.rpartition(":")[2] for address in repo.status()}

    def set(self, name: str, values: dict[str, object]) -> None:
        """Override values in a YAML file, section by section."""
        file = self.path / name
        merged = yaml.safe_load(file.read_text()) or {}
        for key, value in values.items():
            merged[key] = {**merged.get(key, {}), **value} if isinstance(value, dict) else value
        file.write_text(yaml.safe_dump(merged))

    def set_variant(self, name: str, values: Mapping[str, Any]) -> None:
        """Override values of one variant of the experiment."""
        file = self.path / EXPERIMENT
        merged = yaml.safe_load(file.read_text())
        merged["variants"][name] = {**(merged["variants"][name] or {}), **values}
        file.write_text(yaml.safe_dump(merged, sort_keys=False))

    def replace(self, name: str, old: str, new: str) -> None:
        """Edit a source file: `old`, which must be there once, becomes `new`."""
        text = (self.path / name).read_text()
        assert text.count(old) == 1, f"{name} has {text.count(old)} times {old!r}"
        (self.path / name).write_text(text.replace(old, new))

    def read_json(self, name: str) -> dict[str, object]:
        return json.loads((self.path / name).read_text())
