# What is measured of networks besides their answers.


rule measure_memory:
    input:
        "params/analysis.yaml",
        parameters=memory_parameters,
        sources=source_files("analyse"),
    output:
        table="results/{scale}/memory.csv",
        provenance="results/{scale}/memory.json",
    log:
        "logs/measure_memory@{scale}.log",
    benchmark:
        "benchmarks/measure_memory@{scale}.tsv"
    resources:
        gpu=gpus,
    shell:
        "hrm analyse memory --scale {wildcards.scale} --out {output.table} 2> {log}"


rule analyse_states:
    input:
        "params/analysis.yaml",
        "params/evaluation.yaml",
        model="results/{scale}/{task}/{variant}/seed{seed}/model.safetensors",
        train="data/{scale}/{task}/train.safetensors",
        test="data/{scale}/{task}/test.safetensors",
        info="data/{scale}/{task}/dataset.json",
        sources=source_files("analyse"),
    output:
        expand("results/{{scale}}/states/{{task}}/{{variant}}/seed{{seed}}/{name}", name=STATE_FILES),
    log:
        "logs/analyse_states@{scale}-{task}-{variant}-{seed}.log",
    benchmark:
        "benchmarks/analyse_states@{scale}-{task}-{variant}-{seed}.tsv"
    resources:
        gpu=gpus,
    params:
        data=subpath(input.info, parent=True),
        folder=subpath(output[0], ancestor=2),
    shell:
        "hrm analyse states --model {input.model} --data {params.data} --out {params.folder} 2> {log}"


rule analyse_routing:
    input:
        "params/analysis.yaml",
        "params/evaluation.yaml",
        model="results/{scale}/{task}/{variant}/seed{seed}/model.safetensors",
        train="data/{scale}/{task}/train.safetensors",
        test="data/{scale}/{task}/test.safetensors",
        info="data/{scale}/{task}/dataset.json",
        sources=source_files("analyse"),
    output:
        expand(
            "results/{{scale}}/routing/{{task}}/{{variant}}/seed{{seed}}/{name}",
            name=of_both(["routing.csv", "routing.json"]),
        ),
    log:
        "logs/analyse_routing@{scale}-{task}-{variant}-{seed}.log",
    benchmark:
        "benchmarks/analyse_routing@{scale}-{task}-{variant}-{seed}.tsv"
    resources:
        gpu=gpus,
    params:
        data=subpath(input.info, parent=True),
        folder=subpath(output[0], ancestor=2),
    shell:
        "hrm analyse routing --model {input.model} --data {params.data} --out {params.folder} 2> {log}"


rule analyse_test_time:
    input:
        "params/analysis.yaml",
        "params/evaluation.yaml",
        model="results/{scale}/{task}/{variant}/seed{seed}/model.safetensors",
        train="data/{scale}/{task}/train.safetensors",
        test="data/{scale}/{task}/test.safetensors",
        info="data/{scale}/{task}/dataset.json",
        sources=source_files("analyse"),
    output:
        raw="results/{scale}/test_time/{task}/{variant}/seed{seed}/raw/metrics.json",
        raw_table="results/{scale}/test_time/{task}/{variant}/seed{seed}/raw/test_time.csv",
        raw_provenance="results/{scale}/test_time/{task}/{variant}/seed{seed}/raw/test_time.json",
        ema="results/{scale}/test_time/{task}/{variant}/seed{seed}/ema/metrics.json",
        ema_table="results/{scale}/test_time/{task}/{variant}/seed{seed}/ema/test_time.csv",
        ema_provenance="results/{scale}/test_time/{task}/{variant}/seed{seed}/ema/test_time.json",
        untrained="results/{scale}/test_time/{task}/{variant}/seed{seed}/untrained/metrics.json",
    log:
        "logs/analyse_test_time@{scale}-{task}-{variant}-{seed}.log",
    benchmark:
        "benchmarks/analyse_test_time@{scale}-{task}-{variant}-{seed}.tsv"
    resources:
        gpu=gpus,
    params:
        data=subpath(input.info, parent=True),
        folder=subpath(output.raw, ancestor=2),
    shell:
        "hrm analyse test_time --model {input.model} --data {params.data} --out {params.folder} 2> {log}"
