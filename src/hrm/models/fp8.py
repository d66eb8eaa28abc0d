"""Matmuls in FP8 (E4M3) for the module calls that carry no gradient: ten of the twelve in a published step.

A value keeps 3 bits of mantissa between 2^-6 and 448, so that no scale needs to be measured: after a norm values have
unit variance, and weights, of deviation size^-1/2, are stored 16 times as large. Calls with a gradient are untouched.
"""

import torch
from torch import Tensor, nn

FP8 = torch.float8_e4m3fn
LARGEST = 448.0
WEIGHT_SCALE = 16.0
UNIT = 16  # inner and outer size of a matmul must be multiples of it


def to_fp8(values: Tensor) -> Tensor:
    """The nearest values, cut at the largest: a plain cast would make them not-a-number."""
    return values.clamp(-LARGEST, LARGEST).to(FP8)


def weights_to_fp8(values: Tensor) -> Tensor:
    """Weights as `matmul` takes them."""
    return to_fp8(values * WEIGHT_SCALE)


def fits(weight: Tensor) -> bool:
    """Whether a weight (out, in) can be used so."""
    return weight.ndim == 2 and all(size % UNIT == 0 for size in weight.shape)


def matmul(values: Tensor, weight: Tensor, scales: Tensor) -> Tensor:
    """`values @ weight.T` (..., in) -> (..., out) in the type of `values`.

    Args:
        values: in any floating type.
        weight: (out, in), made by `weights_to_fp8`.
        scales: what `scales_on` gives.
    """
    rows = to_fp8(values.flatten(0, -2))
    found: Tensor = _scaled_matmul(rows, weight, scales, values.dtype)
    return found.view(*values.shape[:-1], len(weight))


# An operator of its own: PyTorch 2.11's compiler stumbles over `_scaled_mm` with one scale a tensor.
@torch.library.custom_op("hrm::scaled_matmul", mutates_args=())
def _scaled_matmul(rows: Tensor, weight: Tensor, scales: Tensor, dtype: torch.dtype) -> Tensor:
    """(n, in), (out, in), `scales_on` -> (n, out) in `dtype`."""
    first, second = scales[0, :1], scales[1, :1]
    if rows.device.type == "cuda":
        return torch._scaled_mm(rows, weight.t(), first, second, out_dtype=dtype, use_fast_accum=True)
    return (rows.float() @ weight.float().t() * second).to(dtype)  # the same values, slowly: no CPU has this matmul


@_scaled_matmul.register_fake
def _(rows: Tensor, weight: Tensor, scales: Tensor, dtype: torch.dtype) -> Tensor:
    return rows.new_empty(len(rows), len(weight), dtype=dtype)


def scales_on(device: torch.device) -> Tensor:
    """(2, 4) factors of values and of weights after the matmul, each at a 16-byte boundary as cuBLAS wants it."""
    return torch.tensor([[1.0] * 4, [1.0 / WEIGHT_SCALE] * 4], device=device)


def attach(module: nn.Module, weights: dict[str, Tensor], device: torch.device) -> None:
    """Give the linear maps among the parts of `module` their FP8 weights, by the name of the parameter."""
    scales = scales_on(device)
    for name, part in module.named_modules():
        weight = weights.get(f"{name}.weight")
        if hasattr(part, "weight_fp8") and weight is not None and fits(weight):
            part.weight_fp8, part.scales_fp8 = weight, scales
