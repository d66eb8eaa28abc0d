"""params/experiments/NAME.yaml: a question each, its runs, and the variants it asks about, each as what it changes."""

import functools
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, NamedTuple

from pydantic import Field, NonNegativeInt

from hrm.core.data_schema.base import Name
from hrm.core.errors import ParameterError
from hrm.core.files import read_text
from hrm.core.params import Layer, Params, lineage, load_params


class ExperimentFile(Params):
    """One file: every task with every variant and every seed is a run.

    An entry of `variants` says in `from` which other variant it differs from, and then only what differs. An entry that
    says nothing at all is a variant of another experiment that runs in this one too.
    """

    tasks: Annotated[list[Name], Field(min_length=1)]
    seeds: Annotated[list[NonNegativeInt], Field(min_length=1)]
    film: bool  # whether its first run is drawn step by step, as a film strip and an animation
    variants: Annotated[dict[Name, dict[str, Any] | None], Field(min_length=1)]


class Variant(NamedTuple):
    """Where a variant is defined: a file of an experiment, and what stands there."""

    file: Path
    name: str
    entry: Mapping[str, Any]

    @property
    def at(self) -> str:
        """The entry's place, for messages."""
        return f"{self.file}: variants.{self.name}"


def experiments(root: Path) -> Mapping[str, ExperimentFile]:
    """Every experiment there is, by name."""
    return {path.stem: load_params(ExperimentFile, [path]) for path in _files(root)}


def variants(root: Path) -> Mapping[str, Variant]:
    """Every variant there is, by name; ParameterError where one is defined twice, nowhere, or from none."""
    files = _files(root)
    return _variants(tuple(files), tuple(map(read_text, files)))


def variant_layers(root: Path, name: str) -> list[Layer]:
    """What a variant is from, the first ancestor first, and then what it changes; ParameterError if there is none."""
    known = variants(root)
    if name not in known:
        allowed = ", ".join(sorted(known)) or "(none found)"
        raise ParameterError(f"{root / 'experiments'}: no variant {name!r}; allowed are {allowed}")
    line = [known[name]]
    while (parent := line[0].entry.get("from")) is not None:
        line.insert(0, known[parent])
    return [Layer.of(one.file).part("variants", one.name).without("from") for one in line]


def _files(root: Path) -> list[Path]:
    return sorted((root / "experiments").glob("*.yaml"))


@functools.lru_cache(maxsize=8)
def _variants(files: tuple[Path, ...], texts: tuple[str, ...]) -> Mapping[str, Variant]:
    """Read and checked once for the same texts: a workflow asks for each of its runs."""
    read = {path: load_params(ExperimentFile, [path]).variants for path in files}
    known: dict[str, Variant] = {}
    for path, entries in read.items():
        for name, entry in entries.items():
            if entry is None:
                continue
            if name in known:
                raise ParameterError(
                    f"{path}: variants.{name} is defined in {known[name].file} too; leave it empty where it only"
                    " runs again"
                )
            known[name] = Variant(path, name, entry)
    for path, entries in read.items():
        for name in entries:
            if name not in known:
                raise ParameterError(
                    f"{path}: variants.{name} is empty, and no experiment defines it; allowed are"
                    f" {', '.join(sorted(known))}"
                )
    for one in known.values():
        lineage(one.name, lambda name: _parent(known[name], known), lambda name: f"{known[name].at}.from")
    return MappingProxyType(known)


def _parent(one: Variant, known: Mapping[str, Variant]) -> str | None:
    parent = one.entry.get("from")
    if parent is None or (isinstance(parent, str) and parent in known):
        return parent
    raise ParameterError(f"{one.at}.from is {parent!r}; allowed are {', '.join(sorted(known))}")
