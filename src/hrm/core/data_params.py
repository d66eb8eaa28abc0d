"""What params/tasks/TASK.yaml with params/scales/SCALE/data/TASK.yaml may say: one model a family of tasks."""

from pathlib import Path

from hrm.core.data_schema.arc import ArcParams
from hrm.core.data_schema.base import DataParams
from hrm.core.data_schema.grid import LatticeParams, MazeParams
from hrm.core.data_schema.sudoku import SudokuParams
from hrm.core.errors import ParameterError
from hrm.core.files import read_yaml
from hrm.core.params import load_params

# A family is a model here and a module hrm.data.FAMILY.task.
FAMILIES: dict[str, type[DataParams]] = {
    "arc": ArcParams,
    "lattice": LatticeParams,
    "maze": MazeParams,
    "sudoku": SudokuParams,
}


def data_files(root: Path, scale: str, task: str) -> list[Path]:
    """The files that decide a data set, later ones override."""
    check_name(root / "tasks", task, "task")
    check_scale(root, scale)
    return [root / "tasks" / f"{task}.yaml", root / "scales" / scale / "data" / f"{task}.yaml"]


def data_params(root: Path, scale: str, task: str, overrides: list[str]) -> DataParams:
    """Parameters of the data set of a task at a scale, as the model of its family."""
    files = data_files(root, scale, task)
    family = read_yaml(files[0]).get("family")
    if family not in FAMILIES:
        raise ParameterError(f"{files[0]}: family is {family!r}; allowed are {', '.join(sorted(FAMILIES))}")
    params = load_params(FAMILIES[family], files, overrides)
    if params.task != task:
        raise ParameterError(f"{files[0]}: task is {params.task!r}; it must be {task!r}, as the file is called")
    params._root = root
    return params


def check_name(folder: Path, name: str, kind: str) -> None:
    """Raise ParameterError unless `folder` holds NAME.yaml."""
    known = sorted(path.stem for path in folder.glob("*.yaml"))
    if name not in known:
        raise ParameterError(f"{folder}: no {kind} {name!r}; allowed are {', '.join(known) or '(none found)'}")


def check_scale(root: Path, scale: str) -> None:
    """Raise ParameterError unless there is a folder of parameters for the scale."""
    known = sorted(path.name for path in (root / "scales").glob("*") if path.is_dir())
    if scale not in known:
        raise ParameterError(f"{root / 'scales'}: no scale {scale!r}; allowed are {', '.join(known) or '(none found)'}")
