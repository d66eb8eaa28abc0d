"""params/claims.yaml: what was published, as data. The strict models of that file, and its reading."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, NonNegativeFloat, PositiveInt, model_validator

from hrm.core.data_schema.base import Name
from hrm.core.params import Params, load_params

# TASK/VARIANT/METRIC: one row of summary.csv.
Answer = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*/[a-z][a-z0-9_]*/[a-z][a-z0-9_]*$")]
Relation = Literal["equal", "at_most", "at_least", "below"]
Unit = Literal[
    "per cent", "points", "parameters", "million parameters", "steps", "layers", "ratio", "minutes", "in words"
]
# Metrics hold shares as fractions, seconds and counts; claims speak in their unit.
FACTORS: Mapping[str, float] = {"per cent": 100.0, "points": 100.0, "million parameters": 1e-6, "minutes": 1 / 60}


class SourceParams(Params):
    """Where a number was published."""

    title: str
    version: str


class SpreadParams(Params):
    """Results of others for the same number; `within spread` means between the least and the greatest of them."""

    source: str
    values: Annotated[list[float], Field(min_length=2)]


class ProtocolParams(Params):
    """How the number was made. What is null is not compared with ours.

    `settings` are overrides in the form of `hrm train --set`, on top of params/training.yaml with variants/hrm.yaml.
    """

    text: str
    published_data: bool
    grid: list[PositiveInt] | None
    train_puzzles: PositiveInt | None
    test_puzzles: PositiveInt | None
    settings: list[str] | None
    weights: Literal["ema", "raw"] | None


class PairParams(Params):
    """A number that follows from two of our results, `first` minus or over `second`; a row of its own, `answer`."""

    answer: Answer
    rule: Literal["difference", "ratio"]
    first: Answer
    second: Answer


class ClaimParams(Params):
    """One claim. Its first answer judges it, the others are only shown where the first is missing."""

    id: Name
    statement: str
    value: float | None
    answers: list[Answer]


class GroupParams(Params):
    """Claims that share source, protocol and rule of judgement. Values and tolerance are in `unit`."""

    title: str
    source: Name
    where: str
    protocol: Name
    unit: Unit
    relation: Relation
    tolerance: NonNegativeFloat
    tolerance_basis: str
    spread: Name | None
    judged_at: list[Name]
    seeds: PositiveInt  # with fewer there is no verdict
    # Claims of this group mean nothing unless that one, which stands before, is reproduced.
    requires: Name | None
    claims: Annotated[list[ClaimParams], Field(min_length=1)]


class PublishedSetting(Params):
    """What params/training.yaml does not say of the published Sudoku-Extreme 1k run."""

    vocabulary_size: PositiveInt
    cells: PositiveInt
    puzzle_ids: PositiveInt
    epochs: PositiveInt
    examples_per_epoch: PositiveInt


class ClaimsParams(Params):
    """The whole file; groups are judged and shown in the order in which they stand."""

    published_setting: PublishedSetting
    sources: dict[Name, SourceParams]
    spreads: dict[Name, SpreadParams]
    protocols: dict[Name, ProtocolParams]
    pairs: list[PairParams]
    groups: Annotated[list[GroupParams], Field(min_length=1)]

    @model_validator(mode="after")
    def _names_exist(self) -> "ClaimsParams":
        seen: set[str] = set()
        for group in self.groups:
            for kind, name, known in (
                ("source", group.source, set(self.sources)),
                ("protocol", group.protocol, set(self.protocols)),
                ("spread", group.spread, {*self.spreads, None}),
            ):
                if name not in known:
                    raise ValueError(f"group {group.title!r} names {kind} {name!r}, which is not in {kind}s")
            if group.requires is not None and group.requires not in seen:
                raise ValueError(f"group {group.title!r} requires {group.requires!r}, which is no claim before it")
            for claim in group.claims:
                if claim.id in seen:
                    raise ValueError(f"claim id {claim.id!r} stands twice")
                if group.judged_at and (claim.value is None or not claim.answers):
                    raise ValueError(f"claim {claim.id!r} has judged_at, so that it needs a value and an answer")
                seen.add(claim.id)
        return self


def read_claims(path: Path) -> ClaimsParams:
    """Read and check a claims file; ParameterError names file, key, what was found and what is allowed."""
    return load_params(ClaimsParams, [path])
