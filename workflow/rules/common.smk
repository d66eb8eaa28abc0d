# What the rules share.


def files_of(jobs):
    """All outputs of jobs, as inputs whose times do not count."""
    return [ancient(path) for job in jobs for path in job.paths]


def outputs(kind, files):
    """The paths of a rule's outputs: in the folder of the key, which is a wildcard."""
    return [f"{FOLDERS[kind]}/{name}" for name in files]


def run_of(wildcards):
    """Task, variant and seed of a job."""
    return wildcards.task, wildcards.variant, int(wildcards.seed)


def todays(job, wildcards):
    """The job, if the key in the path that was asked for is the one that settings, code and inputs of today have."""
    if job.key != wildcards.key:
        raise WorkflowError(f"{wildcards.key} is no key of today: {job.folder} is (`hrm runs` lists all)")
    return job


def gpus(wildcards):
    """GPUs that a job takes; the smallest scale runs on CPUs, several jobs at a time."""
    return 0 if SCALE == ON_CPUS else 1


def training_gpus(wildcards):
    """GPUs that a training takes, one process each."""
    return PIPELINE.gpus * gpus(wildcards)


def one_of(names):
    """A constraint: one of these names, none if there are none."""
    return "|".join(names) or "(?!)"


def study_of(name):
    """The entry of params/comparisons.yaml that a table is called after."""
    return name.rpartition("_")[0]


def sheet_outputs(files):
    """The outputs of a contact sheet."""
    return [path.replace("{name}", "{task}_contact_sheet") for path in outputs("figure", files)]


# What people find under plain names beside tables and figures; results/metrics.json is in git, for `dvc metrics diff`.
PLAIN_PAGES = [f"results/{SCALE}/runs.csv", f"results/{SCALE}/report.html", "results/metrics.json"]


def caption(kind):
    """What Snakemake's report says of a kind of figure or table: the text of our own page."""
    return caption_of({"chart": "charts"}.get(kind, kind), PARAMS)


def training_data(wildcards):
    """The files of the data set."""
    return JOBS.data(todays(JOBS.train(*run_of(wildcards)), wildcards).task).paths


def start_model(wildcards):
    """The model whose modules a training starts from, if it starts from one."""
    start = JOBS.start_of(*run_of(wildcards))
    return start.file("model.safetensors") if start else []


def model_of(kind):
    """An input function: the network that a job of this kind measures."""

    def file(wildcards):
        run = run_of(wildcards)
        todays(JOBS.evaluation(*run) if kind == "evaluation" else JOBS.analysed(kind, *run), wildcards)
        return JOBS.train(*run).file("model.safetensors")

    return file


def data_of(wildcards):
    """The files of the data set of a job."""
    return JOBS.data(wildcards.task).paths


def table(name):
    """The path of a table of its rule."""
    return f"{FOLDERS['table']}/{name}"


def drawn(wildcards):
    """The files that a figure draws."""
    return JOBS.drawings[todays(JOBS.figure(wildcards.name), wildcards).name].inputs


def images(suffixes):
    """The outputs of a figure; the first is shown in Snakemake's report."""
    first, *others = outputs("figure", [f"{{name}}{suffix}" for suffix in suffixes])
    shown = report(first, caption="../report/caption.rst", category="Figures", labels={"figure": "{name}"})
    return [shown, *others]
