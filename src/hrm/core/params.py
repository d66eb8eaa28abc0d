"""Reading parameters: YAML files in order, later ones override, one strict frozen model at the end."""

from collections.abc import Collection, Iterable, Iterator, Mapping
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


def load_params(
    model: type[P],
    files: Iterable[Path],
    overrides: Iterable[str] = (),
    cases: "Mapping[str, Case] | None" = None,
) -> P:
    """Merge `files` in order, then `overrides` (`a.b=value`), and check the result against `model`.

    With `cases`, as of scales and tasks, a file may say under their name what it changes in one of them alone, and
    there again what it changes in one of another kind, as in `tasks: {maze_hard: {scales: {smoke: {train: ...}}}}`.

    Raises ParameterError that names the file, the key, the value found and what is allowed.
    """
    merged: dict[str, Any] = {}
    origin: dict[tuple[str, ...], str] = {}
    last = "parameters"
    for path in files:
        last = str(path)
        for source, values in _parts(read_yaml(path), last, "", cases or {}):
            _merge(merged, values, source, origin, ())
    for text in overrides:
        last = f"--set {text}"
        _merge(merged, _parse_override(text), last, origin, ())
    try:
        return model.model_validate(merged)
    except ValidationError as error:
        raise ParameterError(_first_problem(error, origin, last, model)) from None


class Case(NamedTuple):
    """What a file may change for one of several alone: `chosen` of the names `known`."""

    chosen: str
    known: Collection[str]


def _parts(
    values: Mapping[str, Any], source: str, at: str, cases: Mapping[str, Case]
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """What a file says of all, then of each chosen case; each with the place it stands at."""
    yield source, {key: value for key, value in values.items() if key not in cases}
    file = source.partition(": ")[0]
    for kind, case in cases.items():
        named = values.get(kind, {})
        if not isinstance(named, Mapping) or not all(isinstance(part, Mapping) for part in named.values()):
            one = kind.removesuffix("s")
            raise ParameterError(
                f"{file}: {at}{kind} must hold a mapping for each {one}, as in NAME: {{train: {{...}}}}"
            )
        for name in named:
            if name not in case.known:
                allowed = ", ".join(sorted(case.known))
                raise ParameterError(f"{file}: unknown key {at}{kind}.{name}; allowed here are {allowed}")
        if case.chosen in named:
            here = f"{at}{kind}.{case.chosen}"
            others = {other: known for other, known in cases.items() if other != kind}
            yield from _parts(named[case.chosen], f"{file}: {here}", f"{here}.", others)


def parse_value(model: type[P], values: Mapping[str, Any], source: str) -> P:
    """Check a mapping that was stored in a file (a checkpoint's parameters, say) against `model`."""
    try:
        return model.model_validate(dict(values))
    except ValidationError as error:
        raise ParameterError(_first_problem(error, {}, source, model)) from None


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
    base: dict[str, Any], new: Mapping[str, Any], source: str, origin: dict[tuple[str, ...], str], at: tuple[str, ...]
) -> None:
    for key, value in new.items():
        here = (*at, str(key))
        if isinstance(value, Mapping) and isinstance(base.get(key), dict):
            _merge(base[key], value, source, origin, here)
            continue
        base[key] = {} if isinstance(value, Mapping) else value
        origin[here] = source
        if isinstance(value, Mapping):
            _merge(base[key], value, source, origin, here)


def _first_problem(error: ValidationError, origin: Mapping[tuple[str, ...], str], last: str, model: type[P]) -> str:
    problem = error.errors(include_url=False)[0]
    where = tuple(str(part) for part in problem["loc"])
    source = next((origin[where[:n]] for n in range(len(where), 0, -1) if where[:n] in origin), last)
    key = ".".join(where) or "the file"
    found = problem.get("input")
    if problem["type"] == "extra_forbidden":
        return f"{source}: unknown key {key}; allowed here are {', '.join(_siblings(model, where))}"
    if problem["type"] == "missing":
        return f"{source}: key {key} is missing"
    message = problem["msg"].removeprefix("Value error, ")
    if isinstance(found, Mapping):
        # A rule over several keys: the whole mapping would bury the message.
        return f"{source}: {key}: {message}" if where else f"{source}: {message}"
    message = message[0].lower() + message[1:]
    hint = ""
    if isinstance(found, str) and _is_number(found):
        hint = f" (YAML reads {found} as text: write {_with_point(found)})"
    count = len(error.errors())
    more = f" (and {count - 1} more)" if count > 1 else ""
    return f"{source}: {key} is {found!r}; {message}{hint}{more}"


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
