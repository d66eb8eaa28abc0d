"""A step recorded once as a CUDA graph and replayed: nine hundred launches become one.

At the published size the host launches fast enough that this wins nothing (docs/log.md); small models are bound by
launches.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

WARM_UP = 3  # steps before the recording: compilation, and what libraries set up at their first call

Step = Callable[[Any, Any], Any]  # (inputs, carry) -> next carry: nested named tuples of tensors


class StepGraph:
    """Runs `step` as it is for the first calls, then records it, then replays the record.

    The step must have static shapes, wait for nothing, and change all else in place. From the recording on the carry
    that comes back is always the same tensors.
    """

    def __init__(self, step: Step) -> None:
        self.step = step
        self.calls = 0
        self.graph: torch.cuda.CUDAGraph | None = None
        self.inputs: Any = None
        self.carry: Any = None

    def __call__(self, inputs: Any, carry: Any) -> Any:
        """One step; the carry of the call before, or another one of the same shapes."""
        self.calls += 1
        if self.calls <= WARM_UP:
            return self._aside(inputs, carry)
        if self.graph is None:
            self._record(inputs, carry)
        assert self.graph is not None
        copy_into(self.inputs, inputs)
        if carry is not self.carry:
            copy_into(self.carry, carry)
        self.graph.replay()
        return self.carry

    def _aside(self, inputs: Any, carry: Any) -> Any:
        # Not on the default stream: what autograd keeps from there could not be part of a recording.
        stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        current = torch.cuda.current_stream()
        stream.wait_stream(current)
        with torch.cuda.stream(stream):
            after = self.step(inputs, carry)
        current.wait_stream(stream)
        return after

    def _record(self, inputs: Any, carry: Any) -> None:
        self.inputs, self.carry = clone(inputs), clone(carry)
        self.graph = torch.cuda.CUDAGraph()
        # Other threads may go on: that of NCCL looks after its own events all the time.
        with torch.cuda.graph(self.graph, capture_error_mode="thread_local"):
            copy_into(self.carry, self.step(self.inputs, self.carry))


def clone(nested: Any) -> Any:
    """The same named tuples with tensors of their own."""
    if isinstance(nested, Tensor):
        return nested.clone(memory_format=torch.contiguous_format)
    return type(nested)(*(clone(part) for part in nested))


def copy_into(target: Any, source: Any) -> None:
    """Copy every tensor of `source` into that of `target`."""
    if isinstance(target, Tensor):
        target.copy_(source)
        return
    for left, right in zip(target, source, strict=True):
        copy_into(left, right)
