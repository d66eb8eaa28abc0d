"""Tables of variants side by side: ours with interval and seeds, beside what was published, as params/ says."""

import csv
import io
from collections.abc import Callable, Iterable, Mapping
from typing import Literal, NamedTuple

from hrm.core.errors import ParameterError
from hrm.report.chart_schema import DotChart, DotPanelParams, DotRowParams, LineChart, LinePanelParams
from hrm.report.claims_file import FACTORS, ClaimParams, ClaimsParams, GroupParams
from hrm.report.run_paths import WEIGHTS, Player
from hrm.report.summary import Key, SummaryRow
from hrm.report.verdicts import Measured, holds

# not run: no result of the variant; not measured: results, but not this metric; published only: nobody's to run.
State = Literal["measured", "not run", "not measured", "published only"]
PASSES = {True: "yes", False: "no", None: "undecided"}
LIMITS = {"at_most": "at most", "at_least": "at least", "below": "below"}
QUANTITIES = {"million parameters": "parameters", "minutes": "seconds"}  # what a unit counts, where its name differs
DIGITS = 4


class ChartRow(NamedTuple):
    """One result of a chart. Numbers are in `unit`, x in the unit of its axis; None where there is none."""

    panel: str
    row: str
    result: str  # TASK/VARIANT/METRIC of summary.csv
    weights: str  # whose result it is
    state: State
    ours: float | None
    low: float | None
    high: float | None
    seeds: int
    x: float | None
    parameters: float | None  # of our network
    published: float | None
    published_x: float | None
    unit: str
    source: str
    claim: str  # id of the published value
    limit: str  # as "at most -0.9"
    passes: str  # yes, no, undecided


class Published(NamedTuple):
    """A claim in its group."""

    group: GroupParams
    claim: ClaimParams


ONLY = {"dots": ("limit", "passes"), "lines": ("x", "published_x")}  # columns of one kind of chart alone


def columns(kind: Literal["dots", "lines"]) -> list[str]:
    """Columns of the table of such a chart."""
    others = {name for key, names in ONLY.items() if key != kind for name in names}
    return [name for name in ChartRow._fields if name not in others]


def compare(
    name: str,
    chart: DotChart | LineChart,
    summary: Mapping[Key, SummaryRow],
    claims: ClaimsParams,
    shown: Callable[[str], Player],
) -> list[ChartRow]:
    """Rows in the order of the chart, panel by panel.

    Args:
        name: of the chart in params/comparisons.yaml, for messages.
        chart: what to compare.
        summary: our results.
        claims: published values and limits.
        shown: the weights that a variant is shown with.

    Raises:
        ParameterError: a claim that the chart names does not exist, or cannot stand where it stands.
    """
    known = _Claims(claims)
    if isinstance(chart, DotChart):
        return [
            _dot(known, summary, shown, panel, place, row, f"charts.{name}", number)
            for place, panel in enumerate(chart.panels)
            for number, row in enumerate(chart.rows)
        ]
    rows = []
    for place, panel in enumerate(chart.panels):
        for number, line in enumerate(panel.lines):
            rows += [_point(known, summary, shown, panel, line.label, variant) for variant in line.variants]
            for point, claim in enumerate(line.published):
                where = f"charts.{name}.panels.{place}.lines.{number}.published.{point}"
                x = known.named(claim.x, panel.x.unit, f"{where}.x", limit=False)
                y = known.named(claim.y, panel.unit, f"{where}.y", limit=False)
                row = _result(known, summary, None, y, panel.title, line.label, panel.unit)
                rows.append(row._replace(published_x=_value(x, panel.x.unit)))
    return rows


def csv_of(rows: Iterable[ChartRow], kind: Literal["dots", "lines"]) -> str:
    """The table as CSV text; what is unknown is an empty field."""
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, columns(kind), lineterminator="\n", extrasaction="ignore")
    writer.writeheader()
    for row in rows:
        writer.writerow({key: _plain(value) for key, value in row._asdict().items()})
    return buffer.getvalue()


