"""HRM and TRM: settings and costs; `network` has the network."""

from typing import TYPE_CHECKING, ClassVar

from pydantic import model_validator

from hrm.core.schema import ModelParams
from hrm.models.architecture import Architecture

if TYPE_CHECKING:
    from hrm.models.hrm.network import Hrm


class HrmParams(ModelParams):
    """Two modules, or one in both roles."""

    two_modules: ClassVar[bool] = True

    @model_validator(mode="after")
    def _layers_fit(self) -> "HrmParams":
        if self.shared_modules != (self.low_layers == 0):
            raise ValueError("low_layers must be 0 where shared_modules is true, and at least 1 where it is false")
        return self


class HrmArchitecture(Architecture):
    """T cycles of n low steps and a high one; TRM's one network does both."""

    params = HrmParams

    def network(self) -> "type[Hrm]":
        """Of hrm.models.hrm.network."""
        from hrm.models.hrm.network import Hrm

        return Hrm

    def layers_of_calls(self, params: ModelParams) -> list[int]:
        """The low module's, then the high one's, in each cycle."""
        low = params.high_layers if params.shared_modules else params.low_layers
        return ([low] * params.low_cycles + [params.high_layers]) * params.high_cycles

    def calls_a_cycle(self, params: ModelParams) -> int:
        """The low steps and the high one."""
        return params.low_cycles + 1

    def label(self, params: ModelParams) -> str:
        """It has both levels."""
        return "H/L"


ARCHITECTURE = HrmArchitecture()
