"""The schema of `schemes/*.yaml`: how units are assessed, in words that an office can edit.

A scheme has groups of units, a tree of items with weights, and extra points. A rate is written and
computed in percent (95 is 95 %), a count as it is. This module is pure: it knows neither the
database nor the metrics; the names of metrics are given to `scheme_problems()`.
"""

from collections.abc import Collection, Iterator
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

SOURCE_ENTERED = "entered:"
"""Prefix of an input that a person types in each month, such as `entered:satisfaction`."""


def _number(value: object) -> object:
    """Read YAML's floats by their shortest text, so that 0.1 is one tenth; accept `95%`."""
    if isinstance(value, bool):
        msg = "a number is needed"
        raise ValueError(msg)  # noqa: TRY004 - pydantic turns ValueError into a located message
    if isinstance(value, float):
        return Decimal(str(value))
    if isinstance(value, str):
        return value.strip().removesuffix("%")
    return value


Number = Annotated[Decimal, BeforeValidator(_number)]
Positive = Annotated[Number, Field(gt=0)]
NotNegative = Annotated[Number, Field(ge=0)]
Key = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]
Texts = dict[str, str]


class _Part(BaseModel):
    """What all parts share: nothing unknown is let through, nothing changes after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Linear(_Part):
    """Points grow in a straight line from none at `zero_at` to all at `full_at`.

    With `zero_at` above `full_at` lower is better. "50 points at 70 %, one less for each percent
    below" is `zero_at: 20, full_at: 70` on a weight of 50. `floor` is the least share of the
    points, in percent, that a unit keeps.
    """

    kind: Literal["linear"]
    zero_at: Number
    full_at: Number
    floor: Annotated[Number, Field(ge=0, lt=100)] = Decimal(0)

    @model_validator(mode="after")
    def _apart(self) -> Self:
        if self.zero_at == self.full_at:
            msg = "zero_at and full_at are the same; a line needs two points"
            raise ValueError(msg)
        return self


class Band(_Part):
    """One band: values from `at_least` on (or up to `at_most`) earn `points`."""

    at_least: Number | None = None
    at_most: Number | None = None
    points: NotNegative

    @model_validator(mode="after")
    def _one_edge(self) -> Self:
        if self.at_least is not None and self.at_most is not None:
            msg = "a band has at_least or at_most, not both"
            raise ValueError(msg)
        return self


class Bands(_Part):
    """The first band that fits gives the points; the last one has no edge and takes the rest."""

    kind: Literal["bands"]
    bands: Annotated[tuple[Band, ...], Field(min_length=2)]

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        *edged, last = self.bands
        if last.at_least is not None or last.at_most is not None:
            msg = "the last band takes what is left: it has neither at_least nor at_most"
            raise ValueError(msg)
        falling = [band.at_least for band in edged if band.at_least is not None]
        rising = [band.at_most for band in edged if band.at_most is not None]
        if (falling and rising) or len(falling) + len(rising) != len(edged):
            msg = "use at_least in every band but the last, or at_most in every band but the last"
            raise ValueError(msg)
        if falling != sorted(set(falling), reverse=True) or rising != sorted(set(rising)):
            msg = "the bands are out of order, so that some can never be reached"
            raise ValueError(msg)
        return self


class Deduction(_Part):
    """Each occurrence beyond `free` costs `per_unit` points, at most `cap` (the weight if none)."""

    kind: Literal["deduction"]
    per_unit: Positive
    cap: Positive | None = None
    free: NotNegative = Decimal(0)


class RankRule(_Part):
    """The first of the group earns `first` percent of the points, the last one `last` percent."""

    kind: Literal["rank"]
    better: Literal["higher", "lower"] = "higher"
    first: Annotated[Number, Field(ge=0, le=100)] = Decimal(100)
    last: Annotated[Number, Field(ge=0, le=100)] = Decimal(0)


class PerUnit(_Part):
    """Each occurrence beyond `free` adds (`bonus`) or takes (`penalty`) points, up to the cap."""

    kind: Literal["per_unit"]
    per_unit: Positive
    free: NotNegative = Decimal(0)


Rule = Annotated[Linear | Bands | Deduction | RankRule, Field(discriminator="kind")]
ExtraRule = Annotated[Linear | Bands | PerUnit, Field(discriminator="kind")]


class _Sourced(_Part):
    """A fact of a policy with its line and, where we chose, why and who should decide."""

    key: Key
    title: Texts
    source: str = ""
    default_because: Texts | None = None
    decide: Texts | None = None


class Group(_Sourced):
    """Units that are ranked together and only with each other.

    `units` names codes or picks units: `group:urban` (a group of the program), `kind:department`,
    `under:511011` (the units right below that one).
    """

    units: Annotated[tuple[str, ...], Field(min_length=1)]
    without: tuple[str, ...] = ()


class Item(_Sourced):
    """An item of the score sheet: a metric with a rule, or a heading over other items."""

    weight: Positive | None = None
    metric: str = ""
    rule: Rule | None = None
    min_sample: Annotated[int, Field(ge=0)] = 0
    groups: tuple[str, ...] = ()
    """Groups that it applies to; empty means all."""
    items: "tuple[Item, ...]" = ()

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if self.items and (self.metric or self.rule):
            msg = f"item {self.key}: either items below it, or a metric with a rule"
            raise ValueError(msg)
        if not self.items and not (self.metric and self.rule and self.weight):
            msg = f"item {self.key}: metric, rule and weight are needed"
            raise ValueError(msg)
        total = sum((child.full for child in self.items), Decimal(0))
        if (
            self.items
            and self.weight is not None
            and not self.any_groups()
            and total != self.weight
        ):
            msg = f"item {self.key}: its parts weigh {total}, not {self.weight}"
            raise ValueError(msg)
        return self

    @property
    def full(self) -> Decimal:
        """The points at best."""
        if self.items:
            return sum((child.full for child in self.items), Decimal(0))
        return self.weight or Decimal(0)

    def any_groups(self) -> bool:
        """Whether this item or one below it is for some groups only."""
        return bool(self.groups) or any(child.any_groups() for child in self.items)


class Extra(_Sourced):
    """Points beside the hundred, added under `bonus` or taken under `penalty`: `points` at most."""

    metric: str
    rule: ExtraRule
    points: Positive
    min_sample: Annotated[int, Field(ge=0)] = 0
    groups: tuple[str, ...] = ()


TooFew = Literal["redistribute", "unscored"]


class SchemeFile(_Part):
    """One scheme: `schemes/monthly.yaml`.

    `too_few` and `missing` say what becomes of an item whose sample is smaller than `min_sample`,
    or whose input is not there: its weight is spread over the others, or the unit is not scored.
    A unit is not scored either when less than `least_share` percent of the weight is left, or when
    fewer than `min_cases` cases were due. Whatever happens is written on the score sheet.
    """

    scheme: Key
    title: Texts
    period: Literal["month"] = "month"
    source: str = ""
    default_because: Texts | None = None
    decide: Texts | None = None
    total: Positive = Decimal(100)
    groups: Annotated[tuple[Group, ...], Field(min_length=1)]
    min_cases: Annotated[int, Field(ge=0)] = 0
    cases_metric: str = "due_count"
    """The metric that `min_cases` counts."""
    too_few: TooFew = "redistribute"
    missing: TooFew = "redistribute"
    least_share: Annotated[Number, Field(gt=0, le=100)] = Decimal(50)
    items: Annotated[tuple[Item, ...], Field(min_length=1)]
    bonus: tuple[Extra, ...] = ()
    penalty: tuple[Extra, ...] = ()

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        for group in self.groups:
            weight = sum((item.weight or Decimal(0) for item in self.leaves(group.key)), Decimal(0))
            if weight != self.total:
                msg = f"group {group.key}: the items weigh {weight}, not {self.total}"
                raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _keys(self) -> Self:
        keys = [item.key for item in _walk(self.items)]
        keys += [extra.key for extra in (*self.bonus, *self.penalty)]
        for name, found in (("item", keys), ("group", [group.key for group in self.groups])):
            twice = sorted({key for key in found if found.count(key) > 1})
            if twice:
                msg = f"{name} {', '.join(twice)}: the key is used twice"
                raise ValueError(msg)
        groups = {group.key for group in self.groups}
        parts: tuple[Item | Extra, ...] = (*_walk(self.items), *self.bonus, *self.penalty)
        for part in parts:
            for key in part.groups:
                if key not in groups:
                    msg = f"item {part.key}: there is no group {key}"
                    raise ValueError(msg)
        for item in _walk(self.items):
            _check_points(item)
        return self

    def leaves(self, group: str) -> Iterator[Item]:
        """Yield the items with a metric that apply to a group, in order."""
        yield from _leaves(self.items, group)

    def extras(self, group: str) -> Iterator[tuple[int, Extra]]:
        """Yield the sign (1 or -1) and the extra points that apply to a group."""
        for sign, extras in ((1, self.bonus), (-1, self.penalty)):
            for extra in extras:
                if not extra.groups or group in extra.groups:
                    yield sign, extra

    def metrics(self) -> set[str]:
        """Return the names of everything that must be measured for the scheme."""
        found = {item.metric for item in _walk(self.items) if item.metric}
        found |= {extra.metric for extra in (*self.bonus, *self.penalty)}
        if self.min_cases:
            found.add(self.cases_metric)
        return found


def _walk(items: tuple[Item, ...]) -> Iterator[Item]:
    for item in items:
        yield item
        yield from _walk(item.items)


def _leaves(items: tuple[Item, ...], group: str) -> Iterator[Item]:
    for item in items:
        if item.groups and group not in item.groups:
            continue
        if item.items:
            yield from _leaves(item.items, group)
        else:
            yield item


def _check_points(item: Item) -> None:
    weight = item.weight or Decimal(0)
    if isinstance(item.rule, Bands):
        most = max(band.points for band in item.rule.bands)
        if most != weight:
            msg = f"item {item.key}: the best band gives {most} points and the weight is {weight}"
            raise ValueError(msg)
    if isinstance(item.rule, Deduction) and item.rule.cap is not None and item.rule.cap > weight:
        msg = f"item {item.key}: the cap {item.rule.cap} is above the weight {weight}"
        raise ValueError(msg)


def scheme_problems(scheme: SchemeFile, *, metrics: Collection[str]) -> list[tuple[str, str]]:
    """Return (where, what) for metrics that do not exist; `metrics` are the known names."""
    parts: tuple[Item | Extra, ...] = (*_walk(scheme.items), *scheme.bonus, *scheme.penalty)
    problems = [
        (part.key, part.metric)
        for part in parts
        if part.metric and not _is_known(part.metric, metrics)
    ]
    if scheme.min_cases and not _is_known(scheme.cases_metric, metrics):
        problems.append(("cases_metric", scheme.cases_metric))
    return problems


def _is_known(metric: str, metrics: Collection[str]) -> bool:
    return metric.startswith(SOURCE_ENTERED) or metric in metrics
