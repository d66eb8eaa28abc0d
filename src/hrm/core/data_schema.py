"""What params/tasks/TASK.yaml with params/scales/SCALE/data/TASK.yaml may say: one model a family of tasks."""

import math
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


class CountedWalls(Params):
    """Walls of Maze-Hard: every number of wall cells in the range of shares is equally likely, then every placing."""

    rule: Literal["count"]
    minimum_share: Annotated[float, Field(ge=0, lt=1)]
    maximum_share: Annotated[float, Field(ge=0, lt=1)]

    @model_validator(mode="after")
    def _ordered(self) -> "CountedWalls":
        if self.minimum_share > self.maximum_share:
            raise ValueError("walls.minimum_share must be at most walls.maximum_share")
        return self


class IndependentWalls(Params):
    """Walls of the board study: each cell but start and goal is a wall with this probability."""

    rule: Literal["independent"]
    probability: Annotated[float, Field(ge=0, lt=1)]


class MazeParams(DataParams):
    """Square grids of open and wall cells with a start and a goal; the answer is a shortest path."""

    family: Literal["maze"]
    source: Literal["generated"]
    size: Annotated[int, Field(ge=2, le=62)]
    walls: Annotated[CountedWalls | IndependentWalls, Field(discriminator="rule")]
    path_longer_than: NonNegativeInt
    train_mazes: PositiveInt
    test_mazes: PositiveInt
    spare: NonNegativeFloat
    attempts: PositiveInt
    dihedral: bool

    @model_validator(mode="after")
    def _possible(self) -> "MazeParams":
        if self.path_longer_than >= self.size**2 - 1:
            raise ValueError(f"path_longer_than must be below size x size - 1 = {self.size**2 - 1}")
        if isinstance(self.walls, CountedWalls):
            fewest, most = self.wall_counts
            if fewest > most or self.size**2 - fewest < 2:
                raise ValueError("walls: no number of wall cells lies in the range of shares and leaves two open cells")
        return self

    @property
    def wall_counts(self) -> tuple[int, int]:
        """Least and greatest number of wall cells, for walls by count."""
        assert isinstance(self.walls, CountedWalls)
        cells = self.size**2
        # Rounded first: 0.3 x 900 is a little more than 270 in binary.
        fewest = math.ceil(round(self.walls.minimum_share * cells, 6))
        return fewest, min(math.floor(round(self.walls.maximum_share * cells, 6)), cells - 2)

    @property
    def grid_shape(self) -> list[int]:
        """Rows and columns of the maze."""
        return [self.size] * 2

    @property
    def published(self) -> bool:
        """Never: the sampler makes them."""
        return False

    @property
    def train_wanted(self) -> int | None:
        """Training mazes."""
        return self.train_mazes

    @property
    def test_wanted(self) -> int | None:
        """Test mazes."""
        return self.test_mazes

    @property
    def described(self) -> str:
        """With the length of the path."""
        return f"{self.size}x{self.size} mazes of our sampler (shortest path longer than {self.path_longer_than} steps)"


class LatticeParams(DataParams):
    """Mazes of the package maze-dataset: walls between the cells of a square lattice."""

    family: Literal["lattice"]
    size: Annotated[int, Field(ge=2, le=64)]
    generator: Literal[
        "gen_dfs", "gen_wilson", "gen_kruskal", "gen_recursive_division", "gen_percolation", "gen_dfs_percolation"
    ]
    percolation: Annotated[float, Field(ge=0, le=1)] | None
    minimum_path_cells: Annotated[int, Field(ge=2)]
    encoding: Literal["walls", "open_cells"]
    train_mazes: PositiveInt
    test_mazes: PositiveInt
    spare: NonNegativeFloat
    attempts: PositiveInt

    @model_validator(mode="after")
    def _possible(self) -> "LatticeParams":
        if (self.percolation is not None) != self.generator.endswith("percolation"):
            raise ValueError(
                "percolation belongs to gen_percolation and gen_dfs_percolation; it is null for the others"
            )
        if self.minimum_path_cells > self.size**2:
            raise ValueError(f"minimum_path_cells must be at most size x size = {self.size**2}")
        return self

    @property
    def grid_shape(self) -> list[int]:
        """Rows and columns of the lattice."""
        return [self.size] * 2

    @property
    def published(self) -> bool:
        """Never: the study published no mazes, only how it makes them."""
        return False

    @property
    def train_wanted(self) -> int | None:
        """Training mazes."""
        return self.train_mazes

    @property
    def test_wanted(self) -> int | None:
        """Test mazes."""
        return self.test_mazes

    @property
    def described(self) -> str:
        """With generator and encoding."""
        return f"{self.size}x{self.size} mazes of maze-dataset ({self.generator}, encoding {self.encoding})"


# A family is a model here and a module hrm.data.FAMILY.task.
FAMILIES: dict[str, type[DataParams]] = {"sudoku": SudokuParams, "maze": MazeParams, "lattice": LatticeParams}


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
