"""One group of a round as a table: ranks, changes, parts of the score, and how sure they are."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from townkeeper.assessment.forerunners import prolonged
from townkeeper.assessment.models import Round, UnitScore
from townkeeper.publication.typeset.svg import Line, lines
from townkeeper.web.rounds import Item, SchemeView
from townkeeper.web.rules import figure, note_words

MONTHS = 12
COLOURS = 5
SPARK_WIDTH, SPARK_HEIGHT, SPARK_EDGE = 92, 28, 4


@dataclass(frozen=True, slots=True)
class Bar:
    """One part of a score on the bar."""

    title: str
    points: str
    width: str
    css: str


@dataclass(frozen=True, slots=True)
class RankRow:
    """One ranked unit."""

    score: UnitScore
    name: str
    css: str
    change: int | None
    bars: list[Bar]
    values: list[str]
    sample: int | None
    spark: str
    spark_end: tuple[str, str]
    falls: bool
    low_share: int
    width_share: int
    at_share: int

    @property
    def bars_text(self) -> str:
        """Return the parts in words, for those who cannot see the bar."""
        return ", ".join(f"{bar.title} {bar.points}" for bar in self.bars)

    @property
    def climbed(self) -> int:
        """Return by how many places the unit moved, without sign."""
        return abs(self.change or 0)


@dataclass(frozen=True)
class GroupTable:
    """A group of a round: those with a rank, those without, and averages."""

    key: str
    title: str
    items: list[Item]
    rows: list[RankRow]
    unranked: list[dict[str, str]]
    average: Decimal | None
    average_before: Decimal | None
    legend: list[Bar]
    chart: SafeString | str
    """Lines of the first, the last and the average over the months; empty with one month."""

    @property
    def difference(self) -> Decimal | None:
        """Return how the average moved since the round before."""
        if self.average is None or self.average_before is None:
            return None
        return self.average - self.average_before


def history_of(round_: Round, *, is_public: bool = False) -> dict[int, list[tuple[str, UnitScore]]]:
    """Return unit → its scores of up to twelve periods, oldest first, in their last versions.

    In public only published months count: a draft is nobody's business yet.
    """
    scores = (
        UnitScore.objects.filter(
            round__scheme__key=round_.scheme.key, round__period__lte=round_.period
        )
        .exclude(round__state=Round.State.REPLACED)
        .select_related("round", "unit")
        .defer("items", "round__content", "unit__outline")
        .order_by("round__period", "round__number")
    )
    if is_public:
        scores = scores.exclude(round__state=Round.State.DRAFT)
    by_unit: dict[str, dict[str, UnitScore]] = defaultdict(dict)
    ids: dict[str, int] = {}
    for score in scores:
        if score.round.period != round_.period or score.round_id == round_.pk:
            by_unit[score.unit.code][score.round.period] = score
            ids[score.unit.code] = score.unit_id
    return {
        ids[code]: sorted(found.items())[-MONTHS:]
        for code, found in prolonged(by_unit).items()
        if code in ids
    }


def make_group(
    view: SchemeView,
    key: str,
    scores: list[UnitScore],
    history: dict[int, list[tuple[str, UnitScore]]],
    period: str,
) -> GroupTable:
    """Return one group's table."""
    items = view.items_for(key)
    ranked = [score for score in scores if score.score is not None]
    before = {unit: _before(found, period) for unit, found in history.items()}
    earlier = [before[score.unit_id] for score in scores if before.get(score.unit_id) is not None]
    return GroupTable(
        key=key,
        title=view.groups.get(key, key),
        items=items,
        rows=[
            _row(score, items, history.get(score.unit_id, []), before.get(score.unit_id))
            for score in ranked
        ],
        unranked=[
            {"name": unit_name(score), "code": score.unit.code, "why": note_words(score.note)}
            for score in scores
            if score.score is None
        ],
        average=_mean([score.score for score in ranked]),
        average_before=_mean([score.score for score in earlier if score]),
        legend=[
            Bar(item.title, item.weight, "", f"c{min(n, COLOURS)}")
            for n, item in enumerate(items, 1)
        ],
        chart=_chart(ranked, history),
    )


def unit_name(score: UnitScore) -> str:
    """Return the unit's name on the day of the round, in the page's language if it still holds."""
    return score.unit.title if score.unit.name == score.unit_name else score.unit_name


