"""Exact accuracy against the number of segments at inference."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator

from hrm.report import style
from hrm.report.tables import label, mean_over_seeds, read_runs

COLUMNS = (
    "segments",
    "trained_segments",
    "examples",
    "exact_accuracy",
    "exact_accuracy_low",
    "exact_accuracy_high",
)


def draw(paths: Sequence[Path], confidence_text: str) -> Figure:
    """From segments.csv files: a thin line a seed and a thick mean, or one line with its Wilson band for one seed.

    `confidence_text` names the interval, as in "95 %". Raises DataError when a table is broken.
    """
    groups = read_runs(paths, COLUMNS)
    columns = 1 if len(groups) <= 4 else 2  # of the legend, which would else be taller than the figure
    width = style.COLUMN_WIDTH if columns == 1 else style.PAGE_WIDTH
    figure = style.new_figure(width, 2.4 + 0.17 * -(-(len(groups) + 1) // columns))
    axes = figure.add_subplot()
    bands = 0
    trained: set[int] = set()
    examples: set[int] = set()
    most = 1
    for index, (group, runs) in enumerate(groups.items()):
        colour, marker = (cycle[index % len(cycle)] for cycle in (style.SERIES, style.MARKERS))
        mean = mean_over_seeds(runs, "segments")
        name = label(group, groups)
        if len(runs) > 1:
            for run in runs:
                axes.plot(run.table["segments"], 100 * run.table["exact_accuracy"], color=colour, lw=0.7, alpha=0.5)
        else:
            low, high = 100 * mean["exact_accuracy_low"], 100 * mean["exact_accuracy_high"]
            axes.fill_between(mean.index, low, high, color=colour, alpha=0.2, linewidth=0)
            bands += 1
        doubling = [place for place, segments in enumerate(mean.index) if segments & (segments - 1) == 0]
        line = style.LINES[index // len(style.SERIES) % len(style.LINES)]
        accuracy = 100 * mean["exact_accuracy"]
        axes.plot(mean.index, accuracy, line, color=colour, marker=marker, markevery=doubling, label=name)
        trained |= {int(value) for run in runs for value in run.table["trained_segments"]}
        examples |= {int(value) for run in runs for value in run.table["examples"]}
        most = max(most, int(mean.index.max()))
    axes.set_xscale("log", base=2)
    ticks = [2**power for power in range(most.bit_length())]
    axes.xaxis.set_major_locator(FixedLocator(ticks))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xticklabels([f"{tick}\ntrained" if tick in trained else str(tick) for tick in ticks])
    axes.set_ylim(0, 102)
    for segments in sorted(trained):
        axes.axvline(segments, color=style.GREY, linestyle=":", linewidth=1.2)
    axes.set_xlabel("segments at inference")
    count = " or ".join(f"{number:,}" for number in sorted(examples))
    axes.set_ylabel("test puzzles solved (%)")
    axes.set_title(f"Exact accuracy, n = {count} test puzzles", loc="left")
    title = f"bands: {confidence_text} Wilson intervals" if bands else None
    figure.legend(loc="outside lower left", ncols=columns, title=title, alignment="left")
    return figure
