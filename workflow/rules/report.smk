# From metrics to tables, verdicts, figures, and the plain names under which people find them.


rule summarise:
    input:
        [ancient(path) for paths in JOBS.summary_inputs().values() for path in paths],
    output:
        report(
            table("summary.csv"),
            caption="../report/caption.rst",
            category="Results",
            labels={"result": "all metrics"},
        ),
    log:
        "logs/{scale}/{name}-{key}.log",
    wildcard_constraints:
        name="summary",
    params:
        key=lambda wildcards: todays(JOBS.summary(), wildcards).key,
        caption=caption("summary"),
    shell:
        "hrm summarise --key {params.key} --scale {wildcards.scale} --out {output} > {log} 2>&1"


rule claims:
    input:
        [ancient(path) for paths in JOBS.claims_inputs().values() for path in paths],
    output:
        ledger=table("claims.json"),
        table=report(
            table("claims.md"),
            caption="../report/caption.rst",
            category="Results",
            labels={"result": "verdicts on the published claims"},
        ),
    log:
        "logs/{scale}/{name}-{key}.log",
    wildcard_constraints:
        name="claims",
    params:
        key=lambda wildcards: todays(JOBS.claims(), wildcards).key,
        caption=caption("claims"),
    shell:
        "hrm claims --key {params.key} --scale {wildcards.scale} --out {output.ledger} --table {output.table} > {log} 2>&1"


rule aggregate:
    input:
        ancient(JOBS.summary().file("summary.csv")),
    output:
        table("{name}.csv"),
    log:
        "logs/{scale}/{name}-{key}.log",
    wildcard_constraints:
        name=one_of(JOBS.aggregates(study).name for study in JOBS.studies),
    params:
        key=lambda wildcards: todays(JOBS.aggregates(study_of(wildcards.name)), wildcards).key,
        study=lambda wildcards: study_of(wildcards.name),
    shell:
        "hrm aggregate {params.study} --key {params.key} --scale {wildcards.scale} --summary {input}"
        " --out {output} > {log} 2>&1"


rule compare:
    input:
        ancient(JOBS.summary().file("summary.csv")),
    output:
        table("{name}.csv"),
    log:
        "logs/{scale}/{name}-{key}.log",
    wildcard_constraints:
        name=one_of(JOBS.chart(chart).name for chart in JOBS.comparisons.charts),
    params:
        key=lambda wildcards: todays(JOBS.chart(study_of(wildcards.name)), wildcards).key,
        chart=lambda wildcards: study_of(wildcards.name),
    shell:
        "hrm compare {params.chart} --key {params.key} --summary {input} --claims params/claims.yaml"
        " --out {output} > {log} 2>&1"


rule draw:
    input:
        ancient(drawn),
    output:
        images(SUFFIXES),
    log:
        "logs/{scale}/draw-{name}-{key}.log",
    wildcard_constraints:
        name=one_of(name for name, drawing in JOBS.drawings.items() if drawing.suffixes == SUFFIXES),
    params:
        command=lambda wildcards: JOBS.drawings[wildcards.name].command,
        stem=subpath(output[0], strip_suffix=".svg"),
        caption=lambda wildcards: caption(JOBS.drawings[wildcards.name].kind),
    shell:
        "hrm render {params.command} --key {wildcards.key} --out {params.stem} > {log} 2>&1"


# As an animation too: a rule's outputs are the same for all its jobs.
use rule draw as draw_film with:
    output:
        images([*SUFFIXES, ".gif"]),
    wildcard_constraints:
        name=one_of(name for name, drawing in JOBS.drawings.items() if drawing.suffixes != SUFFIXES),


rule contact_sheet:
    input:
        ancient(lambda wildcards: JOBS.data(wildcards.task).paths),
    output:
        [
            report(
                path, caption="../report/caption.rst", category="Data sets", labels={"task": "{task}", "form": form}
            )
            for path, form in zip(
                sheet_outputs(["contact_sheet.png", "contact_sheet.html"]), ["sheet", "page"], strict=True
            )
        ],
    log:
        "logs/{scale}/contact_sheet-{task}-{key}.log",
    params:
        data=lambda wildcards: todays(JOBS.contact_sheet(wildcards.task), wildcards)
        and JOBS.data(wildcards.task).folder,
        folder=subpath(output[0], parent=True),
        caption=caption("contact_sheet"),
    shell:
        "hrm show {params.data} --key {wildcards.key} --out {params.folder} > {log} 2>&1"


# The copies under plain names lie where people look for them; the record of what was copied is named by the key, and
# stands for them: other copies than those of today are made anew.
rule publish:
    input:
        files_of(job for job in ALL if job.kind != "published"),
    output:
        record=JOBS.published.paths,
        plain=[*JOBS.plain_names().values(), *PLAIN_PAGES],
    log:
        f"logs/{SCALE}/publish-{JOBS.published.key}.log",
    params:
        key=JOBS.published.key,
        scale=SCALE,
    shell:
        "hrm publish --key {params.key} --scale {params.scale} --out {output.record} > {log} 2>&1"
