# Data sets: shards of candidates in parallel, then one merge that does not depend on how many there were.


rule generate_shard:
    input:
        parameters=data_parameters,
        sources=source_files("data"),
    output:
        "data/{scale}/{task}/shards/{shard}.safetensors",
    log:
        "logs/generate_shard@{scale}-{task}-{shard}.log",
    benchmark:
        "benchmarks/generate_shard@{scale}-{task}-{shard}.tsv"
    params:
        shards=len(PIPELINE.shards),
    shell:
        "hrm generate --task {wildcards.task} --scale {wildcards.scale} --shard {wildcards.shard}"
        " --shards {params.shards} --out {output} 2> {log}"


rule dataset:
    input:
        shards=shard_files,
        parameters=data_parameters,
        sources=source_files("data"),
    output:
        train="data/{scale}/{task}/train.safetensors",
        test="data/{scale}/{task}/test.safetensors",
        info="data/{scale}/{task}/dataset.json",
    log:
        "logs/dataset@{scale}-{task}.log",
    benchmark:
        "benchmarks/dataset@{scale}-{task}.tsv"
    params:
        folder=subpath(output.info, parent=True),
    shell:
        "hrm generate --task {wildcards.task} --scale {wildcards.scale} --merge {input.shards}"
        " --out {params.folder} 2> {log}"
