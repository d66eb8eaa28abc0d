# One command rebuilds everything: `snakemake --cores all`. A rule is one call of the command `hrm`; the numbers are in
# params/, the same graph is in dvc.yaml, and workflow/rules/dvc.smk keeps the two in step.
import sys
from pathlib import Path

from snakemake.utils import min_version

from hrm.checks import check_all
from hrm.core.errors import HrmError
from hrm.costs import ON_CPUS, announcement, need_gpu
from hrm.report.claims_file import read_claims

min_version("9.27")

try:
    PIPELINE = check_all(Path("params"))
    CLAIMS = read_claims(Path("params/claims.yaml"))
except HrmError as error:
    # A user's slip gets one line and the exit code of bad input, not a traceback through Snakemake.
    print(f"snakemake: {error}", file=sys.stderr)
    sys.exit(error.exit_code)


report: "workflow/report/workflow.rst"


include: "workflow/rules/common.smk"
include: "workflow/rules/sources.smk"
include: "workflow/rules/data.smk"
include: "workflow/rules/train.smk"
include: "workflow/rules/evaluate.smk"
include: "workflow/rules/analyse.smk"
include: "workflow/rules/report.smk"
include: "workflow/rules/drawings.smk"
include: "workflow/rules/compare.smk"
include: "workflow/rules/page.smk"
include: "workflow/rules/dvc.smk"
include: "workflow/rules/warm.smk"


if PIPELINE.scale != ON_CPUS and workflow.is_main_process and not INSIDE_DVC:
    print(f"snakemake: {announcement(PARAMS, PIPELINE)}", file=sys.stderr)


# Of several handlers of a kind Snakemake calls only the last, so each stands here once.
onstart:
    require_gpu()
    run_starts()
    if not INSIDE_DVC:  # one job a stage
        start_server()


onsuccess:
    stop_server()
    run_ended()


onerror:
    stop_server()
    run_ended()


rule all:
    default_target: True
    input:
        f"results/{PIPELINE.scale}/claims.json",
        f"results/{PIPELINE.scale}/report.html",
        f"figures/{PIPELINE.scale}/memory.svg",
        expand("figures/{scale}/{study}_aggregates.svg", scale=PIPELINE.scale, study=STUDIES),
        expand("figures/{scale}/{chart}_chart.svg", scale=PIPELINE.scale, chart=CHARTS),
        [f"figures/{PIPELINE.scale}/arc_votes.svg"] if ARC_RUNS else [],
        expand(
            ["figures/{scale}/{task}_difficulty.svg", "figures/{scale}/{task}/contact_sheet.html"],
            scale=PIPELINE.scale,
            task=PIPELINE.datasets,
        ),
        expand(
            "figures/{scale}/{experiment}_{figure}.svg",
            scale=PIPELINE.scale,
            experiment=PIPELINE.experiments,
            figure=["curves", "segments"],
        ),
        expand("figures/{scale}/{experiment}_steps.svg", scale=PIPELINE.scale, experiment=PIPELINE.films),
        expand(
            "figures/{scale}/{experiment}_routing.svg",
            scale=PIPELINE.scale,
            experiment=ANALYSIS.routing.runs,
        ),
        expand(
            "figures/{scale}/{experiment}_{figure}.svg",
            scale=PIPELINE.scale,
            experiment=ANALYSIS.states.runs,
            figure=["residuals", "participation"],
        ),
        expand(
            "figures/{scale}/{experiment}_test_time.svg",
            scale=PIPELINE.scale,
            experiment=ANALYSIS.test_time.runs,
        ),
