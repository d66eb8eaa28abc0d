"""What params/tasks/TASK.yaml with params/scales/SCALE/data/TASK.yaml may say: one model a family of tasks."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveInt, PrivateAttr, model_validator

from hrm.core.errors import ParameterError
from hrm.core.files import read_yaml
from hrm.core.params import Params, load_params

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


class DataParams(Params):
    """What every data set has. `family` says which model reads the file and which module makes the data."""

    task: Name
    family: str
    seed: NonNegativeInt
    # The folder that these parameters were read from. It is no parameter: no file says it, and no data set holds it.
    _root: Path = PrivateAttr(default=Path("params"))

    @property
    def root(self) -> Path:
        """Folder of the parameters, where the table of sources is."""
        return self._root

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
    """Sudoku puzzles made by the generator, or those of Sudoku-Extreme.

    For published ones `clues`, `rating` and `search`, which are wishes to the generator, are null.
    """

    family: Literal["sudoku"]
    source: Literal["generated", "published"]
    box_height: Annotated[int, Field(ge=1, le=5)]
    box_width: Annotated[int, Field(ge=1, le=5)]
    train_puzzles: PositiveInt
    test_puzzles: PositiveInt
    spare: NonNegativeFloat
    clues: PositiveInt | Literal["minimal"] | None
    rating: RatingParams | None
    search: SearchParams | None
    augmentations: NonNegativeInt
    include_original: bool

    @model_validator(mode="after")
    def _fits(self) -> "SudokuParams":
        if not 2 <= self.box_height * self.box_width <= 9:
            raise ValueError("box_height x box_width must be between 2 and 9")
        if self.rating is not None and self.rating.mean < self.rating.minimum:
            raise ValueError("rating.mean must be at least rating.minimum")
        return self

    @model_validator(mode="after")
    def _wishes_are_for_the_generator(self) -> "SudokuParams":
        wishes = {"clues": self.clues, "rating": self.rating, "search": self.search}
        for key, wish in wishes.items():
            if (wish is None) != self.published:
                raise ValueError(f"{key} must be {'null' if self.published else 'set'} where source is {self.source}")
        if self.published and (self.box_height, self.box_width) != (3, 3):
            raise ValueError("box_height and box_width must be 3 where source is published")
        return self

    @property
    def grid_shape(self) -> list[int]:
        """Rows and columns of the board."""
        return [self.box_height * self.box_width] * 2

    @property
    def published(self) -> bool:
        """Whether they are those of Sudoku-Extreme."""
        return self.source == "published"

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
        if self.rating is None:
            return "puzzles of Sudoku-Extreme"
        return f"puzzles of our generator (wished mean rating {self.rating.mean:g} guesses)"


# A family is a model here and a module hrm.data.FAMILY.task.
FAMILIES: dict[str, type[DataParams]] = {"sudoku": SudokuParams}


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
    params._root = root
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
