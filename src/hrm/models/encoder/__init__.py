"""The baseline that answers at once: costs; `network` has the network."""

from typing import TYPE_CHECKING

from hrm.core.schema import ModelParams
from hrm.models.architecture import Architecture

if TYPE_CHECKING:
    from hrm.models.encoder.network import Encoder


class EncoderArchitecture(Architecture):
    """One pass through all layers."""

    def network(self) -> "type[Encoder]":
        """Of hrm.models.encoder.network."""
        from hrm.models.encoder.network import Encoder

        return Encoder

    def layers_of_calls(self, params: ModelParams) -> list[int]:
        """One call."""
        return [params.high_layers + params.low_layers]


ARCHITECTURE = EncoderArchitecture()
