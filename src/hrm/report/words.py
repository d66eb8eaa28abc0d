"""What figures call things: variants, tasks and metrics in words, weights, and the name of an interval."""

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from hrm.report.run_paths import WEIGHTS_IN_WORDS

if TYPE_CHECKING:
    from hrm.report.comparison_schema import ComparisonParams


class Words:
    """Names for readers, from the folder of the parameters; one without words of its own is said without underscores.

    Nothing is read before it is asked for.
    """

    def __init__(self, params: Path) -> None:
        self.params = params

    @cached_property
    def comparisons(self) -> "ComparisonParams":
        """params/comparisons.yaml."""
        from hrm.report.comparison_schema import comparison_params

        return comparison_params(self.params)

    @cached_property
    def confidence(self) -> str:
        """Names the intervals, as in "95 %"."""
        from hrm.core.schema import evaluation_params

        return f"{100 * evaluation_params(self.params, []).confidence:g} %"

    def variant(self, name: str) -> str:
        """A variant in words."""
        return self.comparisons.labels.variants.get(name, _plain(name))

    def task(self, name: str) -> str:
        """A task in words."""
        return self.comparisons.labels.tasks.get(name, _plain(name))

    def metric(self, name: str) -> str:
        """A metric in words, with its unit."""
        return self.comparisons.labels.metrics.get(name, _plain(name))

    def published_size(self, parameters: float | None) -> bool:
        """Whether a network of so many parameters has about the size of the published ones."""
        return parameters is not None and parameters >= self.comparisons.published_parameters


def weights_in_words(player: str) -> str:
    """`raw weights`, `averaged weights`, or nothing for a file that is nobody's."""
    return WEIGHTS_IN_WORDS.get(player, "")


def _plain(name: str) -> str:
    return name.replace("_", " ")
