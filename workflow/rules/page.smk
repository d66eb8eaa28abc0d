# Everything on one page.


rule report_page:
    input:
        "params/analysis.yaml",
        "params/claims.yaml",
        "params/comparisons.yaml",
        "params/report.yaml",
        "results/{scale}/claims.json",
        "results/{scale}/memory.json",
        figures=report_figures,
        tables=report_tables,
        folders=task_folders,
        states=states_folder,
        routing=routing_folder,
        test_time=test_time_folder,
        sources=source_files("report_page"),
    output:
        "results/{scale}/report.html",
    log:
        "logs/report_page@{scale}.log",
    benchmark:
        "benchmarks/report_page@{scale}.tsv"
    shell:
        "hrm render report --scale {wildcards.scale} --out {output} 2> {log}"
