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
