# One training. Its resume state lies in .partial/, which is no output: Snakemake deletes outputs before a job.


rule train:
    input:
        ancient(training_data),
        start=ancient(start_model),
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
        start=lambda wildcards, input: f"--start {input.start}" if input.start else "",
    shell:
        "hrm train --key {wildcards.key} --task {wildcards.task} --scale {wildcards.scale} --variant {wildcards.variant}"
        " --seed {wildcards.seed} --data {params.data} --out {params.folder}"
        " --processes {resources.gpu} {params.start} > {log} 2>&1"
