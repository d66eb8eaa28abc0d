# The figures of experiments, each in three formats.


rule render_difficulty:
    input:
        table="data/{scale}/{task}/dataset.json",
        sources=source_files("render"),
    output:
        svg=report(
            "figures/{scale}/{task}_difficulty.svg",
            caption="../report/difficulty.rst",
            category="Figures",
            labels={"scale": "{scale}", "task": "{task}", "figure": "difficulty"},
        ),
        png="figures/{scale}/{task}_difficulty.png",
        pdf="figures/{scale}/{task}_difficulty.pdf",
    log:
        "logs/render_difficulty@{scale}-{task}.log",
    benchmark:
        "benchmarks/render_difficulty@{scale}-{task}.tsv"
    params:
        stem=subpath(output.svg, strip_suffix=".svg"),
    shell:
        "hrm render difficulty --dataset {input.table} --out {params.stem} 2> {log}"


rule render_curves:
    input:
        tables=run_outputs("history.csv"),
        folders=task_folders,
        sources=source_files("render"),
    output:
        svg=report(
            "figures/{scale}/{experiment}_curves.svg",
            caption="../report/curves.rst",
            category="Figures",
            labels={"scale": "{scale}", "experiment": "{experiment}", "figure": "training curves"},
        ),
        png="figures/{scale}/{experiment}_curves.png",
        pdf="figures/{scale}/{experiment}_curves.pdf",
    log:
        "logs/render_curves@{scale}-{experiment}.log",
    benchmark:
        "benchmarks/render_curves@{scale}-{experiment}.tsv"
    params:
        stem=subpath(output.svg, strip_suffix=".svg"),
    shell:
        "hrm render curves --histories {input.tables} --out {params.stem} 2> {log}"


rule render_segments:
    input:
        "params/evaluation.yaml",
        tables=shown_outputs("segments.csv"),
        folders=task_folders,
        sources=source_files("render"),
    output:
        svg=report(
            "figures/{scale}/{experiment}_segments.svg",
            caption="../report/segments.rst",
            category="Figures",
            labels={"scale": "{scale}", "experiment": "{experiment}", "figure": "computation at inference"},
        ),
        png="figures/{scale}/{experiment}_segments.png",
        pdf="figures/{scale}/{experiment}_segments.pdf",
    log:
        "logs/render_segments@{scale}-{experiment}.log",
    benchmark:
        "benchmarks/render_segments@{scale}-{experiment}.tsv"
    params:
        stem=subpath(output.svg, strip_suffix=".svg"),
    shell:
        "hrm render segments --tables {input.tables} --out {params.stem} 2> {log}"


rule render_votes:
    input:
        "params/evaluation.yaml",
        claims="params/claims.yaml",
        tables=arc_outputs("votes.csv"),
        folders=arc_folders,
        sources=source_files("render"),
    output:
        svg=report(
            "figures/{scale}/arc_votes.svg",
            caption="../report/votes.rst",
            category="Figures",
            labels={"scale": "{scale}", "experiment": "arc, arc_data", "figure": "score against votes"},
        ),
        png="figures/{scale}/arc_votes.png",
        pdf="figures/{scale}/arc_votes.pdf",
    log:
        "logs/render_votes@{scale}.log",
    benchmark:
        "benchmarks/render_votes@{scale}.tsv"
    params:
        stem=subpath(output.svg, strip_suffix=".svg"),
    shell:
        "hrm render votes --tables {input.tables} --claims {input.claims} --out {params.stem} 2> {log}"


rule render_steps:
    input:
        table=first_run("steps.json"),
        sources=source_files("render"),
    output:
        svg=report(
            "figures/{scale}/{experiment}_steps.svg",
            caption="../report/steps.rst",
            category="Figures",
            labels={"scale": "{scale}", "experiment": "{experiment}", "figure": "one puzzle, step by step"},
        ),
        png="figures/{scale}/{experiment}_steps.png",
        pdf="figures/{scale}/{experiment}_steps.pdf",
        gif=report(
            "figures/{scale}/{experiment}_steps.gif",
            caption="../report/animation.rst",
            category="Figures",
            labels={"scale": "{scale}", "experiment": "{experiment}", "figure": "one puzzle, as an animation"},
        ),
    log:
        "logs/render_steps@{scale}-{experiment}.log",
    benchmark:
        "benchmarks/render_steps@{scale}-{experiment}.tsv"
    params:
        stem=subpath(output.svg, strip_suffix=".svg"),
    shell:
        "hrm render steps --steps {input.table} --out {params.stem} 2> {log}"


