# What happens around a run: a GPU is asked for, commands start fast, DVC hears of what was made.
import importlib.util
import subprocess

from hrm.report.findings import findings
from hrm.report.ledger_file import read_ledger
from hrm.warm import starter

ENOUGH_JOBS = 5  # fewer imports than that cost less than the server's own
SERVERS = []


def require_gpu():
    """End the run in one line where jobs of this machine ask for a GPU that it has not."""
    jobs = [job for job in workflow.dag.needrun_jobs() if job.resources.get("gpu", 0)]
    if not (jobs and workflow.is_main_process and workflow.local_exec) or workflow.touch:
        return
    try:
        need_gpu(SCALE, len(jobs))
    except HrmError as error:
        print(f"snakemake: {error}", file=sys.stderr)
        sys.exit(error.exit_code)


def start_server():
    """Most jobs take longer to import PyTorch than to work: a server that has imported it forks a process for each."""
    jobs = [job for job in workflow.dag.needrun_jobs() if not job.rule.norun]
    here = workflow.is_main_process and workflow.local_exec and not workflow.touch
    if here and len(jobs) >= ENOUGH_JOBS:
        log = Path(f"logs/{SCALE}/serve.log")
        log.parent.mkdir(parents=True, exist_ok=True)
        SERVERS.extend(filter(None, [starter.start(log)]))


def stop_server():
    """End it."""
    while SERVERS:
        starter.stop(SERVERS.pop())


def is_complete():
    """Whether all of the pipeline is there, and this process is not one of a single job."""
    return workflow.is_main_process and all(Path(path).exists() for job in ALL for path in job.paths)


def say_findings():
    """End with what was found."""
    if not workflow.touch:
        for line in findings(read_ledger(Path(f"results/{SCALE}/claims.json"))):
            print(line, file=sys.stderr)
        print(f"all results on one page: results/{SCALE}/report.html", file=sys.stderr)


def tell_dvc():
    """Let DVC record what is there, where all of it is; inside of `dvc repro` DVC does so itself."""
    here = Path(".dvc").is_dir() and Path(".git").exists() and importlib.util.find_spec("dvc") is not None
    if not here or INSIDE_DVC:
        return
    done = subprocess.run([sys.executable, "-m", "dvc", "commit", "--quiet", "--force"], capture_output=True, text=True)
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no reason was given"])[-1]
        print(f"dvc does not know yet what was made; `dvc commit` tells it: {reason}", file=sys.stderr)


# Of several handlers of a kind Snakemake calls only the last, so each stands here once.
onstart:
    require_gpu()
    start_server()


onsuccess:
    stop_server()
    if is_complete():
        tell_dvc()
        say_findings()


onerror:
    stop_server()
