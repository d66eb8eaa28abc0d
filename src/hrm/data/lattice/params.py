"""Parameters of lattice mazes."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from hrm.data.grid.params import GridParams


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


PARAMS = LatticeParams
