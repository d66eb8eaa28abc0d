"""`snakemake -n` at each scale, and what it says before it starts one that asks for a GPU."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from workspace import SOURCE

pytestmark = [pytest.mark.workflow, pytest.mark.slow]
NEEDED = ["Snakefile", "workflow", "profiles", "params", "src"]
ONE_TRAINING = ("paper", "boards", "board_hl_2x2_s2")


def copied(folder: Path) -> None:
    """The pipeline of the working tree, without results."""
    for name in NEEDED:
        copy = shutil.copytree if (SOURCE / name).is_dir() else shutil.copy
        copy(SOURCE / name, folder / name)


def run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """A command in the copy, without a GPU."""
    environment = os.environ | {
        "CUDA_VISIBLE_DEVICES": "",
        "PYTHONPATH": str(folder / "src"),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300)


@pytest.mark.parametrize("scale", ["smoke", "gpu", "paper"])
def test_a_dry_run_works_at_each_scale_and_says_what_it_would_cost(scale: str, tmp_path: Path) -> None:
    copied(tmp_path)
    done = run(tmp_path, "snakemake", "-n", "--quiet", "--config", f"scale={scale}")
    assert done.returncode == 0, done.stderr
    said = [line for line in done.stderr.splitlines() if line.startswith("snakemake: ")]
    if scale == "smoke":
        assert said == []
    else:
        assert len(said) == 1
        assert said[0].startswith(f"snakemake: scale {scale}: ")
        assert said[0].endswith("GPU hours (H100)")


def test_without_a_gpu_the_scale_of_the_papers_stops_before_its_first_job(tmp_path: Path) -> None:
    scale, task, variant = ONE_TRAINING
    copied(tmp_path)
    listed = run(tmp_path, "hrm", "runs", "--scale", scale, "--task", task, "--variant", variant).stdout
    (folder,) = re.findall(r"missing (\S+/train-\S+)", listed)
    wanted = f"{folder}/model.safetensors"
    done = run(tmp_path, "snakemake", "--cores", "1", "--config", f"scale={scale}", "--", wanted)
    assert done.returncode == 2
    assert "snakemake: scale paper: jobs that need a GPU: 1; PyTorch " in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "data").exists()
    assert not any((tmp_path / ".snakemake" / "locks").glob("*"))
