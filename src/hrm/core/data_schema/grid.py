"""Parameters of mazes on grids: Maze-Hard, boards, and lattice mazes."""

import math
from typing import Annotated, Literal

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveInt, model_validator

from hrm.core.data_schema.base import DataParams
from hrm.core.params import Params


class GridParams(DataParams):
    """What square grids with a start and a goal have in common."""

    size: PositiveInt
    train_mazes: PositiveInt
    test_mazes: PositiveInt
    spare: NonNegativeFloat
    attempts: PositiveInt

    @property
    def grid_shape(self) -> list[int]:
        """Rows and columns of the grid."""
        return [self.size] * 2

    @property
    def train_wanted(self) -> int | None:
        """Training mazes."""
        return self.train_mazes

    @property
    def test_wanted(self) -> int | None:
        """Test mazes."""
        return self.test_mazes


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


class MazeParams(GridParams):
    """Square grids of open and wall cells with a start and a goal; the answer is a shortest path.

    For published ones `walls`, which is a wish to the sampler, is null.
    """

    family: Literal["maze"]
    source: Literal["generated", "published"]
    size: Annotated[int, Field(ge=2, le=62)]
    walls: Annotated[CountedWalls | IndependentWalls, Field(discriminator="rule")] | None
    path_longer_than: NonNegativeInt
    dihedral: bool

    @model_validator(mode="after")
    def _possible(self) -> "MazeParams":
        if self.path_longer_than >= self.size**2 - 1:
            raise ValueError(f"path_longer_than must be below size x size - 1 = {self.size**2 - 1}")
        if (self.walls is None) != self.published:
            raise ValueError(f"walls must be {'null' if self.published else 'set'} where source is {self.source}")
        if self.published and self.dihedral:
            raise ValueError("dihedral must be false where source is published")
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
    def published(self) -> bool:
        """Whether they are those of Maze-Hard."""
        return self.source == "published"

    @property
    def described(self) -> str:
        """With the length of the path."""
        if self.published:
            return "mazes of Maze-Hard"
        return f"{self.size}x{self.size} mazes of our sampler (shortest path longer than {self.path_longer_than} steps)"


class LatticeParams(GridParams):
    """Mazes of the package maze-dataset: walls between the cells of a square lattice."""

    family: Literal["lattice"]
    size: Annotated[int, Field(ge=2, le=64)]
    generator: Literal[
        "gen_dfs", "gen_wilson", "gen_kruskal", "gen_recursive_division", "gen_percolation", "gen_dfs_percolation"
    ]
    percolation: Annotated[float, Field(ge=0, le=1)] | None
    minimum_path_cells: Annotated[int, Field(ge=2)]
    encoding: Literal["walls", "open_cells"]

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
    def published(self) -> bool:
        """Never: the study published no mazes, only how it makes them."""
        return False

    @property
    def described(self) -> str:
        """With generator and encoding."""
        return f"{self.size}x{self.size} mazes of maze-dataset ({self.generator}, encoding {self.encoding})"
