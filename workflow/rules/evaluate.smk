# What is measured of trained networks: one evaluation each, from which every number, table and figure of the network
# comes, and for some of them what happens inside.


rule evaluate:
    input:
        data=ancient(data_of),
        model=ancient(model_of("evaluation")),
    output:
        outputs("evaluation", EVALUATION_FILES),
    log:
        "logs/{scale}/evaluate-{task}-{variant}-seed{seed}-{key}.log",
    benchmark:
        f"{FOLDERS['evaluation']}/benchmark.tsv"
    wildcard_constraints:
        task=one_of(task for task in PIPELINE.datasets if not JOBS.is_arc(task)),
    resources:
        gpu=gpus,
    params:
        data=lambda wildcards: JOBS.data(wildcards.task).folder,
        folder=subpath(output[0], ancestor=2),
    shell:
        "hrm evaluate --key {wildcards.key} --model {input.model} --data {params.data} --out {params.folder} > {log} 2>&1"


# An evaluation of ARC votes, and a rule's outputs are the same for all its jobs.
use rule evaluate as evaluate_arc with:
    output:
        outputs("evaluation", ARC_EVALUATION_FILES),
    wildcard_constraints:
        task=one_of(task for task in PIPELINE.datasets if JOBS.is_arc(task)),


for kind in ANALYSIS_FILES:

    rule:
        name:
            f"analyse_{kind}"
        input:
            data=ancient(data_of),
            model=ancient(model_of(kind)),
        output:
            outputs(kind, ANALYSIS_FILES[kind]),
        log:
            f"logs/{{scale}}/{kind}-{{task}}-{{variant}}-seed{{seed}}-{{key}}.log",
        benchmark:
            f"{FOLDERS[kind]}/benchmark.tsv"
        resources:
            gpu=gpus,
        params:
            kind=kind,
            data=lambda wildcards: JOBS.data(wildcards.task).folder,
            folder=subpath(output[0], ancestor=2),
        shell:
            "hrm analyse {params.kind} --key {wildcards.key} --model {input.model} --data {params.data}"
            " --out {params.folder} > {log} 2>&1"


rule measure_memory:
    output:
        table=table("memory.csv"),
        record=table("memory.json"),
    log:
        "logs/{scale}/memory-{name}-{key}.log",
    wildcard_constraints:
        name="memory",
    resources:
        gpu=gpus,
    params:
        key=lambda wildcards: todays(JOBS.memory(), wildcards).key,
    shell:
        "hrm analyse memory --key {params.key} --scale {wildcards.scale} --out {output.table} > {log} 2>&1"
