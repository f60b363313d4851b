"""Reads cases as the columns that matching compares."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

import numpy as np
from django.db.models import Count, F, QuerySet

from townkeeper.analytics.tables import instant
from townkeeper.cases.models import Case, Stage
from townkeeper.duties.models import Category
from townkeeper.relapse.addresses import address_hash, address_key
from townkeeper.relapse.matching import Ints, Sites, join_sites
from townkeeper.relapse.rules import KindRow, Rule, rules_of
from townkeeper.units.models import Unit

CHUNK = 5_000
SLICE = 100_000
"""Cases in memory at a time; a window's former ones lie beside them."""
VAGUE = 10
"""So many different addresses on one exact point: it stands for “somewhere in town”."""
MILLISECOND = timedelta(milliseconds=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Terms:
    """The terms on which cases are compared: the rules of kinds, and what is no place."""

    rules: dict[int, Rule]
    vague: frozenset[tuple[float, float]]
    """Points that stand for no place."""
    areas: frozenset[int]
    """Addresses that are only the name of a unit: “Tianjia town” is no place."""
    members: dict[int, list[int]] = field(default_factory=dict)
    """Group → its categories."""

    @property
    def longest(self) -> timedelta:
        """The longest window that any kind has."""
        return timedelta(days=max((rule.days for rule in self.rules.values()), default=0))

    def alike(self, categories: Iterable[int]) -> list[int]:
        """Return the categories that are the same kind as one of these."""
        groups = {self.rules[pk].group for pk in categories if pk in self.rules}
        return sorted(pk for group in groups for pk in self.members.get(group, ()))


def read_rules() -> dict[int, Rule]:
    """Return the rule of every category."""
    columns = ("id", "key", "parent_id", "relapse_days", "relapse_metres", "relapse_as_one")
    return rules_of(KindRow(*row) for row in Category.objects.values_list(*columns))


def read_terms(vague: Iterable[Iterable[float]]) -> Terms:
    """Return rules and exclusions as they are now."""
    rules = read_rules()
    members: dict[int, list[int]] = {}
    for pk, rule in rules.items():
        members.setdefault(rule.group, []).append(pk)
    names: set[str] = set()
    for name, said in Unit.objects.values_list("name", "names"):
        names |= {name, *said.values()}
    areas = frozenset(address_hash(address_key(name)) for name in names)
    points = frozenset((float(lat), float(lon)) for lat, lon in vague)
    return Terms(rules, points, areas, members)


def vague_points() -> list[list[float]]:
    """Return the exact points on which many different addresses lie: a geocoder's last resort.

    Real buildings of the two cities in the examples share a point with at most two others.
    """
    rows = (
        Case.objects.exclude(lat=None)
        .exclude(lon=None)
        .order_by()
        .values("lat", "lon")
        .annotate(addresses=Count("address", distinct=True))
        .filter(addresses__gte=VAGUE)
    )
    return sorted([float(row["lat"] or 0), float(row["lon"] or 0)] for row in rows)


def opened_sites(cases: "QuerySet[Case]", terms: Terms) -> Iterator[Sites]:
    """Yield new cases in slices, in the order in which they were opened."""
    yield from _slices(cases.order_by("opened_at", "id"), "opened_at", terms)


def closed_sites(cases: "QuerySet[Case]", terms: Terms) -> Sites:
    """Return closed cases; those that were closed before they were opened say nothing."""
    fit = cases.filter(
        stage=Stage.CLOSED, category__isnull=False, closed_at__gte=F("opened_at")
    ).order_by()
    slices = list(_slices(fit, "closed_at", terms))
    return join_sites(slices) if slices else _sites([], terms)


def _slices(cases: "QuerySet[Case]", moment: str, terms: Terms) -> Iterator[Sites]:
    rows = cases.values_list(
        "id", "category_id", instant(moment), "place_id", "address", "lat", "lon"
    ).iterator(CHUNK)
    while part := list(islice(rows, SLICE)):
        yield _sites(part, terms)


def _sites(rows: list[tuple[Any, ...]], terms: Terms) -> Sites:
    columns: list[tuple[Any, ...]] = list(zip(*rows, strict=True)) if rows else [()] * 7
    ids, categories, moments, places, addresses, lats, lons = columns
    rules = [terms.rules.get(pk) for pk in categories]
    lat, lon = _points(lats, lons, terms)
    return Sites(
        id=_ints(ids),
        group=_ints(rule.group if rule else 0 for rule in rules),
        moment=milliseconds(moments),
        place=_ints(pk or 0 for pk in places),
        address=_addresses(addresses, terms),
        lat=lat,
        lon=lon,
        days=_ints(rule.days if rule else 0 for rule in rules),
        metres=_ints(rule.metres if rule else 0 for rule in rules),
    )


def _ints(values: Iterable[int]) -> Ints:
    return np.fromiter(values, dtype=np.int64)


def milliseconds(moments: tuple[Any, ...]) -> Ints:
    """Return instants, or SQLite's texts of them, as milliseconds since 1970."""
    if moments and isinstance(moments[0], str):
        return np.array(moments, dtype="datetime64[us]").astype(np.int64) // 1000
    return _ints((moment - EPOCH) // MILLISECOND for moment in moments)


def _addresses(texts: tuple[str, ...], terms: Terms) -> Ints:
    known: dict[str, int] = {}
    for text in texts:
        if text not in known:
            mark = address_hash(address_key(text))
            known[text] = 0 if mark in terms.areas else mark
    return _ints(known[text] for text in texts)


def _points(
    lats: tuple[float | None, ...], lons: tuple[float | None, ...], terms: Terms
) -> tuple[Any, Any]:
    lat, lon = np.array(lats, dtype=np.float64), np.array(lons, dtype=np.float64)
    lat[~np.isfinite(lon)] = np.nan
    for vague in terms.vague:
        lat[(lat == vague[0]) & (lon == vague[1])] = np.nan
    lon[~np.isfinite(lat)] = np.nan
    return lat, lon
