"""Scores units from measured inputs: pure, exact and repeatable, so that anyone can do it again.

All figures are decimals. Points are rounded to two places, half to even (GB/T 8170-2008), item by
item, and the total is the sum of the rounded points: whoever adds up a printed sheet gets the
printed total. Equal totals share a rank and the next rank is skipped (1, 2, 2, 4).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from decimal import ROUND_HALF_EVEN, Context, Decimal, localcontext
from typing import Literal

from townkeeper.assessment.intervals import PRECISION, added, wilson
from townkeeper.assessment.program import (
    Bands,
    Deduction,
    Extra,
    Item,
    Linear,
    PerUnit,
    RankRule,
    SchemeFile,
)

CENT = Decimal("0.01")
NOTHING = Decimal(0)
ONE = Decimal(1)
HUNDRED = Decimal(100)

Status = Literal["scored", "too-few", "missing"]
Note = Literal["", "too-few-cases", "too-few", "missing", "too-little-left"]
AnyRule = Linear | Bands | Deduction | RankRule | PerUnit
Texts = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Measure:
    """One input: a rate in percent with its parts, or a count; None where there is no value."""

    value: Decimal | None
    numerator: int | None = None
    denominator: int | None = None

    @classmethod
    def rate(cls, numerator: int, denominator: int) -> "Measure":
        """Return a rate; of nothing there is no rate, neither 0 nor 100."""
        value = HUNDRED * numerator / denominator if denominator else None
        return cls(value, numerator, denominator)

    @classmethod
    def count(cls, number: int) -> "Measure":
        """Return a count."""
        return cls(Decimal(number), number)


@dataclass(frozen=True, slots=True)
class ItemSheet:
    """What one item gave one unit, and why."""

    key: str
    heading: str
    """The item above it, or empty."""
    kind: Literal["item", "bonus", "penalty"]
    metric: str
    rule: str
    weight: Decimal
    status: Status
    value: Decimal | None
    numerator: int | None
    denominator: int | None
    points: Decimal | None
    """After redistribution, rounded; None where the item could not be scored."""
    full: Decimal | None
    """The most it could give, after redistribution; None where it does not count."""
    low: Decimal | None
    high: Decimal | None
    """The points at the ends of the 95 % interval of the input."""
    place: int | None = None
    """The place in the group, for a rule that scores by place."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """One unit's result with every item behind it."""

    unit: str
    group: str
    score: Decimal | None
    rank: int | None
    of: int
    """How many units of the group have a score."""
    low: Decimal | None
    high: Decimal | None
    rank_low: int | None
    """The best place that the intervals allow."""
    rank_high: int | None
    note: Note
    """Why there is no score; empty if there is one."""
    items: tuple[ItemSheet, ...]


Inputs = Mapping[str, Mapping[str, Measure]]
"""Unit → metric → what was measured."""


def score(scheme: SchemeFile, *, members: Mapping[str, str], inputs: Inputs) -> tuple[Sheet, ...]:
    """Score and rank every unit of `members` (unit → group).

    Sheets come by group in the scheme's order, then by rank, units without a score last. Raises
    KeyError for a group that the scheme does not have.
    """
    order = {group.key: place for place, group in enumerate(scheme.groups)}
    by_group: dict[str, list[str]] = defaultdict(list)
    for unit, group in sorted(members.items()):
        by_group[group].append(unit)
    sheets: list[Sheet] = []
    with localcontext(Context(prec=PRECISION)):
        for group in sorted(by_group, key=order.__getitem__):
            units = by_group[group]
            places = _places(scheme, group, units, inputs)
            drafts = [_sheet(scheme, group, unit, inputs.get(unit, {}), places) for unit in units]
            sheets += _ranked(drafts)
    return tuple(sheets)


def points_of(
    rule: AnyRule, value: Decimal, most: Decimal, place: tuple[int, int] | None = None
) -> Decimal:
    """Return the unrounded points of a value under a rule that gives at most `most`.

    `place` is the unit's place and the number of units, for a rule that scores by place.
    """
    if isinstance(rule, Linear):
        share = (value - rule.zero_at) / (rule.full_at - rule.zero_at)
        return most * max(min(share, ONE), rule.floor / HUNDRED)
    if isinstance(rule, Bands):
        return _band(rule, value)
    if isinstance(rule, Deduction):
        lost = rule.per_unit * max(value - rule.free, NOTHING)
        return most - min(lost, most if rule.cap is None else rule.cap)
    if isinstance(rule, PerUnit):
        return min(rule.per_unit * max(value - rule.free, NOTHING), most)
    at, of = place or (1, 1)
    share = rule.first + (rule.last - rule.first) * (at - 1) / max(of - 1, 1)
    return most * share / HUNDRED


