# What is made of the records of trainings that ran elsewhere (results/reference): tables, verdicts, figures, one page.
# `make reference` after records were added. Nothing is trained here, so that no rule asks for models or data.
from pathlib import Path

from snakemake.utils import min_version

from hrm.core.pipeline_schema import pipeline_params
from hrm.report.comparison_schema import comparison_params
from hrm.report.run_paths import PLAYERS, WEIGHTS, runs_below

min_version("9.27")

FOLDER = Path(config.get("folder", "results/reference"))
SCALE = config.get("scale", "gpu")
FIGURES = FOLDER / "figures"
KINDS = ["svg", "png", "pdf"]
PIPELINE = pipeline_params(Path("params"))
COMPARISONS = comparison_params(Path("params"))
CHARTS = ["main", "hierarchy"]  # of params/comparisons.yaml, those that such records fill


def folders_below(folder, name):
    """The folders TASK/VARIANT/seedN that have a file of this name."""
    return [Path(task, variant, f"seed{seed}") for task, variant, seed in runs_below(folder, name)]


def of_players(folder, runs, name, players):
    """The files of this name that there are, of all these players of all runs."""
    return [path for run in runs for player in players if (path := folder / run / player / name).exists()]


def shown(folder, run, name):
    """The file of the weights that a variant is shown with; an older record may have only the other ones."""
    wanted = COMPARISONS.shown(run.parts[1])
    found = [folder / run / weights / name for weights in sorted(WEIGHTS, key=lambda weights: weights != wanted)]
    return next((path for path in found if path.exists()), found[0])


RUNS = folders_below(FOLDER, "history.csv")
ANALYSED = sorted({run for weights in WEIGHTS for run in folders_below(FOLDER / "states", f"{weights}/states.json")})
TASKS = sorted({run.parts[0] for run in RUNS})


def of_experiments(runs):
    """Runs by the experiment whose task and variant they have, in its order, whatever their seeds."""
    grouped = {}
    for name, experiment in PIPELINE.experiments.items():
        wanted = [(task, variant) for task in experiment.tasks for variant in experiment.variants]
        found = [run for run in runs if run.parts[:2] in wanted]
        if found:
            grouped[name] = sorted(found, key=lambda run: (wanted.index(run.parts[:2]), run.parts[2]))
    return grouped


DRAWN = of_experiments(RUNS)
STATES = of_experiments(ANALYSED)
# Shown step by step: of each experiment the first network that was analysed, or else the first; and all others that were.
FILMS = {name: STATES.get(name, runs)[0] for name, runs in DRAWN.items() if name in PIPELINE.films}
FILMS |= {f"{name}_{run.parts[1]}": run for name, runs in STATES.items() for run in runs[1:]}


def drawn(name):
    """An input function: the file `name` of every run of an experiment."""
    return lambda wildcards: [FOLDER / run / name for run in DRAWN[wildcards.experiment]]


def evaluated(name):
    """An input function: the file `name` of every run of an experiment, of the weights that it is shown with."""
    return lambda wildcards: [shown(FOLDER, run, name) for run in DRAWN[wildcards.experiment]]


def analysed(name):
    """An input function: the file `name` of the states of every analysed run of an experiment."""
    return lambda wildcards: [shown(FOLDER / "states", run, name) for run in STATES[wildcards.experiment]]


wildcard_constraints:
    experiment="|".join(DRAWN),
    chart="|".join(CHARTS),


rule all:
    input:
        FOLDER / "claims.json",
        FOLDER / "report.html",


rule summarise:
    input:
        metrics=of_players(FOLDER, RUNS, "metrics.json", PLAYERS),
        states=of_players(FOLDER / "states", ANALYSED, "metrics.json", PLAYERS),
        difficulty=of_players(FOLDER, RUNS, "difficulty.csv", WEIGHTS),
    output:
        FOLDER / "summary.csv",
    log:
        "logs/reference_summarise.log",
    shell:
        "hrm summarise --out {output} {input.metrics} {input.states} --difficulty {input.difficulty} 2> {log}"


rule claims:
    input:
        claims="params/claims.yaml",
        summary=FOLDER / "summary.csv",
        datasets=[FOLDER / task / "dataset.json" for task in TASKS],
        records=[FOLDER / run / "provenance.json" for run in RUNS],
    output:
        ledger=FOLDER / "claims.json",
        table=FOLDER / "claims.md",
    log:
        "logs/reference_claims.log",
    params:
        scale=SCALE,
    shell:
        "hrm claims --claims {input.claims} --scale {params.scale} --summary {input.summary}"
        " --datasets {input.datasets} --records {input.records} --out {output.ledger} --table {output.table} 2> {log}"


rule aggregate:
    input:
        FOLDER / "summary.csv",
    output:
        FOLDER / "boards_aggregates.csv",
    log:
        "logs/reference_aggregate.log",
    params:
        scale=SCALE,
    shell:
        "hrm aggregate boards --scale {params.scale} --summary {input} --out {output} 2> {log}"


