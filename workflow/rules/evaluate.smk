# One evaluation a training: every number, table and figure of the model comes from it. That of an ARC model votes, and so
# has a rule of its own: a rule's outputs are the same for all its jobs.


rule evaluate:
    input:
        "params/evaluation.yaml",
        model="results/{scale}/{task}/{variant}/seed{seed}/model.safetensors",
        train="data/{scale}/{task}/train.safetensors",
        test="data/{scale}/{task}/test.safetensors",
        info="data/{scale}/{task}/dataset.json",
        sources=source_files("evaluate"),
    output:
        expand("results/{{scale}}/{{task}}/{{variant}}/seed{{seed}}/{name}", name=EVALUATED),
    log:
        "logs/evaluate@{scale}-{task}-{variant}-{seed}.log",
    benchmark:
        "benchmarks/evaluate@{scale}-{task}-{variant}-{seed}.tsv"
    wildcard_constraints:
        task=one_of(task for task in PIPELINE.datasets if task not in ARC_TASKS),
    resources:
        gpu=gpus,
    params:
        data=subpath(input.info, parent=True),
        folder=subpath(output[0], ancestor=2),
    shell:
        "hrm evaluate --model {input.model} --data {params.data} --out {params.folder} 2> {log}"


use rule evaluate as evaluate_arc with:
    output:
        expand("results/{{scale}}/{{task}}/{{variant}}/seed{{seed}}/{name}", name=ARC_EVALUATED),
    log:
        "logs/evaluate_arc@{scale}-{task}-{variant}-{seed}.log",
    benchmark:
        "benchmarks/evaluate_arc@{scale}-{task}-{variant}-{seed}.tsv"
    wildcard_constraints:
        task=one_of(ARC_TASKS),