def _band(rule: Bands, value: Decimal) -> Decimal:
    """Return the points of the first band that fits; the last one fits always."""
    return next(
        band.points
        for band in rule.bands
        if (band.at_least is None or value >= band.at_least)
        and (band.at_most is None or value <= band.at_most)
    )


def _places(
    scheme: SchemeFile, group: str, units: list[str], inputs: Inputs
) -> dict[tuple[str, str], tuple[int, int]]:
    """Return (item, unit) → (place, number of units) for the items that score by place."""
    found = {}
    for item in scheme.leaves(group):
        if not isinstance(item.rule, RankRule):
            continue
        values = {
            unit: measure.value
            for unit in units
            if (measure := inputs.get(unit, {}).get(item.metric)) is not None
            and measure.value is not None
            and _status(measure, item.min_sample) == "scored"
        }
        for unit, value in values.items():
            better = sum(
                other > value if item.rule.better == "higher" else other < value
                for other in values.values()
            )
            found[item.key, unit] = (better + 1, len(values))
    return found


def _status(measure: Measure | None, min_sample: int) -> Status:
    if measure is None:
        return "missing"
    sample = measure.denominator
    if sample is not None and (sample == 0 or sample < min_sample):
        return "too-few"
    return "missing" if measure.value is None else "scored"


def _sheet(
    scheme: SchemeFile,
    group: str,
    unit: str,
    given: Mapping[str, Measure],
    places: Mapping[tuple[str, str], tuple[int, int]],
) -> Sheet:
    """Score one unit; its rank comes later."""
    headings = dict(_headings(scheme.items, ""))
    items = [
        _item(item, headings[item.key], given.get(item.metric), places.get((item.key, unit)))
        for item in scheme.leaves(group)
    ]
    note = _note(scheme, items, given)
    left = sum((item.weight for item in items if item.status == "scored"), NOTHING)
    if left and not note:
        items = [_scaled(item, scheme.total / left) for item in items]
    items = [_rounded(item) for item in items]
    extras = [
        _rounded(_extra(extra, sign, given.get(extra.metric)))
        for sign, extra in scheme.extras(group)
    ]
    sheets = (*items, *extras)
    total = None if note else sum((i.points for i in sheets if i.points is not None), NOTHING)
    low, high = (None, None) if total is None else _interval(total, sheets)
    return Sheet(unit, group, total, None, 0, low, high, None, None, note, sheets)


def _headings(items: Iterable[Item], above: str) -> Iterable[tuple[str, str]]:
    for item in items:
        yield item.key, above
        yield from _headings(item.items, item.key)


def _item(
    item: Item, heading: str, measure: Measure | None, place: tuple[int, int] | None
) -> ItemSheet:
    if item.rule is None or item.weight is None:
        raise TypeError(item.key)  # the schema lets no such item through
    status = _status(measure, item.min_sample)
    sheet = _blank(item, measure, heading=heading, kind="item", status=status, weight=item.weight)
    if status != "scored" or measure is None or measure.value is None:
        return sheet
    points = points_of(item.rule, measure.value, item.weight, place)
    low, high = _ends(item.rule, measure, item.weight, points)
    return replace(
        sheet,
        points=points,
        full=item.weight,
        low=low,
        high=high,
        place=place[0] if place else None,
    )


def _extra(extra: Extra, sign: int, measure: Measure | None) -> ItemSheet:
    status = _status(measure, extra.min_sample)
    kind: Literal["bonus", "penalty"] = "bonus" if sign > 0 else "penalty"
    sheet = _blank(extra, measure, kind=kind, status=status, weight=extra.points)
    if status != "scored" or measure is None or measure.value is None:
        return sheet
    points = min(points_of(extra.rule, measure.value, extra.points), extra.points)
    low, high = _ends(extra.rule, measure, extra.points, points)
    ends = sorted((sign * low, sign * high))
    return replace(sheet, points=sign * points, full=extra.points, low=ends[0], high=ends[1])


