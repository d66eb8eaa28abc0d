# One training. Its resume state lies in .partial/, which is no output: both tools delete outputs before a job.


rule train:
    input:
        train="data/{scale}/{task}/train.safetensors",
        test="data/{scale}/{task}/test.safetensors",
        info="data/{scale}/{task}/dataset.json",
        start=start_model,
        parameters=run_parameters,
        sources=source_files("train"),
    output:
        model="results/{scale}/{task}/{variant}/seed{seed}/model.safetensors",
        history="results/{scale}/{task}/{variant}/seed{seed}/history.csv",
        provenance="results/{scale}/{task}/{variant}/seed{seed}/provenance.json",
    log:
        "logs/train@{scale}-{task}-{variant}-{seed}.log",
    benchmark:
        "benchmarks/train@{scale}-{task}-{variant}-{seed}.tsv"
    resources:
        gpu=training_gpus,
    params:
        data=subpath(input.info, parent=True),
        folder=subpath(output.model, parent=True),
        start=lambda wildcards, input: f"--start {input.start}" if input.start else "",
    shell:
        "hrm train --task {wildcards.task} --scale {wildcards.scale} --variant {wildcards.variant}"
        " --seed {wildcards.seed} --data {params.data} --out {params.folder}"
        " --processes {resources.gpu} {params.start} 2> {log}"
