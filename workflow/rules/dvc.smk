# Snakemake runs the jobs, DVC owns the bytes. Rule r with wildcards a, b is DVC stage r@a-b, or
# r_EXPERIMENT@a-b where the stages of a rule stand in one group an experiment. The work is in
# workflow/sync.py; nothing here may stop a run, with or without DVC.
import importlib.util
import json
import os
import subprocess

SEEN = Path(".snakemake/dvc_seen.json")


IN_STEP = (
    workflow.is_main_process
    and Path(".dvc").is_dir()
    and Path(".git").exists()
    and importlib.util.find_spec("dvc") is not None
)
# Inside `dvc repro`, which holds the lock and records the stage itself once this job is done.
INSIDE_DVC = "DVC_STAGE" in os.environ


def stamps():
    """What would change if somebody else had been at work: dvc.lock, and the files that stages depend on."""
    lock = Path("dvc.lock")
    patterns = ["params/**/*.yaml", "src/hrm/**/*.py", "workflow/rules/*.smk", "dvc.yaml"]
    files = sorted(path for pattern in patterns for path in Path().glob(pattern))
    return {
        "lock": lock.stat().st_mtime_ns if lock.exists() else 0,
        "files": [f"{path} {path.stat().st_mtime_ns}" for path in files],
    }


def seen():
    """The stamps after the last run that ended here; nothing after the first clone, or a file that was cut short."""
    try:
        return json.loads(SEEN.read_text())
    except (OSError, ValueError):
        return {}


def remember(**facts):
    """Note how things stand now."""
    SEEN.parent.mkdir(exist_ok=True)
    temporary = SEEN.with_suffix(".part")
    temporary.write_text(json.dumps({**stamps(), **facts}))
    temporary.replace(SEEN)


def run_sync(*arguments):
    """Call workflow/sync.py; True when it did its work, otherwise it has said why in one line."""
    command = [sys.executable, "workflow/sync.py", *arguments]
    try:
        return subprocess.run(command, stdout=sys.stderr).returncode == 0
    except OSError as error:
        print(f"dvc is not in step: {error}", file=sys.stderr)
        return False


def take_over():
    """Before the graph is built: turn DVC's verdict into file times if anything moved since the last run ended."""
    before, now = seen(), stamps()
    locked = Path(".snakemake/locks").is_dir() and any(Path(".snakemake/locks").iterdir())
    if locked or before == {**now, "running": False}:
        return  # another run is at work here (or was killed: snakemake --unlock), or nothing moved
    arguments = ["--adopt"] if before.get("running") else []
    arguments += ["--forget-records"] if before.get("lock") != now["lock"] else []
    if run_sync("take", *arguments):
        remember(running=False)


def hand_over():
    """After a run: record the stages whose jobs finished in it. If DVC is busy, the next run makes up for it."""
    finished = [
        "@".join(filter(None, [job.rule.name, "-".join(job.wildcards)]))
        for job in workflow.dag.jobs
        if not job.rule.norun and workflow.dag.finished(job)
    ]
    if INSIDE_DVC:
        run_sync("keep", *finished)
    elif run_sync("give", *finished):
        remember(running=False)


if IN_STEP and not INSIDE_DVC:
    take_over()


def run_starts():
    """Note that a run is under way, in case it does not come to its end."""
    if IN_STEP and not INSIDE_DVC:
        remember(running=True)


def run_ended():
    """Record what was done."""
    if IN_STEP:
        hand_over()