def _chart(
    ranked: list[UnitScore], history: dict[int, list[tuple[str, UnitScore]]]
) -> SafeString | str:
    """Draw the way of the first, the last and the average of the group."""
    found = {s.unit_id: dict(history.get(s.unit_id, [])) for s in ranked}
    months = sorted({month for scores in found.values() for month in scores})
    if len(months) < 2 or not ranked:  # noqa: PLR2004 - a line needs two points
        return ""

    def line(label: str, of: Callable[[str], Decimal | None]) -> Line:
        values = tuple(None if (v := of(month)) is None else float(v) for month in months)
        last = next((v for v in reversed(values) if v is not None), None)
        return Line(label, values, "" if last is None else f"{last:.2f}")

    def of_unit(score: UnitScore) -> Callable[[str], Decimal | None]:
        scores = found[score.unit_id]
        return lambda month: scores[month].score if month in scores else None

    ends = [ranked[0], *ranked[-1:]] if len(ranked) > 1 else ranked[:1]
    series = [line(unit_name(score), of_unit(score)) for score in ends]
    if len(ranked) > 1:
        series.append(
            line(
                _("Average"),
                lambda month: _mean([s[month].score for s in found.values() if month in s]),
            )
        )
    title = _("Scores by month: %(series)s") % {
        "series": ", ".join(f"{each.label} {each.text}" for each in series)
    }
    svg = lines(series, months, title=title, palette="css", width=640, height=250)
    return mark_safe(svg)  # noqa: S308 - the drawing escapes every word itself


def _before(found: list[tuple[str, UnitScore]], period: str) -> UnitScore | None:
    earlier = [score for month, score in found if month < period]
    return earlier[-1] if earlier else None


def _mean(scores: list[Decimal | None]) -> Decimal | None:
    known = [score for score in scores if score is not None]
    return sum(known, Decimal(0)) / len(known) if known else None


def _row(
    score: UnitScore,
    items: list[Item],
    found: list[tuple[str, UnitScore]],
    before: UnitScore | None,
) -> RankRow:
    sheets: dict[str, dict[str, Any]] = {sheet["key"]: sheet for sheet in score.items}
    points = [earlier.score for _month, earlier in found if earlier.score is not None]
    line, end = spark_points(points)
    low, high = score.low or score.score, score.high or score.score
    change = before.rank - score.rank if before and before.rank and score.rank else None
    return RankRow(
        score=score,
        name=unit_name(score),
        css=_medal(score),
        change=change,
        bars=_bars(items, sheets),
        values=[figure(i.metric, sheets.get(i.key, {}).get("value")) for i in items],
        sample=_sample(score),
        spark=line,
        spark_end=end,
        falls=len(points) > 1 and points[-1] < points[0],
        low_share=_share(low),
        width_share=max(1, _share(high) - _share(low)),
        at_share=_share(score.score),
    )


def _sample(score: UnitScore) -> int | None:
    """Return on how many cases the score rests: its largest denominator."""
    return max((int(s["denominator"]) for s in score.items if s.get("denominator")), default=None)


def _medal(score: UnitScore) -> str:
    if score.is_last:
        return "last"
    return f"g{score.rank}" if score.rank in {1, 2, 3} else ""


def _share(number: Decimal | None) -> int:
    return max(0, min(100, round(number))) if number is not None else 0


def _bars(items: list[Item], sheets: dict[str, dict[str, Any]]) -> list[Bar]:
    """Return the parts of the bar; a point taken away has no length, its figure says it."""
    bars = []
    for number, item in enumerate(items, 1):
        points = sheets.get(item.key, {}).get("points")
        if points is None:
            continue
        width = max(Decimal(0), Decimal(str(points)))
        bars.append(Bar(item.title, str(points), f"{width:.2f}", f"c{min(number, COLOURS)}"))
    return bars


def spark_points(values: list[Decimal]) -> tuple[str, tuple[str, str]]:
    """Return the points of a small line and its end; nothing where there is no line to draw."""
    if len(values) < 2:  # noqa: PLR2004 - a line needs two points
        return "", ("", "")
    low, high = min(values), max(values)
    spread = high - low or Decimal(1)
    step = Decimal(SPARK_WIDTH - 2 * SPARK_EDGE) / max(len(values) - 1, 1)
    room = SPARK_HEIGHT - 2 * SPARK_EDGE
    places = [
        (
            f"{SPARK_EDGE + step * n:.1f}",
            f"{SPARK_HEIGHT - SPARK_EDGE - (value - low) / spread * room:.1f}",
        )
        for n, value in enumerate(values)
    ]
    return " ".join(f"{x},{y}" for x, y in places), places[-1]
