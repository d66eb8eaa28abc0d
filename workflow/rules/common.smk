# What the rules share: which runs there are, which parameter files decide each phase, and what each makes.
from hrm.core.analysis_schema import analysis_params
from hrm.report.comparison_schema import comparison_params
from hrm.core.data_params import data_files, data_params
from hrm.report.report_schema import report_params
from hrm.core.schema import run_files, run_params

PARAMS = Path("params")
RUNS = [run for experiment in PIPELINE.experiments.values() for run in experiment.runs]
ANALYSIS = analysis_params(PARAMS, [])
REPORT = report_params(PARAMS)
COMPARISONS = comparison_params(PARAMS)
STUDIES, CHARTS = COMPARISONS.aggregates, COMPARISONS.charts
ARC_TASKS = [task for task in PIPELINE.datasets if data_params(PARAMS, PIPELINE.scale, task, []).family == "arc"]
ARC_RUNS = [run for run in RUNS if run[0] in ARC_TASKS]


wildcard_constraints:
    scale=r"[a-z][a-z0-9_]*",
    task=r"[a-z][a-z0-9_]*",
    variant=r"[a-z][a-z0-9_]*",
    experiment="|".join(PIPELINE.experiments),
    study="|".join(STUDIES),
    chart="|".join(CHARTS),
    seed=r"\d+",
    shard=r"\d+",


def one_of(names):
    """A constraint: one of these names, none if there are none."""
    return "|".join(names) or "(?!)"


def data_parameters(wildcards):
    """The parameter files of a data set; the table of sources is one, as it pins what is fetched."""
    return [*map(str, data_files(PARAMS, wildcards.scale, wildcards.task)), str(PARAMS / "sources.yaml")]


def run_parameters(wildcards):
    """The parameter files of a training."""
    return list(map(str, run_files(PARAMS, wildcards.scale, wildcards.task, wildcards.variant)))


def start_model(wildcards):
    """The model whose modules a training starts from, if it starts from one."""
    transfer = run_params(PARAMS, wildcards.scale, wildcards.task, wildcards.variant, []).transfer
    if transfer.task is None:
        return []
    return f"results/{wildcards.scale}/{transfer.task}/{transfer.variant}/seed{wildcards.seed}/model.safetensors"


def memory_parameters(wildcards):
    """The parameter files of the training whose memory is measured."""
    return list(map(str, run_files(PARAMS, wildcards.scale, ANALYSIS.memory.task, ANALYSIS.memory.variant)))


def all_parameters(scales="{scale}"):
    """An input function: every parameter file of the scale, or of all (`*`), but for the list of runs.

    What compares protocols reads them; the published settings are those of another scale.
    """

    def files(wildcards):
        folders = [
            *PARAMS.glob(f"scales/{scales.format(scale=wildcards.scale)}"),
            PARAMS / "tasks",
            PARAMS / "variants",
        ]
        names = ["training", "evaluation"]
        return [
            *(str(path) for folder in folders for path in sorted(folder.rglob("*.yaml"))),
            *(str(PARAMS / f"{name}.yaml") for name in names),
        ]

    return files


def shard_files(wildcards):
    """The shards of a data set, in order."""
    return expand(
        "data/{scale}/{task}/shards/{shard}.safetensors",
        scale=wildcards.scale,
        task=wildcards.task,
        shard=PIPELINE.shards,
    )


def run_outputs(name):
    """An input function: the file `name` of every run of the scale, or of one experiment where the output names one."""

    def files(wildcards):
        experiment = wildcards.get("experiment")
        runs = PIPELINE.experiments[experiment].runs if experiment else RUNS
        return [f"results/{wildcards.scale}/{task}/{variant}/seed{seed}/{name}" for task, variant, seed in runs]

    return files


WEIGHTS = ["raw", "ema"]


def of_both(names):
    """These files of raw and of averaged weights."""
    return [f"{weights}/{name}" for weights in WEIGHTS for name in names]


def shown_outputs(name):
    """As `run_outputs`, of the weights that each variant is shown with."""

    def files(wildcards):
        return [
            f"{Path(path).parent}/{COMPARISONS.shown(Path(path).parts[-3])}/{name}"
            for path in run_outputs(name)(wildcards)
        ]

    return files


# What an evaluation makes in the folder of a run: of both sets of weights, and of players without skill.
EVALUATION_FILES = [
    "metrics.json",
    "segments.csv",
    "difficulty.csv",
    "steps.json",
    "predictions.npz",
    "evaluation.json",
]
WITHOUT_SKILL = ["untrained/metrics.json", "chance/metrics.json"]
EVALUATED = [*of_both(EVALUATION_FILES), *WITHOUT_SKILL]
ARC_EVALUATED = [*of_both([*EVALUATION_FILES, "votes.csv", "submission.json"]), *WITHOUT_SKILL]
PLAYERS_METRICS = [*of_both(["metrics.json"]), *WITHOUT_SKILL]
# What lies in the folder of a run.
TRAINED = ["model.safetensors", "history.csv", "provenance.json"]
RUN_FILES = [*TRAINED, *EVALUATED]
ARC_RUN_FILES = [*TRAINED, *ARC_EVALUATED]


