import pytest
import torch
from evaluation_doubles import PARAMS

from hrm.core.schema import run_params
from hrm.core.seeds import torch_generator
from hrm.models.architecture import layers_a_segment
from hrm.models.build import build_model
from hrm.models.trace import trace_layers, trace_segments

CELLS, TOKENS = 4, 7
TINY = ["model.hidden_size=8", "model.heads=2", "model.mlp_multiple=8", "model.pointer.fewer_heads=0"]
DEEP = ["model.high_cycles=2", "model.low_cycles=3", "model.high_layers=2", "model.pointer.refinements=3"]


@pytest.mark.parametrize("variant", ["hrm", "trm", "single", "transformer", "pointer", "pointer_baseline", "rnn"])
def test_layers_of_a_segment_are_those_that_an_example_passes(variant: str) -> None:
    params = run_params(PARAMS, "smoke", "sudoku", variant, [*TINY, *DEEP]).model
    model = build_model(params, "float32", TOKENS, CELLS, 1, torch_generator(0, "test")).eval()
    inputs, ids = torch.zeros(1, CELLS, dtype=torch.long), torch.zeros(1, dtype=torch.long)
    (layers,) = trace_layers(model, inputs, ids, 1)
    passed = len(layers.calls) - 1  # the first is what goes in
    if variant == "rnn":  # it has no layers; its cell is called instead
        (cells,) = trace_segments(model, inputs, ids, 1)
        passed = len(cells.calls)
    assert layers_a_segment(params) == passed
