"""A recipe is all that decides a job's output: settings, the code that its command reaches, the recipes of its inputs.

Its hash, the key, is known before anything runs and is part of the output's path, so that an output is up to date when
it exists, whatever a clock says. Code counts as its syntax tree: comments, docstrings and layout decide nothing.
"""

import ast
import hashlib
import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from hrm.core.errors import DataError
from hrm.core.files import read_json, write_text

PACKAGE = "hrm"
KEY_LENGTH = 12  # hex digits
# What a package holds beside modules that decides what its commands write: templates of pages.
TEMPLATES = ("*.html", "*.css", "*.js")
# Fields of syntax trees that say where, not what, or that depend on the version of Python.
IGNORED_FIELDS = ("ctx", "kind", "type_comment", "type_ignores", "type_params")
CACHE_VERSION = 1


def key_of(kind: str, settings: Any, code: str, inputs: Iterable[str]) -> str:
    """The key of a job: of equal kind, settings, code and inputs, in their order, equal; hex digits."""
    return _digest([kind, settings, code, list(inputs)])


class Sources:
    """The source files of the package, and what each reaches by its imports.

    Args:
        root: the folder of the package.
        cache: file that keeps what was read of each content, so that a source is parsed once; None: nothing is kept.
    """

    def __init__(self, root: Path = Path(__file__).parents[1], cache: Path | None = None) -> None:
        self.root, self.cache = root, cache
        self._known: dict[str, Any] = _read_cache(cache)
        self._used: dict[str, Any] = {}
        self._facts: dict[str, Any] = {}
        self._fingerprints: dict[tuple[str, ...], str] = {}

    def fingerprint(self, *entries: str) -> str:
        """Hash of the code that `entries` reach: modules, or MODULE:FUNCTION where a command has several forms.

        Of MODULE:FUNCTION the whole file counts, but only the imports at its top, and in that function, are followed.
        Imports whose name is worked out when they run are not seen: name those modules as further entries.

        Raises KeyError for a module or function that there is not.
        """
        if entries not in self._fingerprints:
            reached = sorted(self.reached(*entries))
            self._fingerprints[entries] = _digest([[name, self._facts_of(name)["tree"]] for name in reached])
        return self._fingerprints[entries]

    def reached(self, *entries: str) -> set[str]:
        """Names of the package's modules that run when the entries do."""
        found: set[str] = set()
        waiting: list[str] = []
        for entry in entries:
            module, _, function = entry.partition(":")
            imports = self._facts_of(module)["imports"]
            if function:
                waiting += [*imports[""], *imports[function]]
                found.add(module)
            else:
                waiting.append(module)
            waiting += self._parents(module)
        while waiting:
            module = waiting.pop()
            if module in found:
                continue
            found.add(module)
            waiting += [name for names in self._facts_of(module)["imports"].values() for name in names]
            waiting += self._parents(module)
        return found

    def save(self) -> None:
        """Keep what was read, for the next process."""
        if self.cache is not None and self._used != self._known:
            write_text(self.cache, json.dumps({"version": CACHE_VERSION, "files": self._used}))

    def _parents(self, module: str) -> list[str]:
        parts = module.split(".")
        names = [".".join(parts[:end]) for end in range(1, len(parts))]
        return [name for name in names if self._path(name)]  # a folder need not have an __init__.py

    def _path(self, module: str) -> Path | None:
        if module == PACKAGE:
            return self.root / "__init__.py"
        if module.partition(".")[0] != PACKAGE:
            return None
        parent, _, name = module.rpartition(".")
        folders = [self.root.joinpath(*parent.split(".")[1:])]
        folders += map(Path, getattr(sys.modules.get(parent), "__path__", []))  # further ones, of tasks and networks
        for folder in folders:
            for path in (folder / name / "__init__.py", folder / f"{name}.py"):
                if path.is_file():
                    return path
        return None

    def _facts_of(self, module: str) -> dict[str, Any]:
        if module not in self._facts:
            path = self._path(module)
            if path is None:
                raise KeyError(f"no module {module} below {self.root}")
            text = path.read_bytes()
            beside = [file for kind in TEMPLATES for file in sorted(path.parent.glob(kind))]
            templates = [hashlib.sha256(file.read_bytes()).hexdigest() for file in beside]
            content = _digest([module, hashlib.sha256(text).hexdigest(), *templates])
            facts = self._known.get(content)
            if facts is None:
                tree = ast.parse(text, str(path))
                facts = {"tree": _digest([_plain(tree), *templates]), "imports": _imports(tree)}
            self._used[content] = facts
            self._facts[module] = {
                "tree": facts["tree"],
                "imports": {
                    place: [name for name in names if self._path(name)] for place, names in facts["imports"].items()
                },
            }
        return self._facts[module]


def _imports(tree: ast.Module) -> dict[str, list[str]]:
    """Names that may be modules, by the top-level function that imports them; all others under the empty name."""
    found: dict[str, set[str]] = {"": set()}
    for node in tree.body:
        place = node.name if isinstance(node, ast.FunctionDef) else ""
        found.setdefault(place, set()).update(_imported(node))
    return {place: sorted(names) for place, names in found.items()}


def _imported(node: ast.AST) -> Iterator[str]:
    """Names of the package that a statement imports, or may import; those for type checkers alone are left out."""
    if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
        for other in node.orelse:
            yield from _imported(other)
        return
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names if alias.name.partition(".")[0] == PACKAGE)
    elif isinstance(node, ast.ImportFrom) and node.module and node.module.partition(".")[0] == PACKAGE:
        yield node.module
        yield from (f"{node.module}.{alias.name}" for alias in node.names)
    for child in ast.iter_child_nodes(node):
        yield from _imported(child)


def _plain(node: Any) -> Any:
    """A syntax tree as lists: without docstrings, places, and fields that are empty."""
    if isinstance(node, ast.AST):
        parts: list[Any] = [type(node).__name__]
        for name in node._fields:
            value = getattr(node, name, None)
            if name in IGNORED_FIELDS or value is None or value == []:
                continue
            if name == "body" and isinstance(value, list) and _is_docstring(value[0]):
                value = value[1:]
            parts.append([name, _plain(value)])
        return parts
    if isinstance(node, list):
        return [_plain(each) for each in node]
    return node if isinstance(node, str | int | bool) else repr(node)


def _is_docstring(node: Any) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()[:KEY_LENGTH]


def _read_cache(path: Path | None) -> dict[str, Any]:
    try:
        kept = {} if path is None else read_json(path)
    except DataError:  # not there yet, or cut short: it is made anew
        return {}
    fits = isinstance(kept, Mapping) and kept.get("version") == CACHE_VERSION and isinstance(kept.get("files"), dict)
    return dict(kept["files"]) if fits else {}