rule render_routing:
    input:
        tables=routing_files("routing.csv"),
        folder=routing_folder,
        sources=source_files("render"),
    output:
        svg=report(
            "figures/{scale}/{experiment}_routing.svg",
            caption="../report/routing.rst",
            category="Figures",
            labels={"scale": "{scale}", "experiment": "{experiment}", "figure": "entropy of routes and attention"},
        ),
        png="figures/{scale}/{experiment}_routing.png",
        pdf="figures/{scale}/{experiment}_routing.pdf",
    log:
        "logs/render_routing@{scale}-{experiment}.log",
    benchmark:
        "benchmarks/render_routing@{scale}-{experiment}.tsv"
    params:
        stem=subpath(output.svg, strip_suffix=".svg"),
    shell:
        "hrm render routing --tables {input.tables} --out {params.stem} 2> {log}"


rule render_memory:
    input:
        table="results/{scale}/memory.csv",
        sources=source_files("render"),
    output:
        svg=report(
            "figures/{scale}/memory.svg",
            caption="../report/memory.rst",
            category="Figures",
            labels={"scale": "{scale}", "task": "none", "figure": "memory of a training step"},
        ),
        png="figures/{scale}/memory.png",
        pdf="figures/{scale}/memory.pdf",
    log:
        "logs/render_memory@{scale}.log",
    benchmark:
        "benchmarks/render_memory@{scale}.tsv"
    params:
        stem=subpath(output.svg, strip_suffix=".svg"),
    shell:
        "hrm render memory --table {input.table} --out {params.stem} 2> {log}"


rule render_residuals:
    input:
        "params/evaluation.yaml",
        tables=state_files("residuals.csv"),
        trajectories=state_files("trajectories.csv"),
        folder=states_folder,
        sources=source_files("render"),
    output:
        svg=report(
            "figures/{scale}/{experiment}_residuals.svg",
            caption="../report/residuals.rst",
            category="Figures",
            labels={"scale": "{scale}", "experiment": "{experiment}", "figure": "forward residuals"},
        ),
        png="figures/{scale}/{experiment}_residuals.png",
        pdf="figures/{scale}/{experiment}_residuals.pdf",
    log:
        "logs/render_residuals@{scale}-{experiment}.log",
    benchmark:
        "benchmarks/render_residuals@{scale}-{experiment}.tsv"
    params:
        stem=subpath(output.svg, strip_suffix=".svg"),
    shell:
        "hrm render residuals --tables {input.tables} --trajectories {input.trajectories}"
        " --out {params.stem} 2> {log}"


rule render_participation:
    input:
        "params/evaluation.yaml",
        claims="params/claims.yaml",
        tables=state_files("participation.csv"),
        folder=states_folder,
        sources=source_files("render"),
    output:
        svg=report(
            "figures/{scale}/{experiment}_participation.svg",
            caption="../report/participation.rst",
            category="Figures",
            labels={"scale": "{scale}", "experiment": "{experiment}", "figure": "participation ratio"},
        ),
        png="figures/{scale}/{experiment}_participation.png",
        pdf="figures/{scale}/{experiment}_participation.pdf",
    log:
        "logs/render_participation@{scale}-{experiment}.log",
    benchmark:
        "benchmarks/render_participation@{scale}-{experiment}.tsv"
    params:
        stem=subpath(output.svg, strip_suffix=".svg"),
    shell:
        "hrm render participation --tables {input.tables} --claims {input.claims} --out {params.stem} 2> {log}"


rule render_test_time:
    input:
        "params/evaluation.yaml",
        tables=test_time_files("test_time.csv"),
        folder=test_time_folder,
        sources=source_files("render"),
    output:
        svg=report(
            "figures/{scale}/{experiment}_test_time.svg",
            caption="../report/test_time.rst",
            category="Figures",
            labels={"scale": "{scale}", "experiment": "{experiment}", "figure": "more computation at test time"},
        ),
        png="figures/{scale}/{experiment}_test_time.png",
        pdf="figures/{scale}/{experiment}_test_time.pdf",
    log:
        "logs/render_test_time@{scale}-{experiment}.log",
    benchmark:
        "benchmarks/render_test_time@{scale}-{experiment}.tsv"
    params:
        stem=subpath(output.svg, strip_suffix=".svg"),
    shell:
        "hrm render test_time --tables {input.tables} --out {params.stem} 2> {log}"
