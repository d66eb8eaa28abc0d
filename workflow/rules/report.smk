# From metrics to one table and the verdicts on the published claims; contact sheets of data sets.


rule summarise:
    input:
        "params/analysis.yaml",
        "params/comparisons.yaml",
        "params/evaluation.yaml",
        metrics=lambda wildcards: [path for name in PLAYERS_METRICS for path in run_outputs(name)(wildcards)],
        difficulty=lambda wildcards: [
            path for name in of_both(["difficulty.csv"]) for path in run_outputs(name)(wildcards)
        ],
        memory="results/{scale}/memory.csv",
        folders=task_folders,
        states=state_metrics,
        states_folder=states_folder,
        test_time=test_time_files("metrics.json", [*WEIGHTS, "untrained"]),
        test_time_folder=test_time_folder,
        sources=source_files("summarise"),
    output:
        report(
            "results/{scale}/summary.csv",
            caption="../report/summary.rst",
            category="Results",
            labels={"scale": "{scale}", "result": "all metrics"},
        ),
    log:
        "logs/summarise@{scale}.log",
    benchmark:
        "benchmarks/summarise@{scale}.tsv"
    shell:
        "hrm summarise --out {output} {input.metrics} {input.states} {input.test_time}"
        " --difficulty {input.difficulty} --memory {input.memory} 2> {log}"


rule claims:
    input:
        "params/comparisons.yaml",
        claims="params/claims.yaml",
        summary="results/{scale}/summary.csv",
        datasets=expand("data/{{scale}}/{task}/dataset.json", task=PIPELINE.datasets),
        records=run_outputs("provenance.json"),
        folders=task_folders,
        parameters=all_parameters("*"),
        sources=source_files("claims"),
    output:
        ledger="results/{scale}/claims.json",
        table=report(
            "results/{scale}/claims.md",
            caption="../report/claims.rst",
            category="Results",
            labels={"scale": "{scale}", "result": "verdicts on the published claims"},
        ),
    log:
        "logs/claims@{scale}.log",
    benchmark:
        "benchmarks/claims@{scale}.tsv"
    shell:
        "hrm claims --claims {input.claims} --scale {wildcards.scale} --summary {input.summary}"
        " --datasets {input.datasets} --records {input.records} --out {output.ledger} --table {output.table} 2> {log}"


rule contact_sheet:
    input:
        train="data/{scale}/{task}/train.safetensors",
        test="data/{scale}/{task}/test.safetensors",
        info="data/{scale}/{task}/dataset.json",
        sources=source_files("show"),
    output:
        png=report(
            "figures/{scale}/{task}/contact_sheet.png",
            caption="../report/contact_sheet.rst",
            category="Data sets",
            labels={"scale": "{scale}", "task": "{task}", "form": "sheet"},
        ),
        html=report(
            "figures/{scale}/{task}/contact_sheet.html",
            caption="../report/contact_sheet.rst",
            category="Data sets",
            labels={"scale": "{scale}", "task": "{task}", "form": "page"},
        ),
    log:
        "logs/contact_sheet@{scale}-{task}.log",
    benchmark:
        "benchmarks/contact_sheet@{scale}-{task}.tsv"
    params:
        data=subpath(input.info, parent=True),
        folder=subpath(output.html, parent=True),
    shell:
        "hrm show {params.data} --out {params.folder} 2> {log}"
