"""Several processes of one command, started by torchrun or by `launch`: who this one is, and who prints an error."""

import os
from datetime import timedelta
from typing import NamedTuple

from hrm.core.errors import ParameterError

PLACE = ("RANK", "WORLD_SIZE", "LOCAL_RANK")  # what torchrun tells each process
MEETING = ("MASTER_ADDR", "MASTER_PORT")


class Place(NamedTuple):
    """Which of how many processes this is: in all, and on this machine."""

    rank: int
    size: int
    local_rank: int
    local_size: int


def place() -> Place:
    """From the environment; ParameterError when it is only half there, as after a hand-made or inherited start."""
    if not any(name in os.environ for name in PLACE):
        return Place(rank=0, size=1, local_rank=0, local_size=1)
    missing = [name for name in (*PLACE, *MEETING) if not os.environ.get(name)]
    if missing:
        found = ", ".join(name for name in PLACE if name in os.environ)
        raise ParameterError(
            f"the environment has {found} but not {', '.join(missing)}: start with torchrun or with --processes, "
            f"or unset {', '.join(PLACE)} to train in one process"
        )
    rank, size, local_rank = (_number(name) for name in PLACE)
    local_size = _number("LOCAL_WORLD_SIZE") if "LOCAL_WORLD_SIZE" in os.environ else size
    if not (rank < size and local_rank < local_size <= size):
        raise ParameterError(
            f"the environment says RANK={rank}, WORLD_SIZE={size}, LOCAL_RANK={local_rank}, "
            f"LOCAL_WORLD_SIZE={local_size}: ranks count from 0 to one less than their number"
        )
    return Place(rank, size, local_rank, local_size)


def _number(name: str) -> int:
    text = os.environ[name]
    if not text.isdigit():
        raise ParameterError(f"the environment says {name}={text!r}; it must be a whole number")
    return int(text)


def first_to_fail() -> bool:
    """Whether no other process of this start has failed before: the others fail of the same cause, or of the first.

    They ask the store of the agent that started them. Without one, each speaks for itself.
    """
    if os.environ.get("TORCHELASTIC_USE_AGENT_STORE") != "True":
        return True
    try:
        from torch.distributed import TCPStore  # type: ignore[attr-defined]

        address, port = (os.environ[name] for name in MEETING)
        store = TCPStore(address, int(port), is_master=False, wait_for_workers=False, timeout=timedelta(seconds=5))
        return store.add(f"hrm/failures/{os.environ.get('TORCHELASTIC_RESTART_COUNT', 0)}", 1) == 1
    except (ImportError, KeyError, ValueError, RuntimeError):
        return True


def launch(count: int, arguments: list[str]) -> int:
    """Run `hrm ARGUMENTS` in `count` processes, as `torchrun --standalone -m hrm.cli` does, and wait for them.

    Returns the exit code of the first process that failed (torchrun itself would say 1, with a traceback), else 0.
    A signal to this process goes on to all of them; they have 30 s to end.
    """
    import logging
    import sys
    import uuid

    from torch.distributed.elastic.multiprocessing.api import SignalException
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
    from torch.distributed.launcher.api import LaunchConfig, elastic_launch

    config = LaunchConfig(
        min_nodes=1,
        max_nodes=1,
        nproc_per_node=count,
        run_id=str(uuid.uuid4()),
        rdzv_backend="c10d",
        rdzv_endpoint="localhost:0",
        local_addr="localhost",  # not the machine's name, which need not lead anywhere
        max_restarts=0,
    )
    logging.disable(logging.ERROR)  # the agent's tale of what the processes have said themselves
    try:
        elastic_launch(config, sys.executable)("-m", "hrm.cli", *arguments)
    except ChildFailedError as error:
        code = int(error.get_first_failure()[1].exitcode)
        return code if code > 0 else 128 - code
    except SignalException as error:
        return 128 + int(error.sigval)
    finally:
        logging.disable(logging.NOTSET)
    return 0
