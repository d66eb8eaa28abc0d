"""Data parallel training: every process holds the whole model and a part of the batch, and all make the same update.

Two channels. NCCL sums gradients between devices, where a collective is queued like a kernel and nothing waits. Gloo
carries what the hosts decide or write: sums of the log, when to stop, the resume state. Processes stay equal bit for
bit because an update depends on sums alone that NCCL hands to all of them.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, TypeVar, cast

import torch
from torch import Tensor
from torch import distributed as dist
from torch.distributed.rendezvous import rendezvous

from hrm.core.device import choose_device
from hrm.core.errors import DeviceError, DivergedError, Interrupted, ParameterError, ProcessError
from hrm.core.processes import Place

MEET = timedelta(minutes=2)  # until all processes have come
TIMEOUT = timedelta(minutes=10)  # of any collective; the first waits for the slowest compilation

T = TypeVar("T")


class Group:
    """This process alone: sums and gathers are what is given."""

    rank, size = 0, 1

    def part(self, count: int) -> slice:
        """This process' share of a batch of `count` examples."""
        own = count // self.size
        return slice(self.rank * own, (self.rank + 1) * own)

    def add(self, tensor: Tensor) -> None:
        """Replace a tensor by its sum over the processes, on its device."""

    def gather(self, tensor: Tensor) -> Tensor:
        """(part, ...) -> (batch, ...) on its device, for all."""
        return tensor

    def total(self, tensor: Tensor) -> Tensor:
        """Sum over the processes, on the host; the device is waited for."""
        return tensor.cpu()

    def collect(self, tensor: Tensor) -> Tensor:
        """(part, ...) -> (batch, ...) on the host of process 0; the others get their part."""
        return tensor.cpu()

    def each(self, value: T) -> list[T]:
        """What every process says, by rank."""
        return [value]

    def agree(self, asked: bool) -> bool:
        """Whether any process asks for it; the answer is the same for all at the same call."""
        return asked


ALONE = Group()


class Processes(Group):
    """Several processes, one a GPU, or on CPUs for tests; to be made by `joined`."""

    def __init__(self, place: Place) -> None:
        self.rank, self.size = place.rank, place.size
        self.hosts = cast(dist.ProcessGroup, dist.new_group(backend="gloo", timeout=TIMEOUT))
        self._flag = torch.zeros(1, dtype=torch.int32)
        self._asked: dist.Work | None = None

    def add(self, tensor: Tensor) -> None:
        """Replace a tensor by its sum over the processes, on its device."""
        _together(lambda: dist.all_reduce(tensor))

    def gather(self, tensor: Tensor) -> Tensor:
        """(part, ...) -> (batch, ...) on its device, for all."""
        whole = tensor.new_empty((self.size * len(tensor), *tensor.shape[1:]))
        _together(lambda: dist.all_gather_into_tensor(whole, tensor.contiguous()))
        return whole

    def total(self, tensor: Tensor) -> Tensor:
        """Sum over the processes, on the host; the device is waited for."""
        host = tensor.detach().cpu().clone()
        _together(lambda: dist.all_reduce(host, group=self.hosts))
        return host

    def collect(self, tensor: Tensor) -> Tensor:
        """(part, ...) -> (batch, ...) on the host of process 0; the others get their part."""
        own = tensor.detach().cpu().contiguous()
        if not own.numel():  # gloo sends no empty message
            return own.new_empty((self.size * len(own), *own.shape[1:]))
        whole = [torch.empty_like(own) for _ in range(self.size)] if self.rank == 0 else None
        _together(lambda: dist.gather(own, whole, group=self.hosts))
        return torch.cat(whole) if whole else own

    def each(self, value: T) -> list[T]:
        """What every process says, by rank."""
        said: list[Any] = [None] * self.size
        _together(lambda: dist.all_gather_object(said, value, group=self.hosts))
        return said

    def agree(self, asked: bool) -> bool:
        """Whether any process asked for it one call before.

        The question travels beside the work of the next step, so that no host waits for another's device.
        """
        if self._answer():
            return True
        self._flag.fill_(asked)
        self._asked = _together(lambda: dist.all_reduce(self._flag, dist.ReduceOp.MAX, self.hosts, async_op=True))
        return False

    def _answer(self) -> bool:
        if self._asked is None:
            return False
        _together(self._asked.wait)
        self._asked = None
        return bool(self._flag.item())


def _together(call: Callable[[], Any]) -> Any:
    """Call something that fails when another process is gone."""
    try:
        return call()
    except RuntimeError as error:
        reason = str(error).strip().splitlines()[0]
        raise ProcessError(f"this process lost the others of the training ({reason})") from error


def own_device(name: str, place: Place) -> torch.device:
    """The device of this process: the GPU of its own number. DeviceError when a process would have none."""
    if place.size > 1 and name.startswith("cuda:"):
        raise ParameterError(f"--device is {name}; {place.size} processes take one GPU each: use auto, cuda or cpu")
    device = choose_device(name)
    if place.size == 1 or device.type == "cpu":
        return device
    found = torch.cuda.device_count()
    if place.local_size > found:
        raise DeviceError(f"{place.local_size} processes need one GPU each; this machine has {found}")
    return torch.device("cuda", place.local_rank)


@contextmanager
def joined(place: Place, device: torch.device) -> Iterator[Group]:
    """The group of all processes, for the time of the block.

    Raises:
        ProcessError: the others did not come, or one of them ended.
    """
    if place.size == 1:
        yield ALONE
        return
    on_gpu = device.type == "cuda"
    if on_gpu:
        torch.cuda.set_device(device)
    try:
        store, _, _ = next(rendezvous("env://", timeout=MEET))
        dist.init_process_group(
            "nccl" if on_gpu else "gloo",
            store=store,
            rank=place.rank,
            world_size=place.size,
            timeout=TIMEOUT,
        )
        group = Processes(place)
        group.add(torch.zeros(1, device=device))  # connects the devices now, where a failure has a line of its own
    except RuntimeError as error:
        reason = str(error).strip().splitlines()[0]
        raise ProcessError(f"process {place.rank} of {place.size} could not meet the others ({reason})") from error
    try:
        yield group
    except (DivergedError, Interrupted):
        _leave(group)  # all have raised it
        raise
    # Any other error is this process' own: to leave in order would mean to wait for the others.
    _leave(group)


def _leave(group: Processes) -> None:
    group._answer()
    dist.destroy_process_group()
