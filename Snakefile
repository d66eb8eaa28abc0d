# One command rebuilds everything: `snakemake --cores all`. A rule is one call of the command `hrm`; the numbers are in
# params/. Outputs lie in folders named by the key of their recipe (src/hrm/core/recipe.py, src/hrm/jobs.py): what exists is up to
# date, so that no file times count, and every input is `ancient`.
import os
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError
from snakemake.utils import min_version

from hrm.checks import check_all
from hrm.core.errors import HrmError
from hrm.costs import ON_CPUS, announcement, need_gpu
from hrm.jobs import (
    ANALYSIS_FILES,
    ARC_EVALUATION_FILES,
    DATA_FILES,
    EVALUATION_FILES,
    FOLDERS,
    KEY,
    SOURCES_CACHE,
    TRAIN_FILES,
    Jobs,
)
from hrm.core.recipe import Sources
from hrm.report.captions import caption_of
from hrm.report.style import SUFFIXES
from hrm.snapshot import take_snapshot

min_version("9.27")

PARAMS = Path("params")
SOURCES = Sources(cache=SOURCES_CACHE)
try:
    if unknown := sorted(set(config) - {"scale"}):
        raise WorkflowError(f"--config {unknown[0]}: allowed is scale, as in --config scale=gpu")
    PIPELINE = check_all(PARAMS, config.get("scale"))
    JOBS = Jobs(PARAMS, PIPELINE, SOURCES)
    ALL = JOBS.all_jobs()
except (HrmError, WorkflowError) as error:
    # A user's slip gets one line and the exit code of bad input, not a traceback through Snakemake.
    print(f"snakemake: {error}", file=sys.stderr)
    sys.exit(2)
SCALE = PIPELINE.scale
INSIDE_DVC = "DVC_STAGE" in os.environ  # `dvc repro` holds the lock, and records the outputs itself

if workflow.is_main_process:
    SOURCES.save()
    # Commands compare it with what they find, lest a job runs by other numbers than its folder says.
    take_snapshot(PARAMS, SCALE, Path(".snakemake/hrm_snapshot.json"))
    if SCALE != ON_CPUS and not INSIDE_DVC:
        print(f"snakemake: {announcement(PARAMS, PIPELINE)}", file=sys.stderr)


wildcard_constraints:
    scale=SCALE,
    task=r"[a-z][a-z0-9_]*",
    variant=r"[a-z][a-z0-9_]*",
    name=r"[a-z][a-z0-9_]*",
    seed=r"\d+",
    shard=r"\d+",
    shards=r"\d+",
    key=KEY,


report: "workflow/report/workflow.rst"


include: "workflow/rules/common.smk"
include: "workflow/rules/data.smk"
include: "workflow/rules/train.smk"
include: "workflow/rules/evaluate.smk"
include: "workflow/rules/report.smk"
include: "workflow/rules/run.smk"


rule all:
    default_target: True
    input:
        files_of(ALL),


rule data:
    input:
        files_of(JOBS.data(task) for task in PIPELINE.datasets),


rule experiments:
    input:
        files_of(JOBS.run_jobs()),


# Each experiment by its name: its trainings and their evaluations.
for name, experiment in PIPELINE.experiments.items():

    rule:
        name:
            name
        input:
            files_of(job for run in experiment.runs for job in (JOBS.train(*run), JOBS.evaluation(*run))),
