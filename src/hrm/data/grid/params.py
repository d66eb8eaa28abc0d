"""What the parameters of square grids with a start and a goal have in common."""

from pydantic import NonNegativeFloat, PositiveInt

from hrm.core.data_schema.base import DataParams


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
    def turned(self) -> bool:
        """Whether the plan turns each training grid in all eight ways."""
        return False

    @property
    def train_wanted(self) -> int | None:
        """Training mazes."""
        return self.train_mazes

    @property
    def test_wanted(self) -> int | None:
        """Test mazes."""
        return self.test_mazes
