"""What params/tasks/TASK.yaml with params/scales/SCALE/data/TASK.yaml may say: one model a family of tasks."""

from pathlib import Path

from hrm.core import discovery
from hrm.core.data_schema.base import DataParams
from hrm.core.errors import ParameterError
from hrm.core.params import Layer, file_lineage, load_params


def family_params(family: str) -> type[DataParams]:
    """What the files of a family of tasks may say; `family` must be a known one."""
    model: type[DataParams] = discovery.find(discovery.data_params_module(family), "PARAMS")
    return model


def data_layers(root: Path, scale: str, task: str) -> list[Layer]:
    """What decides a data set, later ones override: the task's file and the scale's, each after what it is from."""
    check_name(root / "tasks", task, "task")
    check_scale(root, scale)
    own = file_lineage(root / "tasks" / f"{task}.yaml", lambda file, name: file.with_name(f"{name}.yaml"))
    return [*own, *scale_layers(root, scale, "data", task)]


def data_files(root: Path, scale: str, task: str) -> list[Path]:
    """The files that decide a data set, later ones override."""
    return [Path(layer.file) for layer in data_layers(root, scale, task)]


def data_params(root: Path, scale: str, task: str, overrides: list[str]) -> DataParams:
    """Parameters of the data set of a task at a scale, as the model of its family."""
    path = root / "tasks" / f"{task}.yaml"
    layers = data_layers(root, scale, task)
    family = next((layer.values["family"] for layer in reversed(layers) if "family" in layer.values), None)
    family = discovery.check("family", family, discovery.families(), f"{path}: ")
    params = load_params(family_params(family), layers, overrides)
    if params.task != task:
        raise ParameterError(f"{path}: task is {params.task!r}; it must be {task!r}, as the file is called")
    params._root = root
    return params


def scale_layers(root: Path, scale: str, kind: str, task: str) -> list[Layer]:
    """What a scale says of a task's data or training: its file, after those that this one is from.

    `from: TASK` is the same scale's file of another task, `from: SCALE/TASK` that of another scale.
    """

    def named(file: Path, name: str) -> Path:
        of, slash, other = name.rpartition("/")
        return scale_file(root, of, kind, other) if slash else file.with_name(f"{name}.yaml")

    return file_lineage(scale_file(root, scale, kind, task), named)


def scale_file(root: Path, scale: str, kind: str, task: str) -> Path:
    """The file of a scale about a task; `kind` is data or train."""
    return root / "scales" / scale / kind / f"{task}.yaml"


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
