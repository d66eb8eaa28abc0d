"""What params/tasks/TASK.yaml with params/scales/SCALE/data/TASK.yaml may say: one model a family of tasks."""

from pathlib import Path

from hrm.core import discovery
from hrm.core.data_schema.base import DataParams
from hrm.core.errors import ParameterError
from hrm.core.files import read_yaml
from hrm.core.params import load_params


def family_params(family: str) -> type[DataParams]:
    """What the files of a family of tasks may say; `family` must be a known one."""
    model: type[DataParams] = discovery.find(discovery.data_params_module(family), "PARAMS")
    return model


def data_files(root: Path, scale: str, task: str) -> list[Path]:
    """The files that decide a data set, later ones override."""
    check_name(root / "tasks", task, "task")
    check_scale(root, scale)
    return [root / "tasks" / f"{task}.yaml", root / "scales" / scale / "data" / f"{task}.yaml"]


def data_params(root: Path, scale: str, task: str, overrides: list[str]) -> DataParams:
    """Parameters of the data set of a task at a scale, as the model of its family."""
    files = data_files(root, scale, task)
    found = read_yaml(files[0]).get("family")
    family = discovery.check("family", found, discovery.families(), f"{files[0]}: ")
    params = load_params(family_params(family), files, overrides)
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
