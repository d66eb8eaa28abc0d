"""Tables of runs as figures need them: which run a file belongs to, its columns, and its name for readers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from hrm.core.errors import DataError
from hrm.report.run_paths import Player, run_of
from hrm.report.words import Words, weights_in_words

if TYPE_CHECKING:
    import pandas as pd


class Run(NamedTuple):
    """One table of one training."""

    task: str
    variant: str
    seed: str
    player: Player
    table: pd.DataFrame


Groups = Mapping[tuple[str, str], list[Run]]  # (task, variant) -> runs by seed


def read_runs(
    paths: Sequence[Path], columns: Sequence[str], words: Sequence[str] = ()
) -> dict[tuple[str, str], list[Run]]:
    """(task, variant) -> its runs by seed, from files .../TASK/VARIANT/seedN/[PLAYER/]NAME.csv.

    Raises DataError when a file is missing, broken, empty, lacks a column, or lies elsewhere, and where a variant has
    tables of two players, as their mean would be nobody's.
    """
    groups: dict[tuple[str, str], list[Run]] = {}
    for path in sorted(paths):
        task, variant, seed, player = run_of(path)
        run = Run(task, variant, seed, player, read_table(path, columns, words))
        others = groups.setdefault((task, variant), [])
        if others and others[0].player != player:
            raise DataError(
                f"{path}: a table of {others[0].player or 'no player'} was given for {task}/{variant} as well"
            )
        others.append(run)
    return dict(sorted(groups.items()))


def in_order(paths: Sequence[Path], columns: Sequence[str], words: Sequence[str] = ()) -> list[Run]:
    """As `read_runs`, one run a path, in the order of `paths`."""
    return [run for path in paths for runs in read_runs([path], columns, words).values() for run in runs]


def read_table(path: Path, columns: Sequence[str], words: Sequence[str] = ()) -> pd.DataFrame:
    """A CSV file that has at least `columns`, all of them numbers, and `words`; DataError names what is wrong."""
    import pandas as pd

    try:
        table = pd.read_csv(path)
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from error
    except (ValueError, pd.errors.ParserError) as error:
        raise DataError(f"{path}: is not a CSV table ({' '.join(str(error).split())})") from error
    missing = [column for column in (*columns, *words) if column not in table]
    if missing:
        raise DataError(f"{path}: lacks the columns {', '.join(missing)}; it has {', '.join(map(str, table.columns))}")
    other = [column for column in columns if not pd.api.types.is_numeric_dtype(table[column])]
    if other or table.empty:
        raise DataError(f"{path}: " + (f"{', '.join(other)} must hold numbers" if other else "has no rows"))
    return table


def legend_names(groups: Groups, words: Words) -> tuple[list[str], list[str]]:
    """Name of each group in a legend, and notes on what all of them share: their weights and the number of their seeds.

    A name is that of the variant, that of the task where the variants do not differ, or both; with the weights where
    the groups differ in them, and with the number of seeds where they differ in that.
    """
    tasks, variants = (sorted({group[place] for group in groups}) for place in (0, 1))
    if len(tasks) == 1:
        names = [words.variant(variant) for _, variant in groups]
    elif len(variants) == 1:
        names = [words.task(task) for task, _ in groups]
    else:
        names = [f"{words.task(task)}, {words.variant(variant)}" for task, variant in groups]
    weights = [weights_in_words(runs[0].player) for runs in groups.values()]
    if len(set(weights)) > 1:
        names = [f"{name}, {text}" if text else name for name, text in zip(names, weights, strict=True)]
    notes = [words.variant(variants[0])] if len(tasks) > 1 == len(variants) else []
    if len(set(weights)) == 1 and weights[0]:
        notes.append(weights[0])
    counts = [len(runs) for runs in groups.values()]
    if len(set(counts)) == 1:
        return names, [*notes, f"thick lines: means of {counts[0]} seeds" if counts[0] > 1 else "1 seed"]
    seeds = [f"{count} seeds" if count > 1 else "1 seed" for count in counts]
    names = [f"{name} ({text})" for name, text in zip(names, seeds, strict=True)]
    return names, [*notes, "thick lines: means of seeds"]


def title_of(run: Run, words: Words) -> str:
    """Variant and weights of one run, over its panel."""
    weights = weights_in_words(run.player)
    return f"{words.variant(run.variant)}\n{weights}" if weights else words.variant(run.variant)


def mean_over_seeds(runs: Sequence[Run], index: str) -> pd.DataFrame:
    """Mean of every number at each value of `index` that all runs have, sorted by it."""
    import pandas as pd

    rows = pd.concat([run.table for run in runs]).groupby(index)
    return rows.mean(numeric_only=True)[rows.size() == len(runs)].sort_index()
