"""Reading parameters: YAML files in order, later ones override, one strict frozen model at the end."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from hrm.core.errors import ParameterError
from hrm.core.files import read_yaml


class Params(BaseModel):
    """Base of all parameter models: strict types, no unknown keys, no change after reading."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")


P = TypeVar("P", bound=Params)
T = TypeVar("T")


class Layer(NamedTuple):
    """What one place says: a file, or a part of it, whose keys begin with `at` there."""

    file: str
    values: Mapping[str, Any]
    at: str = ""

    @classmethod
    def of(cls, path: Path) -> "Layer":
        """A whole file."""
        return cls(str(path), read_yaml(path))

    def part(self, *keys: str) -> "Layer":
        """What stands under these keys."""
        values = self.values
        for key in keys:
            values = values[key]
        return Layer(self.file, values, self.at + "".join(f"{key}." for key in keys))

    def without(self, *keys: str) -> "Layer":
        """All but these keys."""
        return self._replace(values={key: value for key, value in self.values.items() if key not in keys})


def load_params(
    model: type[P],
    layers: "Iterable[Path | Layer]",
    overrides: Iterable[str] = (),
    cases: "Mapping[str, Case] | None" = None,
) -> P:
    """Merge files and parts of files in order, then `overrides` (`a.b=value`), and check the result against `model`.

    With `cases`, as of scales and tasks, a layer may say under their name what it changes in one of them alone, and
    there again what it changes in one of another kind, as in `tasks: {maze_hard: {scales: {smoke: {train: ...}}}}`.

    Raises ParameterError that names the file, the key, the value found and what is allowed.
    """
    read = [layer if isinstance(layer, Layer) else Layer.of(layer) for layer in layers]
    set_here = [Layer(f"--set {text}", _parse_override(text)) for text in overrides]
    parts = [part for layer in read for part in chosen_parts(layer, cases or {})] + set_here
    values, origin = merge(parts)
    try:
        return model.model_validate(values)
    except ValidationError as error:
        last = [Layer("parameters", {}), *read, *set_here][-1]
        raise ParameterError(_first_problem(error, origin, last, model)) from None


def merge(layers: Iterable[Layer]) -> tuple[dict[str, Any], dict[tuple[str, ...], Layer]]:
    """All that the layers say, later ones override key by key; and which layer was the last to say each key."""
    values: dict[str, Any] = {}
    origin: dict[tuple[str, ...], Layer] = {}
    for layer in layers:
        _merge(values, layer.values, layer, origin, ())
    return values, origin


def lineage(start: T, parent: Callable[[T], T | None], where: Callable[[T], str]) -> list[T]:
    """From the first ancestor down to `start`; ParameterError, with the place of `from`, if one comes from itself."""
    line = [start]
    while (above := parent(line[0])) is not None:
        if above in line:
            circle = " from ".join(map(str, [*reversed(line[: line.index(above) + 1]), above]))
            raise ParameterError(f"{where(line[0])} is {above}; a circle is not allowed: {circle}")
        line.insert(0, above)
    return line


def file_lineage(path: Path, named: Callable[[Path, str], Path]) -> list[Layer]:
    """A file that may say `from: NAME` and then only what differs from the file `named` so; after all that it is from.

    Raises ParameterError with file and key where there is no such file, or one comes from itself.
    """

    def parent(file: Path) -> Path | None:
        name = read_yaml(file).get("from")
        if name is None:
            return None
        above = named(file, name) if isinstance(name, str) else None
        if above is None or not above.is_file():
            raise ParameterError(f"{file}: from is {name!r}; there must be {above or named(file, 'NAME')}")
        return above

    files = lineage(path, parent, lambda file: f"{file}: from")
    return [Layer.of(file).without("from") for file in files]


class Case(NamedTuple):
    """What a layer may change for one of several alone: `chosen` of the names `known`; None for none of them."""

    chosen: str | None
    known: Collection[str]


def chosen_parts(layer: Layer, cases: Mapping[str, Case]) -> Iterator[Layer]:
    """What a layer says of all, then of each chosen case."""
    yield layer.without(*cases)
    for kind, case in cases.items():
        named = layer.values.get(kind, {})
        if not isinstance(named, Mapping) or not all(isinstance(part, Mapping) for part in named.values()):
            raise ParameterError(
                f"{layer.file}: {layer.at}{kind} must hold a mapping for each {kind.removesuffix('s')},"
                " as in NAME: {train: {...}}"
            )
        for name in named:
            if name not in case.known:
                allowed = ", ".join(sorted(case.known))
                raise ParameterError(f"{layer.file}: unknown key {layer.at}{kind}.{name}; allowed here are {allowed}")
        if case.chosen is not None and case.chosen in named:
            others = {other: known for other, known in cases.items() if other != kind}
            yield from chosen_parts(layer.part(kind, case.chosen), others)


