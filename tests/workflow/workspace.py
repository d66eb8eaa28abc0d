"""A small project of its own for each test: the working tree's pipeline with tiny parameters, and the tools on it."""

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import yaml
from dvc.repo import Repo
from dvc.stage import Stage

SOURCE = Path(__file__).parents[2]
PIPELINE = ["Snakefile", "workflow", "profiles", "dvc.yaml", ".dvc", ".dvcignore", ".gitignore", "params", "src"]
NOTHING = "Nothing to be done"
FIRST, SECOND = "hrm", "hrm_halt_loss"
RUN = "results/smoke/sudoku/{}/seed0"

TINY_MODEL = {"hidden_size": 16, "heads": 2, "high_layers": 1, "low_layers": 1, "mlp_multiple": 16}
TINY_TRAIN = {"batch_size": 8, "dtype": "float32", "compile": False, "log_every": 1, "save_every": 1}
ARC_TASKS = ["arc_agi_1", "arc_agi_1_evaluation", "arc_agi_1_few", "arc_agi_2"]
ARC = {"model": TINY_MODEL | {"puzzle_embedding_size": 16}, "train": TINY_TRAIN | {"steps": 2}}
SHORT = {
    "model": TINY_MODEL | {"puzzle_embedding_size": 16},
    "halting": {"max_segments": 2},
    "train": TINY_TRAIN | {"steps": 2},
}
MAZES = {"size": 4, "spare": 1.0, "train_mazes": 20, "test_mazes": 20}


def experiment(tasks: list[str], *variants: str) -> dict[str, list[str] | list[int]]:
    return {"tasks": tasks, "variants": list(variants), "seeds": [0]}


PARAMS = {
    "pipeline.yaml": {
        "scale": "smoke",
        "datasets": ["sudoku", "boards", "lattice_mazes", "lattice_mazes_open", "maze_hard", "sudoku_full", *ARC_TASKS],
        "shards": [0],
        "gpus": 1,
        "experiments": {
            "sudoku": experiment(["sudoku"], FIRST, SECOND),
            "sudoku_models": experiment(["sudoku"], "transformer"),
            "boards": experiment(["boards"], "board_hl_2x2_s2"),
            "pointer": experiment(["lattice_mazes", "lattice_mazes_open"], "pointer_baseline"),
            "switches": experiment(["lattice_mazes_open"], "transformer"),
            "arc": experiment(["arc_agi_1"], "transformer"),
            "arc_data": experiment(["arc_agi_1_evaluation", "arc_agi_1_few"], "transformer"),
            "sudoku_full": experiment(["sudoku_full"], "transformer"),
            "halting": experiment(["sudoku_full"], "hrm"),
            "scaling": experiment(["sudoku"], "recurrent_2"),
            "trm_ablation": experiment(["sudoku"], "trm_one_step"),
            "gradients": experiment(["sudoku"], "hrm_bptt"),
            "robustness": experiment(["sudoku"], "hrm_noise_low"),
            "smallest": experiment(["sudoku"], "hrm_hidden_8"),
            "mazes": experiment(["maze_hard"], "transformer"),
            "transfer": experiment(["maze_hard"], "hrm_from_sudoku"),
            "arc_2": experiment(["arc_agi_2"], "transformer"),
        },
        "films": ["sudoku", "sudoku_models", "boards", "pointer", "arc", "arc_data", "mazes", "arc_2"],
    },
    "analysis.yaml": {
        "states": {
            "runs": {
                "sudoku": experiment(["sudoku"], FIRST, "transformer"),
                "sudoku_full": experiment(["sudoku_full"], "transformer"),
                "boards": experiment(["boards"], "board_hl_2x2_s2"),
                "smallest": experiment(["sudoku"], "hrm_hidden_8"),
            },
            "examples": 6,
            "least_steps": 6,
            "resamples": 100,
        },
        "routing": {
            "runs": {"pointer": experiment(["lattice_mazes"], "pointer_baseline")},
            "examples": 6,
        },
        "test_time": {
            "runs": {"sudoku": experiment(["sudoku"], FIRST), "arc": experiment(["arc_agi_1"], "transformer")},
            "examples": {"smoke": 6},
            "segment_factors": [1, 2],
            "tries": [1, 2],
            "copies": 2,
        },
    },
    "scales/smoke/data/sudoku.yaml": {"box_height": 2, "box_width": 2, "train_puzzles": 20, "test_puzzles": 20},
    "scales/smoke/data/sudoku_full.yaml": {"train_puzzles": 20, "test_puzzles": 20},
    "scales/smoke/data/boards.yaml": MAZES,
    "scales/smoke/data/lattice_mazes.yaml": MAZES,
    "scales/smoke/data/lattice_mazes_open.yaml": MAZES,
    "scales/smoke/data/maze_hard.yaml": MAZES,
    "scales/smoke/train/sudoku.yaml": {
        "model": TINY_MODEL | {"puzzle_embedding_size": 16},
        "halting": {"max_segments": 2},
        "optimizer": {"learning_rate": 1e-3, "puzzle_learning_rate": 1e-3, "warmup_steps": 1},
        "train": TINY_TRAIN | {"steps": 4},
    },
    "scales/smoke/train/sudoku_full.yaml": SHORT,
    "scales/smoke/train/maze_hard.yaml": SHORT,
    "scales/smoke/train/boards.yaml": {"model": TINY_MODEL, "train": TINY_TRAIN | {"batches": 2}},
    "scales/smoke/train/lattice_mazes.yaml": {"model": TINY_MODEL, "train": TINY_TRAIN | {"steps": 2}},
    "scales/smoke/train/lattice_mazes_open.yaml": {"model": TINY_MODEL, "train": TINY_TRAIN | {"steps": 2}},
    **{f"scales/smoke/train/{task}.yaml": ARC for task in ARC_TASKS},
}


def job_of(stage: Stage) -> str:
    """The name of a stage's job: its rule, which the name of the stage may go on from, and the wildcards."""
    rule = stage.cmd.split("--allowed-rules ")[1].split()[0]
    return "@".join([rule, *stage.name.split("@")[1:]])


@dataclass(frozen=True)
class Result:
    """What a command said, and the jobs that Snakemake ran (or would run) as names of DVC stages."""

    code: int
    text: str

    @property
    def jobs(self) -> set[str]:
        return set(re.findall(r"^ +log: logs/(\S+@\S+)\.log", self.text, flags=re.M))


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
        settings = {"PATH": path, "OMP_NUM_THREADS": "1", "DVC_NO_ANALYTICS": "1", "GIT_CONFIG_GLOBAL": os.devnull}
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

    def stale_jobs(self) -> set[str]:
        """The same stages by the names of their jobs."""
        with Repo(str(self.path)) as repo:
            stale = repo.status()
            return {job_of(stage) for stage in repo.index.stages if stage.addressing in stale}

    def set(self, name: str, values: dict[str, object]) -> None:
        """Override values in a YAML file, section by section."""
        file = self.path / name
        merged = yaml.safe_load(file.read_text()) or {}
        for key, value in values.items():
            merged[key] = {**merged.get(key, {}), **value} if isinstance(value, dict) else value
        file.write_text(yaml.safe_dump(merged))

    def edit_code(self, name: str) -> None:
        """Change a source file in a way that changes no result."""
        with (self.path / name).open("a") as file:
            file.write("# edited\n")

    def read_json(self, name: str) -> dict[str, object]:
        return json.loads((self.path / name).read_text())
