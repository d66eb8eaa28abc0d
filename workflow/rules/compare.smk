# Variants side by side: what the rows of a study say when they are grouped by what they differ in.


rule aggregate:
    input:
        "params/claims.yaml",
        "params/comparisons.yaml",
        summary="results/{scale}/summary.csv",
        parameters=all_parameters(),
        sources=source_files("aggregate"),
    output:
        "results/{scale}/{study}_aggregates.csv",
    log:
        "logs/aggregate@{scale}-{study}.log",
    benchmark:
        "benchmarks/aggregate@{scale}-{study}.tsv"
    shell:
        "hrm aggregate {wildcards.study} --scale {wildcards.scale} --summary {input.summary} --out {output} 2> {log}"


rule render_aggregates:
    input:
        table="results/{scale}/{study}_aggregates.csv",
        sources=source_files("render_aggregates"),
    output:
        svg=report(
            "figures/{scale}/{study}_aggregates.svg",
            caption="../report/aggregates.rst",
            category="Figures",
            labels={"scale": "{scale}", "experiment": "{study}", "figure": "rows grouped"},
        ),
        png="figures/{scale}/{study}_aggregates.png",
        pdf="figures/{scale}/{study}_aggregates.pdf",
    log:
        "logs/render_aggregates@{scale}-{study}.log",
    benchmark:
        "benchmarks/render_aggregates@{scale}-{study}.tsv"
    params:
        stem=subpath(output.svg, strip_suffix=".svg"),
    shell:
        "hrm render aggregates --table {input.table} --out {params.stem} 2> {log}"
