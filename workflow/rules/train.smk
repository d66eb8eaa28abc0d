# One training. Its resume state lies in .partial/, which is no output: Snakemake deletes outputs before a job.


def training_inputs(wildcards):
    """The data, and the model whose modules a training starts from, if it starts from one."""
    job = todays(JOBS.train(*run_of(wildcards)), wildcards)
    start = JOBS.start_of(job.task, job.variant, job.seed)
    found = {"data": JOBS.data(job.task).paths}
    return found | ({"start": start.file("model.safetensors")} if start else {})


rule train:
    input:
        unpack(lambda wildcards: {name: ancient(files) for name, files in training_inputs(wildcards).items()}),
    output:
        outputs("train", TRAIN_FILES),
    log:
        "logs/{scale}/train-{task}-{variant}-seed{seed}-{key}.log",
    benchmark:
        f"{FOLDERS['train']}/benchmark.tsv"
    resources:
        gpu=training_gpus,
    params:
        data=lambda wildcards: JOBS.data(wildcards.task).folder,
        folder=subpath(output[0], parent=True),
        start=lambda wildcards, input: f"--start {input.start}" if "start" in input.keys() else "",
    shell:
        "hrm train --key {wildcards.key} --task {wildcards.task} --scale {wildcards.scale} --variant {wildcards.variant}"
        " --seed {wildcards.seed} --data {params.data} --out {params.folder}"
        " --processes {resources.gpu} {params.start} > {log} 2>&1"
