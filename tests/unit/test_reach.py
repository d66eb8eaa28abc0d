"""What the code of a command reaches: generic code knows no family and no network, and a family knows no other."""

import ast
import importlib.util
from functools import cache
from pathlib import Path

import pytest

from hrm.core.discovery import architectures, families, model_module, task_module


@cache
def imports(module: str) -> frozenset[str]:
    """Modules of ours that a module imports anywhere in its text, with the packages around them."""
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None:
        return frozenset()
    found = set()
    for node in ast.walk(ast.parse(Path(spec.origin).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    ours = {name for name in found if name.split(".")[0] == "hrm"}
    return frozenset(name for name in ours if "." not in name or _exists(name))


def _exists(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        return False  # a name in a module


def reached(module: str) -> set[str]:
    """All modules of ours that are reached from one, itself included."""
    known, waiting = set(), [module]
    while waiting:
        name = waiting.pop()
        if name not in known:
            known.add(name)
            waiting += imports(name)
    return known


def inside(modules: set[str], package: str) -> set[str]:
    return {name for name in modules if f"{name}.".startswith(f"{package}.")}


@pytest.mark.parametrize("command", ["generate", "train", "evaluate"])
def test_generic_commands_reach_no_family_and_no_network(command: str) -> None:
    found = reached(f"hrm.commands.{command}")
    assert not {name for family in families() for name in inside(found, f"hrm.data.{family}")}
    assert not {name for name in architectures() if inside(found, model_module(name))}


@pytest.mark.parametrize("family", ["sudoku", "maze", "arc", "lattice"])
def test_a_family_reaches_all_its_modules_and_none_of_another(family: str) -> None:
    found = reached(task_module(family))
    for other in families():
        if other != family and (family, other) != ("lattice", "maze"):  # lattice mazes are drawn as mazes to compare
            assert not inside(found, f"hrm.data.{other}")
    folder = Path(importlib.util.find_spec(f"hrm.data.{family}").submodule_search_locations[0])  # type: ignore[union-attr, index]
    own = {f"hrm.data.{family}.{path.stem}" for path in folder.glob("*.py") if path.stem != "__init__"}
    for_tests = {f"hrm.data.{family}.{name}" for name in ("reference", "generator", "look")}
    assert own - found <= for_tests


@pytest.mark.parametrize("name", ["hrm", "single", "encoder", "rnn", "pointer"])
def test_a_network_reaches_its_own_and_no_other(name: str) -> None:
    found = reached(model_module(name))
    assert f"{model_module(name)}.network" in found
    others = {other for other in architectures() if other != name and inside(found, model_module(other))}
    assert others == ({"single"} if name == "rnn" else set())  # the recurrent network is one module with another cell