def task_folders(wildcards):
    """An input function: everything in the folders of the tasks whose runs are summed up or drawn together.

    A stage cannot list its dependencies run by run, so it depends on these folders; the rule does as its stage does.
    """
    experiment = wildcards.get("experiment")
    tasks = PIPELINE.experiments[experiment].tasks if experiment else {task for task, _, _ in RUNS}
    return [
        f"results/{wildcards.scale}/{task}/{variant}/seed{seed}/{name}"
        for task, variant, seed in RUNS
        if task in tasks
        for name in (ARC_RUN_FILES if task in ARC_TASKS else RUN_FILES)
    ]


# What lies in the folder of the states of a run.
STATE_METRICS = [*of_both(["metrics.json"]), "untrained/metrics.json"]
STATE_FILES = [
    *of_both(["residuals.csv", "trajectories.csv", "participation.csv", "metrics.json", "states.json"]),
    "untrained/metrics.json",
]


def state_files(name):
    """An input function: the file `name` of the states of every run of one experiment, of the weights it is shown with."""
    return lambda wildcards: [
        f"results/{wildcards.scale}/states/{task}/{variant}/seed{seed}/{COMPARISONS.shown(variant)}/{name}"
        for task, variant, seed in ANALYSIS.states.runs[wildcards.experiment].runs
    ]


def state_metrics(wildcards):
    """The metrics of the states of every run that is looked into."""
    return [
        f"results/{wildcards.scale}/states/{task}/{variant}/seed{seed}/{name}"
        for task, variant, seed in ANALYSIS.states.all_runs
        for name in STATE_METRICS
    ]


def states_folder(wildcards):
    """Everything in the folder of the states: stages depend on it as a whole, and so the rules do."""
    return [
        f"results/{wildcards.scale}/states/{task}/{variant}/seed{seed}/{name}"
        for task, variant, seed in ANALYSIS.states.all_runs
        for name in STATE_FILES
    ]


def routing_files(name):
    """An input function: the file `name` of every run of an experiment whose routing is measured."""
    return lambda wildcards: [
        f"results/{wildcards.scale}/routing/{task}/{variant}/seed{seed}/{COMPARISONS.shown(variant)}/{name}"
        for task, variant, seed in ANALYSIS.routing.runs[wildcards.experiment].runs
    ]


def routing_folder(wildcards):
    """Everything in the folder of the routing: stages depend on it as a whole, and so the rules do."""
    return [
        f"results/{wildcards.scale}/routing/{task}/{variant}/seed{seed}/{name}"
        for task, variant, seed in ANALYSIS.routing.all_runs
        for name in of_both(["routing.csv", "routing.json"])
    ]


# What lies in the folder of a network with more computation at test time, for each set of weights.
TEST_TIME_FILES = ["test_time.csv", "metrics.json", "test_time.json"]


def test_time_files(name, players=WEIGHTS):
    """An input function: the file `name` of every player of every run that is measured, or of one experiment's."""

    def files(wildcards):
        group = wildcards.get("experiment")
        runs = ANALYSIS.test_time.runs[group].runs if group else ANALYSIS.test_time.all_runs
        return [
            f"results/{wildcards.scale}/test_time/{task}/{variant}/seed{seed}/{player}/{name}"
            for task, variant, seed in runs
            for player in players
        ]

    return files


def test_time_folder(wildcards):
    """Everything in the folder of test time: stages depend on it as a whole, and so the rules do."""
    return [
        f"results/{wildcards.scale}/test_time/{task}/{variant}/seed{seed}/{name}"
        for task, variant, seed in ANALYSIS.test_time.all_runs
        for name in [
            *(f"{player}/{file}" for player in WEIGHTS for file in TEST_TIME_FILES),
            "untrained/metrics.json",
        ]
    ]


def report_figures(wildcards):
    """Every picture of the report page."""
    return [f"figures/{wildcards.scale}/{name}" for name in REPORT.figure_files(PIPELINE)]


def report_tables(wildcards):
    """Every table of the report page."""
    return [f"results/{wildcards.scale}/{name}" for name in REPORT.table_files(PIPELINE)]


def arc_outputs(name):
    """An input function: the file `name` of every run on ARC data, of the weights that it is shown with."""
    return lambda wildcards: [
        f"results/{wildcards.scale}/{task}/{variant}/seed{seed}/{COMPARISONS.shown(variant)}/{name}"
        for task, variant, seed in ARC_RUNS
    ]


def arc_folders(wildcards):
    """An input function: everything in the folders of the ARC tasks, on which the stage depends."""
    return [
        f"results/{wildcards.scale}/{task}/{variant}/seed{seed}/{name}"
        for task, variant, seed in ARC_RUNS
        for name in ARC_RUN_FILES
    ]


def first_run(name):
    """An input function: the file `name` of the experiment's first task, variant and seed, of the weights shown."""
    return lambda wildcards: shown_outputs(name)(wildcards)[0]


def gpus(wildcards):
    """GPUs that a job takes; the smallest scale runs on CPUs, several jobs at a time."""
    return 0 if wildcards.scale == ON_CPUS else 1


def training_gpus(wildcards):
    """GPUs that a training takes, one process each."""
    return PIPELINE.gpus * gpus(wildcards)


def require_gpu():
    """End the run in one line where jobs of this machine ask for a GPU that it has not."""
    jobs = [job for job in workflow.dag.needrun_jobs() if job.resources.get("gpu", 0)]
    if not (jobs and workflow.is_main_process and workflow.local_exec) or workflow.touch:
        return
    try:
        need_gpu(PIPELINE.scale, len(jobs))
    except HrmError as error:
        print(f"snakemake: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
