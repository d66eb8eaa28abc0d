"""Differences between variants, seed by seed, so that what the seeds share cancels out of the interval."""

from collections.abc import Mapping

from hrm.report.comparison_schema import ContrastParams

Runs = dict[tuple[str, str], dict[str, dict[str, float]]]
PREFIX = "contrast_"


def contrast_runs(runs: Runs, contrasts: Mapping[str, ContrastParams]) -> Runs:
    """The contrasts as if each were a variant: (task, contrast_NAME) -> seed folder -> metric -> weighted sum.

    A seed counts where every variant of the contrast has it; a contrast without such seeds is left out.

    Args:
        runs: as `hrm.report.summary.read_metrics` gives them.
        contrasts: params/comparisons.yaml.
    """
    found: Runs = {}
    for name, contrast in contrasts.items():
        variants = [runs.get((contrast.task, variant), {}) for variant in contrast.weights]
        seeds = set.intersection(*(set(variant) for variant in variants))
        values = {seed: _weighted(contrast, [variant[seed] for variant in variants]) for seed in sorted(seeds)}
        values = {seed: metrics for seed, metrics in values.items() if metrics}
        if values:
            found[contrast.task, PREFIX + name] = values
    return found


def _weighted(contrast: ContrastParams, results: list[dict[str, float]]) -> dict[str, float]:
    weights = contrast.weights.values()
    return {
        metric: sum(weight * result[metric] for weight, result in zip(weights, results, strict=True))
        for metric in contrast.metrics
        if all(metric in result for result in results)
    }
