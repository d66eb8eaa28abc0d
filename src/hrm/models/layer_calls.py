"""What a segment costs: the passes through layers of one example, "effective depth" in the TRM paper."""

from hrm.core.schema import ModelParams


def layers_a_segment(params: ModelParams) -> int:
    """Layers passed in one segment: T cycles of n low steps and a high one in HRM, where TRM's one network does both.

    Layers of different networks differ in width and kind, so this compares segments of one network exactly and
    different networks roughly.
    """
    both = params.high_layers + params.low_layers
    if params.architecture == "hrm":
        low_layers = params.high_layers if params.shared_modules else params.low_layers
        return params.high_cycles * (params.low_cycles * low_layers + params.high_layers)
    if params.architecture == "pointer":
        return params.pointer.refinements * both
    if params.architecture == "encoder":
        return both
    calls = params.high_cycles * params.low_cycles
    return calls if params.architecture == "rnn" else calls * both  # one cell
