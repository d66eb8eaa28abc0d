# Data sets: shards of candidates in parallel, then one merge that does not depend on how many there were.


rule generate_shard:
    output:
        temp(f"{FOLDERS['data']}/shards/{{shard}}_of_{{shards}}.safetensors"),
    log:
        "logs/{scale}/generate-{task}-{key}-{shard}_of_{shards}.log",
    params:
        key=lambda wildcards: todays(JOBS.data(wildcards.task), wildcards).key,
    shell:
        "hrm generate --key {params.key} --task {wildcards.task} --scale {wildcards.scale}"
        " --shard {wildcards.shard} --shards {wildcards.shards} --out {output} > {log} 2>&1"


rule dataset:
    input:
        ancient(
            expand(
                f"{FOLDERS['data']}/shards/{{shard}}_of_{len(PIPELINE.shards)}.safetensors",
                shard=PIPELINE.shards,
                allow_missing=True,
            )
        ),
    output:
        outputs("data", DATA_FILES),
    log:
        "logs/{scale}/dataset-{task}-{key}.log",
    benchmark:
        f"{FOLDERS['data']}/benchmark.tsv"
    params:
        key=lambda wildcards: todays(JOBS.data(wildcards.task), wildcards).key,
        folder=subpath(output[0], parent=True),
    shell:
        "hrm generate --key {params.key} --task {wildcards.task} --scale {wildcards.scale} --merge {input}"
        " --out {params.folder} > {log} 2>&1"
