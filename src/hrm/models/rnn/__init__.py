"""A plain recurrent network: costs; `network` has the network."""

from typing import TYPE_CHECKING

from hrm.core.schema import ModelParams
from hrm.models.architecture import Architecture

if TYPE_CHECKING:
    from hrm.models.rnn.network import Rnn


class RnnArchitecture(Architecture):
    """One cell, again and again."""

    def network(self) -> "type[Rnn]":
        """Of hrm.models.rnn.network."""
        from hrm.models.rnn.network import Rnn

        return Rnn

    def layers_of_calls(self, params: ModelParams) -> list[int]:
        """A call passes one cell."""
        return [1] * (params.high_cycles * params.low_cycles)


ARCHITECTURE = RnnArchitecture()
