"""The small table of results that git holds: an accuracy or two of each run, under names that a person reads."""

from collections.abc import Callable, Mapping

from hrm.report.contrasts import PREFIX
from hrm.report.summary import Key, SummaryRow

# What is told of a run, in per cent: its name here, and in summary.csv.
METRICS = {"exact": "exact_accuracy", "pass_2": "arc_pass_at_2"}
DECIMALS = 2


def headline_metrics(
    summary: Mapping[Key, SummaryRow], shown: Callable[[str], str], scale: str
) -> dict[str, dict[str, dict[str, dict[str, float]]]]:
    """scale -> task -> variant -> metric -> per cent, the mean over seeds, of the weights that are shown."""
    found: dict[str, dict[str, dict[str, float]]] = {}
    for name, metric in METRICS.items():
        for row in summary.values():
            if row.metric == metric and not row.variant.startswith(PREFIX) and row.weights == shown(row.variant):
                variant = found.setdefault(row.task, {}).setdefault(row.variant, {})
                variant[name] = round(100 * row.mean, DECIMALS)
    return {scale: {task: dict(sorted(variants.items())) for task, variants in sorted(found.items())}}
