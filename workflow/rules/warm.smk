# Most jobs take longer to import PyTorch than to work. While a run lasts, a server that has imported everything forks a
# process for each `hrm` (src/hrm/warm); nothing else changes, and without it every job runs as it always does.
from hrm.warm import starter

ENOUGH_JOBS = 5  # fewer imports than that cost less than the server's own
SERVERS = []


def start_server():
    """Start it beside the first jobs of a run on this machine; they do not wait for it."""
    jobs = [job for job in workflow.dag.needrun_jobs() if not job.rule.norun]
    here = workflow.is_main_process and workflow.local_exec and not workflow.touch
    if here and len(jobs) >= ENOUGH_JOBS:
        SERVERS.extend(filter(None, [starter.start(Path("logs/serve.log"))]))


def stop_server():
    """End it."""
    while SERVERS:
        starter.stop(SERVERS.pop())
