# The source files that decide each phase, as inputs of its rules.

# What a folder of sources holds: modules, and templates of pages.
SOURCE_KINDS = ["*.py", "*.html", "*.css"]
# What it takes to have a network's answers on the examples of every task, and to judge them.
ANSWERS = [
    "data/arc/canonical.py",
    "data/arc/collection.py",
    "data/arc/encoding.py",
    "data/arc/group.py",
    "data/arc/mixing.py",
    "data/arc/symmetries.py",
    "data/compiled.py",
    "data/dataset.py",
    "data/grid/paths.py",
    "data/lattice/rollout.py",
    "data/lattice/tokens.py",
    "data/maze/optimal.py",
    "data/maze/tokens.py",
    "data/moves.py",
    "data/permutations.py",
    "data/turns.py",
]
# The source files that can change a phase's outputs; a folder stands for all modules in it. The rule file is among
# them, since neither tool notices an edited command line after a sync. dvc.yaml names the same, and a test compares
# both with what the commands import. cli.py and the __init__ files of the package decide no result.
SOURCES = {
    "data": ["core", "data", "commands/generate.py"],
    "train": [
        "core",
        "data/augment.py",
        "data/batches.py",
        "data/dataset.py",
        "data/permutations.py",
        "data/arc/encoding.py",
        "data/arc/group.py",
        "data/arc/symmetries.py",
        "data/grid/dihedral.py",
        "data/grid/symmetries.py",
        "data/moves.py",
        "data/sudoku/layout.py",
        "data/sudoku/plan.py",
        "data/sudoku/symmetries.py",
        "data/turns.py",
        "models",
        "training",
        "commands/train.py",
    ],
    "evaluate": ["core", *ANSWERS, "evaluation", "models", "training/checkpoint.py", "commands/evaluate.py"],
    "analyse": [
        "core",
        "analysis",
        *ANSWERS,
        "data/grid/dihedral.py",
        "data/grid/symmetries.py",
        "data/sudoku/layout.py",
        "data/sudoku/plan.py",
        "data/sudoku/symmetries.py",
        "evaluation",
        "models",
        "training/checkpoint.py",
        "commands/analyse.py",
    ],
    "summarise": [
        "core",
        "evaluation/intervals.py",
        "report/chart_schema.py",
        "report/comparison_schema.py",
        "report/contrasts.py",
        "report/other_rows.py",
        "report/run_paths.py",
        "report/summary.py",
        "commands/summarise.py",
    ],
    "aggregate": [
        "core",
        "report/aggregates.py",
        "report/chart_schema.py",
        "report/claims_file.py",
        "report/comparison_schema.py",
        "report/contrasts.py",
        "report/run_paths.py",
        "report/summary.py",
        "commands/aggregate.py",
    ],
    "render_aggregates": ["core", "report", "commands/render.py"],
    "compare_chart": [
        "core",
        "report/chart_schema.py",
        "report/charts.py",
        "report/claims_file.py",
        "report/comparison_schema.py",
        "report/contrasts.py",
        "report/run_paths.py",
        "report/summary.py",
        "report/verdicts.py",
        "commands/compare.py",
    ],
    "render_chart": ["core", "report", "commands/render.py"],
    "claims": ["core", "models", "report", "commands/claims.py"],
    "render": ["core", "report", "commands/render.py"],
    "show": ["core", "data", "report", "commands/show.py"],
    "report_page": ["core", "report", "commands/render.py"],
}
RULE_FILES = {
    "data": "data",
    "train": "train",
    "evaluate": "evaluate",
    "analyse": "analyse",
    "summarise": "report",
    "aggregate": "compare",
    "render_aggregates": "compare",
    "compare_chart": "compare",
    "render_chart": "compare",
    "claims": "report",
    "render": "drawings",
    "show": "report",
    "report_page": "page",
}


def source_files(phase):
    """The modules that a phase runs, and the file of its rules."""
    files = []
    for name in SOURCES[phase]:
        path = Path("src/hrm") / name
        files += sorted(file for kind in SOURCE_KINDS for file in path.rglob(kind)) if path.is_dir() else [path]
    return [*map(str, files), f"workflow/rules/{RULE_FILES[phase]}.smk"]
