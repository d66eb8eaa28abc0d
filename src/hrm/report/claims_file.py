"""params/claims.yaml: what was published, as data. The strict models of that file, and its reading."""

import datetime
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, NonNegativeFloat, PositiveInt, model_validator

from hrm.core.data_schema.base import Name
from hrm.core.params import Params, load_params

# TASK/VARIANT/METRIC: one row of summary.csv.
Answer = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*/[a-z][a-z0-9_]*/[a-z][a-z0-9_]*$")]
Relation = Literal["equal", "at_most", "at_least", "below", "above"]
Unit = Literal[
    "per cent",
    "points",
    "parameters",
    "million parameters",
    "steps",
    "layers",
    "ratio",
    "minutes",
    "count",
    "setting",
    "yes or no",  # 1 or 0
    "in words",
]
Weights = Literal["raw", "ema"]
# Metrics hold shares as fractions, seconds and counts; claims speak in their unit.
FACTORS: Mapping[str, float] = {"per cent": 100.0, "points": 100.0, "million parameters": 1e-6, "minutes": 1 / 60}


class SourceParams(Params):
    """Where a number was published, and which weights of a training its claims are judged on (null: of no training)."""

    title: str
    version: str
    weights: Weights | None


class SpreadParams(Params):
    """Results of others for the same number; `within spread` means between the least and the greatest of them."""

    source: str
    values: Annotated[list[float], Field(min_length=2)]


class ProtocolParams(Params):
    """How the number was made. What is null is not compared with ours.

    `settings` are overrides in the form of `hrm train --set`, on top of params/training.yaml with the variant hrm.
    """

    text: str
    published_data: bool
    grid: list[PositiveInt] | None
    train_puzzles: PositiveInt | None
    test_puzzles: PositiveInt | None
    settings: list[str] | None
    weights: Literal["ema", "raw"] | None


class PairParams(Params):
    """A number that follows from two of our results, `first` minus or over `second`; a row of its own, `answer`.

    Both are of the same player, so that there is a row for each; but `weights`, if given, are those of the first and of
    the second result of a training.
    """

    answer: Answer
    rule: Literal["difference", "ratio"]
    first: Answer
    second: Answer
    weights: Annotated[list[Weights], Field(min_length=2, max_length=2)] | None = None


class MarginParams(Params):
    """When a tolerance or a limit of ours was set; what was set after the first runs may have been set to fit them."""

    date: datetime.date
    before_first_run: bool


class ClaimParams(Params):
    """One claim. Its first answer judges it, the others are only shown where the first is missing.

    What may be left out stands for the group's own where it is given; confounds are added to the group's.
    """

    id: Name
    statement: str
    value: float | None
    answers: list[Answer]
    weights: Weights | None = None
    tolerance: NonNegativeFloat | None = None
    exempt: str | None = None
    needs_skill: list[Answer] = Field(default_factory=list)
    confounds: list[str] = Field(default_factory=list)


class GroupParams(Params):
    """Claims that share source, protocol and rule of judgement. Values and tolerance are in `unit`.

    Keys that may be left out:

    - `weights`: of a training, where they are not those that the source names.
    - `opposite`: for an inequality with a limit of ours: where the opposite of the statement begins, so that what only
      misses the limit is not reproduced, and what lies beyond `opposite` contradicts. Else it begins at the value.
    - `exempt`: why players without skill are not asked, as the claim says that there is no skill.
    - `needs_skill`: results TASK/VARIANT/METRIC that have to lie above those of players without skill, as a part of the
      claim. "No worse than" is met by whoever has nothing to lose; between networks that have skill it says something.
    - `confounds`: what else could explain the result.
    - `margin_set`: when tolerance or limit were set, if they are ours.
    """

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
    weights: Weights | None = None
    opposite: float | None = None
    exempt: str | None = None
    needs_skill: list[Answer] = Field(default_factory=list)
    confounds: list[str] = Field(default_factory=list)
    margin_set: MarginParams | None = None
    claims: Annotated[list[ClaimParams], Field(min_length=1)]


class CompoundParams(Params):
    """A statement that holds where several claims of the file hold together."""

    id: Name
    statement: str
    source: Name
    where: str
    of: Annotated[list[Name], Field(min_length=2)]


class PublishedRun(Params):
    """A published training that our parameters set up; its settings become rows `published/NAME/SECTION_KEY`."""

    scale: Name
    task: Name
    variant: Name
    examples_per_epoch: PositiveInt | None  # for the row `epochs`


class PublishedController(Params):
    """The pointer study's own example of what its controllers cost; rows `published/controller/...`."""

    refinements: PositiveInt
    period: PositiveInt
    steps: PositiveInt


class PublishedSetting(Params):
    """What params/training.yaml does not say of the published Sudoku-Extreme 1k run."""

    vocabulary_size: PositiveInt
    cells: PositiveInt
    puzzle_ids: PositiveInt
    epochs: PositiveInt
    examples_per_epoch: PositiveInt


class ClaimsParams(Params):
    """The whole file; groups are judged and shown in the order in which they stand, compounds after them."""

    published_setting: PublishedSetting
    published_runs: dict[Name, PublishedRun]
    published_controller: PublishedController
    sources: dict[Name, SourceParams]
    spreads: dict[Name, SpreadParams]
    protocols: dict[Name, ProtocolParams]
    pairs: list[PairParams]
    groups: Annotated[list[GroupParams], Field(min_length=1)]
    compounds: list[CompoundParams]

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

    @model_validator(mode="after")
    def _compounds_name_claims(self) -> "ClaimsParams":
        known = {claim.id for group in self.groups for claim in group.claims}
        for compound in self.compounds:
            if compound.source not in self.sources:
                raise ValueError(f"compound {compound.id!r} names source {compound.source!r}, which is not in sources")
            if unknown := sorted(set(compound.of) - known):
                raise ValueError(f"compound {compound.id!r} is of {unknown[0]!r}, which is no claim of a group")
            if compound.id in known:
                raise ValueError(f"claim id {compound.id!r} stands twice")
            known.add(compound.id)
        return self


def read_claims(path: Path) -> ClaimsParams:
    """Read and check a claims file; ParameterError names file, key, what was found and what is allowed."""
    return load_params(ClaimsParams, [path])
