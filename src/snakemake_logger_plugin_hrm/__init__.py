"""What a run of the pipeline says on the terminal: one line a job, how far it is, and how long it will take.

A logger plugin of Snakemake (`logger: [hrm]` in profiles/default), found by the name of this package. Snakemake's own
full account of every job still goes to .snakemake/log.
"""

import sys
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from logging import WARNING, LogRecord
from pathlib import Path
from typing import Any

from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent
from tqdm import tqdm

# What Snakemake says of itself, and nobody needs to know each time.
CHATTER = (
    "Building DAG of jobs",
    "Using shell",
    "Select jobs to execute",
    "host: ",
    "Complete log",
    "This was a dry-run",
    "Group jobs:",
    "Conda environments:",
    "Singularity containers:",
    "Reasons:",
    "Elapsed time",
    "Assuming unrestricted",
    "Removing temporary output",
    "At least one job did not complete successfully",
)
NO_JOBS = ("all", "data", "experiments", "total")  # rules that only ask for files
LOG_LINES = 20  # of a failed job
MINUTE, HOUR = 60, 3600


class LogHandler(LogHandlerBase):
    """Writes to stderr. On a terminal the last line is a bar with what runs now."""

    def __post_init__(self) -> None:
        """Begin with nothing known."""
        self.names: dict[int, str] = {}
        self.rules: dict[int, str] = {}
        self.started: dict[int, float] = {}
        self.seconds: dict[str, list[float]] = {}  # of each rule's finished jobs
        self.waiting: Counter[str] = Counter()
        self.total = self.done = self.failed = 0
        self.begun = time.monotonic()
        self.bar: tqdm[Any] | None = None
        self.shown: set[int] = set()
        self.planned = False

    @property
    def writes_to_stream(self) -> bool:
        """It takes the place of what Snakemake writes there."""
        return True

    @property
    def writes_to_file(self) -> bool:
        """It writes no file."""
        return False

    @property
    def has_filter(self) -> bool:
        """Snakemake's own filter obeys --quiet, and stays."""
        return False

    @property
    def has_formatter(self) -> bool:
        """It formats by itself."""
        return True

    @property
    def needs_rulegraph(self) -> bool:
        """It draws none."""
        return False

    def emit(self, record: LogRecord) -> None:
        """Show one event."""
        event = getattr(record, "event", None)
        if event == LogEvent.RUN_INFO:
            self._plan(getattr(record, "stats", {}))
        elif event == LogEvent.JOB_INFO:
            self._job(record)
        elif event == LogEvent.JOB_STARTED:
            now = time.monotonic()
            self.started |= {job: now for job in getattr(record, "jobs", []) or [] if isinstance(job, int)}
            self._show_running()
        elif event == LogEvent.JOB_FINISHED:
            self._finish(record.job_id)  # type: ignore[attr-defined]
        elif event == LogEvent.JOB_ERROR:
            self._fail(record)
        elif event is None or event == LogEvent.ERROR:
            self._tell(record)

    def close(self) -> None:
        """End the bar."""
        if self.bar is not None:
            self.bar.close()
            self.bar = None
        super().close()

    def _plan(self, stats: Mapping[str, Any]) -> None:
        self.waiting = Counter({rule: count for rule, count in stats.items() if rule not in NO_JOBS})
        self.total = sum(self.waiting.values())
        if not self.total or self.planned:  # a dry run tells it at its end again
            return
        self.planned = True
        counts = ", ".join(f"{count} {rule}" for rule, count in self.waiting.most_common())
        self._write(f"{self.total} jobs: {counts}")
        if sys.stderr.isatty() and not self.common_settings.dryrun:
            form = "{n_fmt}/{total_fmt} {bar:20} {elapsed}{postfix}"
            self.bar = tqdm(total=self.total, bar_format=form, file=sys.stderr, dynamic_ncols=True, leave=False)

    def _job(self, record: LogRecord) -> None:
        values = vars(record)
        job, rule = int(values["jobid"]), str(values["rule_name"])
        self.names[job], self.rules[job] = name_of(rule, values.get("wildcards") or {}), rule
        self.started.setdefault(job, time.monotonic())
        if self.common_settings.dryrun and rule not in NO_JOBS and job not in self.shown:
            self.shown.add(job)
            self._write(f"  {self.names[job]}")
        self._show_running()

    def _finish(self, job: int) -> None:
        rule = self.rules.get(job, "")
        if rule in NO_JOBS or not rule:
            return
        seconds = time.monotonic() - self.started.pop(job, time.monotonic())
        self.seconds.setdefault(rule, []).append(seconds)
        self.waiting[rule] -= 1
        self.done += 1
        if self.bar is not None:
            self.bar.update(1)
            self._show_running()
        else:
            self._write(f"[{self.done}/{self.total}, {self._left()}] {self.names[job]}: {seconds:.1f} s")

    def _fail(self, record: LogRecord) -> None:
        values = vars(record)
        job = int(values["jobid"])
        name = self.names.get(job, str(values["rule_name"]))
        self.started.pop(job, None)
        self.failed += 1
        lines = [f"FAILED {name}"]
        for log in map(Path, values.get("log") or []):
            lines.append(f"  {log}:")
            try:
                lines += [f"    {line}" for line in log.read_text(errors="replace").splitlines()[-LOG_LINES:]]
            except OSError:
                lines.append("    (it wrote no log)")
        self._write("\n".join([*lines, "  what does not depend on it goes on"]))
        self._show_running()

    def _tell(self, record: LogRecord) -> None:
        text = record.getMessage()
        if not text or text == "None" or text.startswith(CHATTER):
            return
        if record.levelno >= WARNING or not self.common_settings.quiet:
            self._write(text)

    def _left(self) -> str:
        seconds = time_left(self.waiting, self.seconds, time.monotonic() - self.begun)
        return "time left not known yet" if seconds is None else f"{in_words(seconds)} left"

    def _show_running(self) -> None:
        if self.bar is not None:
            running = [self.names[job] for job in self.started if self.rules.get(job, "all") not in NO_JOBS]
            self.bar.set_postfix_str(f"{self._left()}; {'; '.join(running)}")

    def _write(self, text: str) -> None:
        if self.bar is not None:
            self.bar.write(text, file=sys.stderr)
        else:
            print(text, file=sys.stderr, flush=True)


