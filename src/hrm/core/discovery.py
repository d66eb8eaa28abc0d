"""Tasks and networks by name: what is there is found by its place, and no list of them is kept.

A task is a folder `hrm/data/FAMILY` with `params.py` (PARAMS, what its files may say), `task.py` (TASK, the object)
and, if it likes, `look.py` (LOOK, how its grids are drawn). A network is a module or a folder `hrm/models/NAME` that
assigns ARCHITECTURE. They are imported when they are asked for, so that no program depends on those that it does not
use; a folder that is appended to `hrm.data.__path__` or `hrm.models.__path__` is looked through like these.

Everything that a training needs of its family and of its network is imported, directly or not, by the two modules that
`task_module` and `model_module` name. Nothing here imports PyTorch; the modules of our own networks do not either.
"""

import functools
import importlib
import pkgutil
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from hrm.core.errors import ParameterError

DATA, MODELS = "hrm.data", "hrm.models"


def task_module(family: str) -> str:
    """The module that assigns TASK."""
    return f"{DATA}.{family}.task"


def data_params_module(family: str) -> str:
    """The module that assigns PARAMS."""
    return f"{DATA}.{family}.params"


def look_module(family: str) -> str | None:
    """The module that assigns LOOK; None where the family has none, and its tokens are drawn as numbers."""
    name = f"{DATA}.{family}.look"
    return name if family in families() and find_spec(name) else None


def model_module(architecture: str) -> str:
    """The module that assigns ARCHITECTURE."""
    return f"{MODELS}.{architecture}"


def families() -> list[str]:
    """The families of tasks that there are."""
    folders = importlib.import_module(DATA).__path__
    return sorted({path.parent.name for folder in folders for path in Path(folder).glob("*/task.py")})


def architectures() -> list[str]:
    """The architectures that there are."""
    folders = importlib.import_module(MODELS).__path__
    return sorted(module.name for module in pkgutil.iter_modules(folders) if _registers(folders, module.name))


def find(module: str, name: str) -> Any:
    """What `module` assigns to `name`."""
    return getattr(importlib.import_module(module), name)


def check(kind: str, name: object, known: list[str], source: str = "") -> str:
    """The name, where it is known; ParameterError says what is allowed."""
    if isinstance(name, str) and name in known:
        return name
    raise ParameterError(f"{source}{kind} is {name!r}; allowed are {', '.join(known)}")


def _registers(folders: Any, name: str) -> bool:
    """Whether a module says `ARCHITECTURE = ...`; its text is read, because it may import PyTorch."""
    texts = [path for folder in folders for path in (Path(folder) / f"{name}.py", Path(folder) / name / "__init__.py")]
    return any(path.is_file() and _assigns(path, path.stat().st_mtime_ns) for path in texts)


@functools.cache
def _assigns(path: Path, changed: int) -> bool:
    return any(line.startswith("ARCHITECTURE") for line in path.read_text(encoding="utf-8").splitlines())