def _blank(
    part: Item | Extra,
    measure: Measure | None,
    *,
    heading: str = "",
    kind: Literal["item", "bonus", "penalty"],
    status: Status,
    weight: Decimal,
) -> ItemSheet:
    return ItemSheet(
        key=part.key,
        heading=heading,
        kind=kind,
        metric=part.metric,
        rule=part.rule.kind if part.rule else "",
        weight=weight,
        status=status,
        value=measure.value if measure else None,
        numerator=measure.numerator if measure else None,
        denominator=measure.denominator if measure else None,
        points=None,
        full=None,
        low=None,
        high=None,
    )


def _ends(
    rule: AnyRule, measure: Measure, most: Decimal, points: Decimal
) -> tuple[Decimal, Decimal]:
    """Return the points at the ends of the input's interval; counts and places have none.

    Every rule is monotone in its value, so the ends of the interval give the ends of the points.
    """
    if not measure.denominator or measure.numerator is None or isinstance(rule, RankRule):
        return points, points
    if not 0 <= measure.numerator <= measure.denominator:
        return points, points
    ends = [min(points_of(rule, end, most), most) for end in wilson(*_parts(measure))]
    return min(*ends, points), max(*ends, points)


def _parts(measure: Measure) -> tuple[int, int]:
    return measure.numerator or 0, measure.denominator or 0


def _note(scheme: SchemeFile, items: list[ItemSheet], given: Mapping[str, Measure]) -> Note:
    """Say why the unit cannot be scored, if it cannot."""
    if scheme.min_cases:
        cases = given.get(scheme.cases_metric)
        if cases is None or cases.value is None:
            return "missing"
        if cases.value < scheme.min_cases:
            return "too-few-cases"
    statuses = {item.status for item in items}
    if "missing" in statuses and scheme.missing == "unscored":
        return "missing"
    if "too-few" in statuses and scheme.too_few == "unscored":
        return "too-few"
    left = sum((item.weight for item in items if item.status == "scored"), NOTHING)
    return "too-little-left" if left * HUNDRED < scheme.least_share * scheme.total else ""


def _scaled(item: ItemSheet, factor: Decimal) -> ItemSheet:
    if item.points is None or item.full is None or item.low is None or item.high is None:
        return item
    return replace(
        item,
        points=item.points * factor,
        full=item.full * factor,
        low=item.low * factor,
        high=item.high * factor,
    )


def _rounded(item: ItemSheet) -> ItemSheet:
    return replace(
        item,
        points=_cent(item.points),
        full=_cent(item.full),
        low=_cent(item.low),
        high=_cent(item.high),
    )


def _cent(number: Decimal | None) -> Decimal | None:
    return None if number is None else number.quantize(CENT, rounding=ROUND_HALF_EVEN)


def _interval(total: Decimal, items: Iterable[ItemSheet]) -> tuple[Decimal | None, Decimal | None]:
    parts = [
        (item.points, item.low, item.high)
        for item in items
        if item.points is not None and item.low is not None and item.high is not None
    ]
    low, high = added(total, parts)
    return _cent(low), _cent(high)


def _ranked(drafts: list[Sheet]) -> list[Sheet]:
    """Give ranks within one group: ties share one, units without a score have none."""
    totals = [sheet.score for sheet in drafts if sheet.score is not None]
    ranked = []
    for sheet in drafts:
        if sheet.score is None or sheet.low is None or sheet.high is None:
            ranked.append(replace(sheet, of=len(totals)))
            continue
        rivals = [other for other in drafts if other is not sheet]
        surely_above = sum(o.low is not None and o.low > sheet.high for o in rivals)
        surely_below = sum(o.high is not None and o.high < sheet.low for o in rivals)
        ranked.append(
            replace(
                sheet,
                rank=1 + sum(total > sheet.score for total in totals),
                of=len(totals),
                rank_low=1 + surely_above,
                rank_high=len(totals) - surely_below,
            )
        )
    return sorted(ranked, key=lambda s: (s.rank is None, s.rank or 0, s.unit))


def sheet_as_dict(sheet: Sheet) -> dict[str, object]:
    """Return a sheet for JSON: decimals as text, so that no digit is lost."""
    return _plain(asdict(sheet))


def _plain(part: dict[str, object]) -> dict[str, object]:
    return {key: _plain_value(value) for key, value in part.items()}


def _plain_value(value: object) -> object:
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, dict):
        return _plain(value)
    if isinstance(value, list | tuple):
        return [_plain_value(each) for each in value]
    return value
