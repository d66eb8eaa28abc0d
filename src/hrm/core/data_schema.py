"""What params/tasks/TASK.yaml with params/scales/SCALE/data/TASK.yaml may say: one model a family of tasks."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveInt, model_validator

from hrm.core.errors import ParameterError
from hrm.core.files import read_yaml
from hrm.core.params import Params, load_params

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


class DataParams(Params):
    """What every data set has. `family` says which model reads the file and which module makes the data."""

    task: Name
    family: str
    seed: NonNegativeInt

    @property
    def grid_shape(self) -> list[int]:
        """Rows and columns of the largest grid."""
        raise NotImplementedError

    @property
    def published(self) -> bool:
        """Whether these are the published data."""
        raise NotImplementedError

    @property
    def train_wanted(self) -> int | None:
        """Training examples that are asked for, augmentations not counted; None where the data decide."""
        raise NotImplementedError

    @property
    def test_wanted(self) -> int | None:
        """Test examples that are asked for; None where the data decide."""
        raise NotImplementedError

    @property
    def described(self) -> str:
        """What the examples are, for a sentence such as "... instead of the published ones"."""
        raise NotImplementedError


class RatingParams(Params):
    """Wished distribution of difficulty, in guesses of the documented solver; mean 0 takes puzzles as they come."""

    minimum: NonNegativeInt
    mean: NonNegativeFloat


class SearchParams(Params):
    """How much work the search for hard puzzles may do."""

    attempts: PositiveInt
    passes: PositiveInt
    solutions: Annotated[int, Field(ge=3)]
    guesses: PositiveInt
    neighbours: PositiveInt
    imbalance: NonNegativeInt


class SudokuParams(DataParams):
    """Sudoku puzzles made by the generator."""

    family: Literal["sudoku"]
    box_height: Annotated[int, Field(ge=1, le=5)]
    box_width: Annotated[int, Field(ge=1, le=5)]
    train_puzzles: PositiveInt
    test_puzzles: PositiveInt
    spare: NonNegativeFloat
    clues: PositiveInt | Literal["minimal"]
    rating: RatingParams
    search: SearchParams
    augmentations: NonNegativeInt
    include_original: bool

    @model_validator(mode="after")
    def _fits(self) -> "SudokuParams":
        if not 2 <= self.box_height * self.box_width <= 9:
            raise ValueError("box_height x box_width must be between 2 and 9")
        if self.rating.mean < self.rating.minimum:
            raise ValueError("rating.mean must be at least rating.minimum")
        return self

    @property
    def grid_shape(self) -> list[int]:
        """Rows and columns of the board."""
        return [self.box_height * self.box_width] * 2

    @property
    def published(self) -> bool:
        """Never yet: the generator makes them."""
        return False

    @property
    def train_wanted(self) -> int | None:
        """Training puzzles."""
        return self.train_puzzles

    @property
    def test_wanted(self) -> int | None:
        """Test puzzles."""
        return self.test_puzzles

    @property
    def described(self) -> str:
        """With the difficulty that was wished."""
        return f"puzzles of our generator (wished mean rating {self.rating.mean:g} guesses)"


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


# A family is a model here and a module hrm.data.FAMILY.task.
FAMILIES: dict[str, type[DataParams]] = {"sudoku": SudokuParams, "arc": ArcParams}


def data_files(root: Path, scale: str, task: str) -> list[Path]:
    """The files that decide a data set, later ones override."""
    check_name(root / "tasks", task, "task")
    check_scale(root, scale)
    return [root / "tasks" / f"{task}.yaml", root / "scales" / scale / "data" / f"{task}.yaml"]


def data_params(root: Path, scale: str, task: str, overrides: list[str]) -> DataParams:
    """Parameters of the data set of a task at a scale, as the model of its family."""
    files = data_files(root, scale, task)
    family = read_yaml(files[0]).get("family")
    if family not in FAMILIES:
        raise ParameterError(f"{files[0]}: family is {family!r}; allowed are {', '.join(sorted(FAMILIES))}")
    params = load_params(FAMILIES[family], files, overrides)
    if params.task != task:
        raise ParameterError(f"{files[0]}: task is {params.task!r}; it must be {task!r}, as the file is called")
    return params


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