rule compare:
    input:
        claims="params/claims.yaml",
        summary=FOLDER / "summary.csv",
    output:
        FOLDER / "{chart}_chart.csv",
    log:
        "logs/reference_compare-{chart}.log",
    shell:
        "hrm compare {wildcards.chart} --summary {input.summary} --claims {input.claims} --out {output} 2> {log}"


rule render_aggregates:
    input:
        FOLDER / "boards_aggregates.csv",
    output:
        multiext(str(FIGURES / "boards_aggregates"), *(f".{kind}" for kind in KINDS)),
    log:
        "logs/reference_render_aggregates.log",
    params:
        stem=subpath(output[0], strip_suffix=".svg"),
    shell:
        "hrm render aggregates --table {input} --out {params.stem} 2> {log}"


rule render_chart:
    input:
        FOLDER / "{chart}_chart.csv",
    output:
        multiext(str(FIGURES / "{chart}_chart"), *(f".{kind}" for kind in KINDS)),
    log:
        "logs/reference_render_chart-{chart}.log",
    params:
        stem=subpath(output[0], strip_suffix=".svg"),
    shell:
        "hrm render chart {wildcards.chart} --table {input} --out {params.stem} 2> {log}"


rule render_difficulty:
    input:
        FOLDER / "{task}/dataset.json",
    output:
        multiext(str(FIGURES / "{task}_difficulty"), *(f".{kind}" for kind in KINDS)),
    log:
        "logs/reference_render_difficulty-{task}.log",
    params:
        stem=subpath(output[0], strip_suffix=".svg"),
    shell:
        "hrm render difficulty --dataset {input} --out {params.stem} 2> {log}"


rule render_curves:
    input:
        drawn("history.csv"),
    output:
        multiext(str(FIGURES / "{experiment}_curves"), *(f".{kind}" for kind in KINDS)),
    log:
        "logs/reference_render_curves-{experiment}.log",
    params:
        stem=subpath(output[0], strip_suffix=".svg"),
    shell:
        "hrm render curves --histories {input} --out {params.stem} 2> {log}"


rule render_segments:
    input:
        evaluated("segments.csv"),
    output:
        multiext(str(FIGURES / "{experiment}_segments"), *(f".{kind}" for kind in KINDS)),
    log:
        "logs/reference_render_segments-{experiment}.log",
    params:
        stem=subpath(output[0], strip_suffix=".svg"),
    shell:
        "hrm render segments --tables {input} --out {params.stem} 2> {log}"


rule render_residuals:
    input:
        tables=analysed("residuals.csv"),
        trajectories=analysed("trajectories.csv"),
    output:
        multiext(str(FIGURES / "{experiment}_residuals"), *(f".{kind}" for kind in KINDS)),
    log:
        "logs/reference_render_residuals-{experiment}.log",
    params:
        stem=subpath(output[0], strip_suffix=".svg"),
    shell:
        "hrm render residuals --tables {input.tables} --trajectories {input.trajectories} --out {params.stem} 2> {log}"


rule render_participation:
    input:
        tables=analysed("participation.csv"),
        claims="params/claims.yaml",
    output:
        multiext(str(FIGURES / "{experiment}_participation"), *(f".{kind}" for kind in KINDS)),
    log:
        "logs/reference_render_participation-{experiment}.log",
    params:
        stem=subpath(output[0], strip_suffix=".svg"),
    shell:
        "hrm render participation --tables {input.tables} --claims {input.claims} --out {params.stem} 2> {log}"


rule render_steps:
    input:
        lambda wildcards: shown(FOLDER, FILMS[wildcards.film], "steps.json"),
    output:
        multiext(str(FIGURES / "{film}_steps"), *(f".{kind}" for kind in [*KINDS, "gif"])),
    log:
        "logs/reference_render_steps-{film}.log",
    params:
        stem=subpath(output[0], strip_suffix=".svg"),
    shell:
        "hrm render steps --steps {input} --out {params.stem} 2> {log}"


rule report_page:
    input:
        FOLDER / "claims.json",
        FIGURES / "boards_aggregates.svg",
        [FIGURES / f"{chart}_chart.svg" for chart in CHARTS],
        [FIGURES / f"{task}_difficulty.svg" for task in TASKS],
        [FIGURES / f"{name}_{figure}.svg" for name in DRAWN for figure in ("curves", "segments")],
        [FIGURES / f"{name}_{figure}.svg" for name in STATES for figure in ("residuals", "participation")],
        [FIGURES / f"{name}_steps.svg" for name in FILMS],
    output:
        FOLDER / "report.html",
    log:
        "logs/reference_page.log",
    params:
        scale=SCALE,
        results=FOLDER,
        figures=FIGURES,
    shell:
        "hrm render report --partial --scale {params.scale} --results {params.results} --figures {params.figures}"
        " --out {output} 2> {log}"