class _Claims:
    """Claims by id, and by the result that answers them."""

    def __init__(self, claims: ClaimsParams) -> None:
        self._sources = claims.sources
        self.by_id: dict[str, Published] = {}
        self.by_answer: dict[str, Published] = {}  # the first of relation `equal`
        for group in claims.groups:
            for claim in group.claims:
                found = Published(group, claim)
                self.by_id[claim.id] = found
                if group.relation == "equal" and claim.value is not None and claim.answers:
                    self.by_answer.setdefault(claim.answers[0], found)

    def named(self, identity: str, unit: str, where: str, limit: bool) -> Published:
        """The claim of that id; ParameterError unless it can be a limit, or a published value, in that unit."""
        where = f"params/comparisons.yaml: {where} names {identity!r}"
        if identity not in self.by_id:
            raise ParameterError(f"{where}; no claim in claims.yaml has that id")
        found = self.by_id[identity]
        if limit != (found.group.relation in LIMITS) or found.claim.value is None:
            wanted = ", ".join(LIMITS) if limit else "equal"
            raise ParameterError(
                f"{where}, of relation {found.group.relation} and value {found.claim.value}; "
                f"allowed are claims of relation {wanted} with a value"
            )
        if _quantity(found.group.unit) != _quantity(unit):
            raise ParameterError(f"{where}, whose unit is {found.group.unit!r}; that of the panel is {unit!r}")
        return found

    def answered(self, result: str, unit: str) -> Published | None:
        """What was published for a result, if anything in a unit that can be compared."""
        found = self.by_answer.get(result)
        return found if found is not None and _quantity(found.group.unit) == _quantity(unit) else None

    def source(self, found: Published | None) -> str:
        """Where it was published."""
        if found is None:
            return ""
        source = self._sources[found.group.source]
        return f"{source.title}, {source.version}, {found.group.where}"


def _dot(
    known: _Claims,
    summary: Mapping[Key, SummaryRow],
    shown: Callable[[str], Player],
    panel: DotPanelParams,
    place: int,
    row: DotRowParams,
    chart: str,
    number: int,
) -> ChartRow:
    key: Key | None = None
    if row.variant is not None:
        task = (row.tasks[place] if row.tasks is not None else None) or panel.task
        metric = (row.metrics[place] if row.metrics is not None else None) or panel.metric
        key = (task, row.variant, row.weights or shown(row.variant), metric)
    if row.claims is None:
        published = known.answered(_answer(key), panel.unit) if key is not None else None
    else:
        identity = row.claims[place]
        where = f"{chart}.rows.{number}.claims.{place}"
        published = None if identity is None else known.named(identity, panel.unit, where, limit=False)
    found = _result(known, summary, key, published, panel.title, row.label, panel.unit)
    if panel.limit is None:
        return found
    limit = known.named(panel.limit, panel.unit, f"{chart}.panels.{place}.limit", limit=True)
    value = _value(limit, panel.unit)
    assert value is not None and limit.group.relation != "equal"  # `named` has seen to both
    passes = ""
    if found.ours is not None:
        # Without the tolerance, so that the line that is drawn is the one that decides.
        measured = Measured(found.ours, found.low, found.high, found.seeds)
        passes = PASSES[holds(measured, value, 0.0, limit.group.relation)]
    return found._replace(limit=f"{LIMITS[limit.group.relation]} {value:g}", passes=passes)


def _point(
    known: _Claims,
    summary: Mapping[Key, SummaryRow],
    shown: Callable[[str], Player],
    panel: LinePanelParams,
    line: str,
    variant: str,
) -> ChartRow:
    weights = shown(variant)
    found = _result(known, summary, (panel.task, variant, weights, panel.metric), None, panel.title, line, panel.unit)
    x = summary.get((panel.task, variant, weights, panel.x.metric))
    if x is None:
        return found._replace(state="not measured" if found.state == "measured" else found.state)
    return found._replace(x=x.mean * _factor(panel.x.unit))


def _result(
    known: _Claims,
    summary: Mapping[Key, SummaryRow],
    key: Key | None,
    published: Published | None,
    panel: str,
    row: str,
    unit: str,
) -> ChartRow:
    ours = summary.get(key) if key is not None else None
    state: State = "measured"
    if key is None:
        state = "published only"
    elif ours is None:
        state = "not measured" if any(other[:2] == key[:2] and other[2] in WEIGHTS for other in summary) else "not run"
    mean, low, high = (
        None if ours is None or value is None else value * _factor(unit)
        for value in ((ours.mean, ours.low, ours.high) if ours is not None else (None, None, None))
    )
    size = summary.get((*key[:3], "parameters")) if key is not None else None
    return ChartRow(
        panel=panel,
        row=row,
        result="" if key is None else _answer(key),
        weights="" if key is None else key[2],
        state=state,
        ours=mean,
        low=low,
        high=high,
        seeds=0 if ours is None else ours.seeds,
        x=None,
        parameters=None if size is None else size.mean,
        published=_value(published, unit),
        published_x=None,
        unit=unit,
        source=known.source(published),
        claim="" if published is None else published.claim.id,
        limit="",
        passes="",
    )


def _answer(key: Key) -> str:
    """TASK/VARIANT/METRIC."""
    task, variant, _, metric = key
    return f"{task}/{variant}/{metric}"


def _value(found: Published | None, unit: str) -> float | None:
    if found is None or found.claim.value is None:
        return None
    return found.claim.value / _factor(found.group.unit) * _factor(unit)


def _factor(unit: str) -> float:
    return FACTORS.get(unit, 1.0)


def _quantity(unit: str) -> str:
    return QUANTITIES.get(unit, unit)


def _plain(value: object) -> object:
    return "" if value is None else round(value, DIGITS) if isinstance(value, float) else value
