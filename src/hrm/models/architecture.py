"""What generic code asks of an architecture without building it: its settings, and how much a segment computes.

A network is a module or a folder in hrm.models that assigns ARCHITECTURE, an object of a subclass of the class below.
Nothing here needs PyTorch: parameters are checked and costs are estimated without it. Our networks are folders whose
`__init__.py` does not import it either; a network that is one file makes whoever reads its settings wait two seconds.
"""

from typing import TYPE_CHECKING

from hrm.core import discovery
from hrm.core.schema import GradientParams, ModelParams

if TYPE_CHECKING:
    from hrm.models.segment import SegmentModel


class Architecture:
    """One kind of network; a segment calls one module again and again, unless the subclass says otherwise."""

    # The model section of the parameters: a subclass may have a section named as the architecture, and checks.
    params: type[ModelParams] = ModelParams

    def network(self) -> "type[SegmentModel]":
        """The class of the network."""
        raise NotImplementedError

    def layers_of_calls(self, params: ModelParams) -> list[int]:
        """Layers of each module call of a segment, in their order."""
        return [params.high_layers + params.low_layers] * (params.high_cycles * params.low_cycles)

    def calls_a_cycle(self, params: ModelParams) -> int:
        """Module calls of a cycle; 1 where there is one module."""
        return 1

    def label(self, params: ModelParams) -> str:
        """What the study of boards calls it: which levels it has, and how far gradients flow."""
        return "H-only, BPTT" if params.gradient.rule == "full" else "H-only, detached"


def find_architecture(name: str) -> Architecture:
    """The object of an architecture; ParameterError when there is none."""
    discovery.check("model.architecture", name, discovery.architectures())
    architecture: Architecture = discovery.find(discovery.model_module(name), "ARCHITECTURE")
    return architecture


def layers_a_segment(params: ModelParams) -> int:
    """Layers that one example passes in one segment, "effective depth" in the TRM paper.

    Layers of different networks differ in width and kind, so this compares segments of one network exactly and
    different networks roughly.
    """
    return sum(find_architecture(params.architecture).layers_of_calls(params))


def gradient_calls(params: GradientParams, calls: int, cycle: int) -> int:
    """How many of a segment's `calls` module calls, the last ones, carry a gradient.

    Args:
        params: the rule. one_step: the last call of each module (equation (4) of the paper); k_step: the last `steps`
            calls; last_cycle: all of the last cycle (TRM); last_refinement: the last pass of the pointer-over-heads
            model through its stack; full: all, backpropagation through the whole segment.
        calls: module calls of a segment.
        cycle: module calls of a cycle: the low steps and the high one; 1 where there is one module.
    """
    wanted = {
        "one_step": min(cycle, 2),
        "k_step": params.steps,
        "last_cycle": cycle,
        "last_refinement": 1,
        "full": calls,
    }
    return min(wanted[params.rule], calls)


def mlp_width(params: ModelParams, size: int) -> int:
    """Width of a SwiGLU on vectors of `size`, rounded up to a multiple (the published code rounds to 256)."""
    width = round(params.expansion * size * 2 / 3)
    return -(-width // params.mlp_multiple) * params.mlp_multiple