def name_of(rule: str, wildcards: Mapping[str, str]) -> str:
    """A job as a person names it: what is done, and of what."""
    run = [wildcards[name] for name in ("task", "variant") if name in wildcards]
    parts = ["/".join(run), f"seed {wildcards['seed']}" if "seed" in wildcards else ""]
    parts += [wildcards.get("name", "")]
    parts += [f"part {wildcards['shard']}" if "shard" in wildcards else ""]
    return " ".join([rule.replace("_", " "), *filter(None, parts)])


def time_left(waiting: Mapping[str, int], seconds: Mapping[str, Iterable[float]], elapsed: float) -> float | None:
    """Seconds until all is done, by the mean time of each rule's jobs so far; None before the first job has ended.

    Args:
        waiting: jobs that are to be done, by rule.
        seconds: how long each finished job took, by rule.
        elapsed: since the run began; against it the sum of `seconds` tells how many jobs run at a time.
    """
    known = {rule: list(values) for rule, values in seconds.items()}
    spent = [value for values in known.values() for value in values]
    if not spent or not elapsed:
        return None
    overall = sum(spent) / len(spent)
    work = sum(
        count * (sum(known[rule]) / len(known[rule]) if known.get(rule) else overall) for rule, count in waiting.items()
    )
    return work / max(1.0, sum(spent) / elapsed)


def in_words(seconds: float) -> str:
    """A time to come, roughly."""
    if seconds < MINUTE:
        return f"{seconds:.0f} s"
    if seconds < HOUR:
        return f"{seconds / MINUTE:.0f} min"
    return f"{seconds / HOUR:.1f} h"