def parse_value(model: type[P], values: Mapping[str, Any], source: str) -> P:
    """Check a mapping that was stored in a file (a checkpoint's parameters, say) against `model`."""
    try:
        return model.model_validate(dict(values))
    except ValidationError as error:
        raise ParameterError(_first_problem(error, {}, Layer(source, {}), model)) from None


def _parse_override(text: str) -> dict[str, Any]:
    key, separator, value = text.partition("=")
    if not separator or not all(key.split(".")):
        raise ParameterError(f"--set {text!r}: write it as section.key=value")
    try:
        parsed: Any = yaml.safe_load(value)
    except yaml.YAMLError:
        raise ParameterError(f"--set {text!r}: the value is not valid YAML") from None
    for part in reversed(key.split(".")):
        parsed = {part: parsed}
    assert isinstance(parsed, dict)
    return parsed


def _merge(
    base: dict[str, Any],
    new: Mapping[str, Any],
    source: Layer,
    origin: dict[tuple[str, ...], Layer],
    at: tuple[str, ...],
) -> None:
    for key, value in new.items():
        here = (*at, str(key))
        if isinstance(value, Mapping) and isinstance(base.get(key), dict):
            _merge(base[key], value, source, origin, here)
            continue
        base[key] = {} if isinstance(value, Mapping) else value
        origin.pop(here, None)  # the last one to say a key stands last
        origin[here] = source
        if isinstance(value, Mapping):
            _merge(base[key], value, source, origin, here)


def _first_problem(
    error: ValidationError, origin: Mapping[tuple[str, ...], Layer], last: Layer, model: type[BaseModel]
) -> str:
    problem = error.errors(include_url=False)[0]
    where = tuple(str(part) for part in problem["loc"])
    source = next((origin[where[:n]] for n in range(len(where), 0, -1) if where[:n] in origin), last)
    found = problem.get("input")
    key = source.at + ".".join(where) or "the file"
    if problem["type"] == "extra_forbidden":
        return f"{source.file}: unknown key {key}; allowed here are {', '.join(_siblings(model, where))}"
    if problem["type"] == "missing":
        also = f", and so it is in {last.file}: {last.at}{'.'.join(where)}" if source != last and last.at else ""
        return f"{source.file}: key {key} is missing{also}"
    message = problem["msg"].removeprefix("Value error, ")
    message = message[0].lower() + message[1:]
    if isinstance(found, Mapping):
        # A rule over several keys: the whole mapping would bury the message.
        return _rule_broken(message, where, origin, last)
    hint = ""
    if isinstance(found, str) and _is_number(found):
        hint = f" (YAML reads {found} as text: write {_with_point(found)})"
    count = len(error.errors())
    more = f" (and {count - 1} more)" if count > 1 else ""
    return f"{source.file}: {key} is {found!r}; {message}{hint}{more}"


def _rule_broken(message: str, where: tuple[str, ...], origin: Mapping[tuple[str, ...], Layer], last: Layer) -> str:
    """A message about several keys of a mapping, with the place that last changed one of those that it names."""
    words = [tuple(word.split(".")) for word in re.findall(r"[a-z][a-z0-9_.]*[a-z0-9_]", message)]
    named = [key for key in origin if key[: len(where)] == where and key[len(where) :] in words]
    known = (where[:n] for n in range(len(where), 0, -1) if where[:n] in origin)
    last_said = named[-1] if named else next(known, None)
    source = last if last_said is None else origin[last_said]
    first = (*where, *words[0]) if words else where
    key = source.at + "".join(f"{part}." for part in where)
    if first in named and origin[first] is source:
        return f"{source.file}: {key}{message}"
    return f"{source.file}: {key.removesuffix('.')}: {message}" if key else f"{source.file}: {message}"


def _siblings(model: type[BaseModel], where: tuple[str, ...]) -> list[str]:
    for part in where[:-1]:
        fields = model.model_fields
        annotation = fields[part].annotation if part in fields else getattr(model, "section", _no_section)(part)
        if not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
            return ["(see the parameter model)"]
        model = annotation
    return sorted(model.model_fields)


def _no_section(name: str) -> None:
    """Most models have no sections beside their fields."""


def _with_point(text: str) -> str:
    mantissa, exponent = f"{float(text):e}".split("e")
    mantissa = mantissa.rstrip("0")
    return f"{mantissa}{'0' if mantissa.endswith('.') else ''}e{exponent}"


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
