"""One product whose parts go different ways is the plain product cut into parts."""

import pytest
import torch
from torch.nn import functional

from hrm.models.initial import Init
from hrm.models.layers import SplitLinear, SplitMatmul


@pytest.mark.parametrize("parts", [1, 2, 3])
def test_the_product_of_a_gpu_and_its_gradients_are_those_of_autograd(parts: int) -> None:
    generator = torch.Generator().manual_seed(parts)
    values, weight, upstream = (
        torch.randn(shape, generator=generator, dtype=torch.float64).requires_grad_(number < 2)
        for number, shape in enumerate([(2, 3, 5), (4 * parts, 5), (2, 3, 4 * parts)])
    )
    plain = functional.linear(values, weight)
    ours = torch.cat(SplitMatmul.apply(values, weight, parts), dim=-1)
    assert torch.equal(ours, plain)
    for found, wanted in zip(*(torch.autograd.grad(y, (values, weight), upstream) for y in (ours, plain)), strict=True):
        torch.testing.assert_close(found, wanted, rtol=1e-12, atol=1e-12)


def test_on_a_processor_each_part_lies_whole_in_memory() -> None:
    layer = SplitLinear(5, 4, 3, Init("truncated_lecun", torch.Generator().manual_seed(0)))
    values = torch.randn(2, 3, 5)
    parts = layer(values)
    assert [part.shape for part in parts] == [(2, 3, 4)] * 3
    assert all(part.is_contiguous() for part in parts)
    torch.testing.assert_close(torch.cat(parts, dim=-1), functional.linear(values, layer.weight))
