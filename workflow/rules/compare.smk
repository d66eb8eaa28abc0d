# Variants side by side, and what the rows of a study say when they are grouped by what they differ in.


rule aggregate:
    input:
        "params/claims.yaml",
        "params/comparisons.yaml",
        summary="results/{scale}/summary.csv",
        parameters=all_parameters,
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


rule compare_chart:
    input:
        "params/comparisons.yaml",
        claims="params/claims.yaml",
        summary="results/{scale}/summary.csv",
        sources=source_files("compare_chart"),
    output:
        "results/{scale}/{chart}_chart.csv",
    log:
        "logs/compare_chart@{scale}-{chart}.log",
    benchmark:
        "benchmarks/compare_chart@{scale}-{chart}.tsv"
    shell:
        "hrm compare {wildcards.chart} --summary {input.summary} --claims {input.claims} --out {output} 2> {log}"


rule render_chart:
    input:
        "params/comparisons.yaml",
        "params/evaluation.yaml",
        table="results/{scale}/{chart}_chart.csv",
        sources=source_files("render_chart"),
    output:
        svg=report(
            "figures/{scale}/{chart}_chart.svg",
            caption="../report/charts.rst",
            category="Comparisons",
            labels={"scale": "{scale}", "chart": "{chart}"},
        ),
        png="figures/{scale}/{chart}_chart.png",
        pdf="figures/{scale}/{chart}_chart.pdf",
    log:
        "logs/render_chart@{scale}-{chart}.log",
    benchmark:
        "benchmarks/render_chart@{scale}-{chart}.tsv"
    params:
        stem=subpath(output.svg, strip_suffix=".svg"),
    shell:
        "hrm render chart {wildcards.chart} --table {input.table} --out {params.stem} 2> {log}"
