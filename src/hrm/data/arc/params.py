"""Parameters of ARC data sets."""

from typing import Annotated, Literal

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveInt, model_validator

from hrm.core.data_schema.base import DataParams
from hrm.core.params import Params

ArcPart = Literal[
    "arc_agi_1/training",
    "arc_agi_1/evaluation",
    "conceptarc",
    "arc_agi_2/training",
    "arc_agi_2/evaluation",
    "programs/training",
    "programs/evaluation",
]
ArcRule = Literal["pattern", "recolour", "symmetry", "counting", "gravity", "fill", "rays", "crop"]
# The collections of the paper: 960 and 1120 tasks.
PUBLISHED_PARTS: dict[str, list[ArcPart]] = {
    "ARC-AGI-1": ["arc_agi_1/training", "arc_agi_1/evaluation", "conceptarc"],
    "ARC-AGI-2": ["arc_agi_2/training", "arc_agi_2/evaluation"],
}


class ProgramParams(Params):
    """ARC-like tasks made by program; ranges are [smallest, largest]."""

    training: NonNegativeInt
    evaluation: NonNegativeInt
    spare: NonNegativeFloat
    rules: Annotated[list[ArcRule], Field(min_length=1)]
    sides: Annotated[list[Annotated[int, Field(ge=4, le=30)]], Field(min_length=2, max_length=2)]
    demonstrations: Annotated[list[PositiveInt], Field(min_length=2, max_length=2)]
    tests: Annotated[list[PositiveInt], Field(min_length=2, max_length=2)]

    @model_validator(mode="after")
    def _ordered(self) -> "ProgramParams":
        for key in ("sides", "demonstrations", "tests"):
            smallest, largest = getattr(self, key)
            if smallest > largest:
                raise ValueError(f"{key} is [{smallest}, {largest}]; the first must not be above the second")
        if len(set(self.rules)) < len(self.rules):
            raise ValueError("rules names a rule twice")
        return self


class ArcParams(DataParams):
    """ARC tasks: those of the named parts whose grids all fit, on square canvases of side `largest_grid`."""

    family: Literal["arc"]
    parts: Annotated[list[ArcPart], Field(min_length=1)]
    largest_grid: Annotated[int, Field(ge=1, le=30)]
    augmentations: NonNegativeInt
    retries: PositiveInt
    programs: ProgramParams | None

    @model_validator(mode="after")
    def _fits(self) -> "ArcParams":
        if len(set(self.parts)) < len(self.parts):
            raise ValueError("parts names a part twice")
        made = [part for part in self.parts if part.startswith("programs/")]
        if made and self.programs is None:
            raise ValueError(f"parts holds {made[0]}, so the section programs must say how many and which")
        if made and len(made) < len(self.parts):
            raise ValueError("parts holds both tasks made by program and others; take one or the other")
        if made and self.programs is not None and self.programs.sides[1] > self.largest_grid:
            raise ValueError(f"programs.sides goes up to {self.programs.sides[1]}, largest_grid is {self.largest_grid}")
        return self

    @property
    def grid_shape(self) -> list[int]:
        """Rows and columns of the canvas."""
        return [self.largest_grid] * 2

    @property
    def published(self) -> bool:
        """All tasks of a published collection, each with 1000 augmentations found in at most 5000 trials."""
        whole = self.largest_grid == 30 and self.augmentations == 1000 and self.retries == 5
        return whole and any(set(self.parts) == set(parts) for parts in PUBLISHED_PARTS.values())

    @property
    def train_wanted(self) -> int | None:
        """The tasks decide how many pairs there are."""
        return None

    @property
    def test_wanted(self) -> int | None:
        """The tasks decide how many pairs there are."""
        return None

    @property
    def described(self) -> str:
        """Which tasks, of which size, with how many augmentations."""
        if self.programs is not None and self.parts[0].startswith("programs/"):
            tasks = "ARC-like tasks made by program"
        else:
            tasks = f"tasks of {', '.join(self.parts)}"
        side = self.largest_grid
        return f"{tasks} with grids up to {side}x{side} and {self.augmentations} augmentations each"


PARAMS = ArcParams
