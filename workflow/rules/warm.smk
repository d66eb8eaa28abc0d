# Most jobs take longer to import PyTorch than to work. While a run lasts, a server that has imported everything forks a
# process for each `hrm` (src/hrm/warm); nothing else changes, and without it every job runs as it always does.
import os
import subprocess
import tempfile

ENOUGH_JOBS = 5  # that many imports cost more than the server's own
# What Snakemake tells the libraries in a job of one thread: a server that was told something else is not used.
ONE_THREAD = {f"{library}_NUM_THREADS": "1" for library in ("OMP", "GOTO", "OPENBLAS", "MKL", "NUMEXPR")} | {
    "VECLIB_MAXIMUM_THREADS": "1"
}
SERVERS = []


def start_server():
    """Start it beside the first jobs, which do not wait for it. It ends with this process at the latest."""
    jobs = [job for job in workflow.dag.needrun_jobs() if not job.rule.norun]
    here = workflow.is_main_process and workflow.local_exec and not workflow.touch and sys.platform == "linux"
    if not here or len(jobs) < ENOUGH_JOBS or os.environ.get("HRM_WARM") is not None:
        return
    # The server makes the folder, and takes it away again.
    path = Path(tempfile.gettempdir()) / f"hrm-{os.getpid()}-{os.urandom(4).hex()}" / "socket"
    Path("logs").mkdir(exist_ok=True)
    try:
        with Path("logs/serve.log").open("w") as log:
            server = subprocess.Popen(
                [sys.executable, "-m", "hrm.cli", "serve", "--socket", str(path)],
                env=os.environ | ONE_THREAD,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for the jobs; they pass it on
            )
    except OSError as error:
        print(f"jobs start without a server: {error}", file=sys.stderr)
        return
    SERVERS.append(server)
    os.environ["HRM_WARM"] = str(path)


def stop_server():
    """End it; a command that still runs in a fork of it goes on."""
    for server in SERVERS:
        server.terminate()
        server.wait()
    SERVERS.clear()
    os.environ.pop("HRM_WARM", None)
