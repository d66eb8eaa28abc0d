"""One module instead of two: costs; `network` has the network."""

from typing import TYPE_CHECKING

from hrm.models.architecture import Architecture

if TYPE_CHECKING:
    from hrm.models.single.network import Single


class SingleArchitecture(Architecture):
    """One module with the layers of both."""

    def network(self) -> "type[Single]":
        """Of hrm.models.single.network."""
        from hrm.models.single.network import Single

        return Single


ARCHITECTURE = SingleArchitecture()
