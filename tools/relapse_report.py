"""Prints the tables of docs/relapse.md from a home in which `relapse find` has run.

    .venv/bin/python tools/relapse_report.py HOME [--time-zone America/New_York]

How long the chains are, where and of what kind they are, what each unit's closings came to, and
how many relapses other windows and radii would find (nothing is written).
"""

import argparse
import os
import sys
from collections import Counter, defaultdict
from dataclasses import replace
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
DAYS = (7, 14, 30, 60, 90, 180)
METRES = (10, 25, 50, 100, 200)
MANY = 10
"""Chains of so many and more are counted together."""
MONTH_OF = 1000
"""Months with fewer closings are not shown by themselves."""
UNIT_OF = 20
"""Units with fewer closings are not shown."""


def main() -> int:
    """Print every table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("home")
    parser.add_argument("--time-zone", default="Asia/Shanghai")
    args = parser.parse_args()
    os.environ.update(
        TOWNKEEPER_HOME=args.home,
        TOWNKEEPER_TIME_ZONE=args.time_zone,
        DJANGO_SETTINGS_MODULE="townkeeper.config.settings",
    )
    sys.path.insert(0, str(ROOT / "src"))
    import django  # noqa: PLC0415 - the home is set by now

    django.setup()
    chains()
    kinds()
    units()
    sensitivity()
    return 0


def say(title: str, head: tuple[str, ...], rows: list[tuple[object, ...]]) -> None:
    """Print a table as Markdown."""
    print(f"\n### {title}\n")
    print("| " + " | ".join(head) + " |")
    print("| --- |" + " ---: |" * (len(head) - 1))
    for row in rows:
        print("| " + " | ".join(f"{v:,}" if isinstance(v, int) else str(v) for v in row) + " |")


def share(part: int, whole: int) -> str:
    """Return a percentage."""
    return f"{100 * part / whole:.1f}%" if whole else "–"


def chains() -> None:
    """Print how long the chains are, and the longest."""
    from townkeeper.relapse.chains import longest_chains, say_times  # noqa: PLC0415
    from townkeeper.relapse.models import Recurrence  # noqa: PLC0415

    longest: dict[int, int] = defaultdict(int)
    hows: Counter[str] = Counter()
    gaps: Counter[str] = Counter()
    for first, ordinal, how, days in Recurrence.objects.standing().values_list(
        "first_id", "ordinal", "how", "days"
    ):
        longest[first] = max(longest[first], ordinal)
        hows[how] += 1
        gaps[next(f"up to {d}" for d in (0, 1, 7, 30, 60, 90, 10**6) if days <= d)] += 1
    lengths = Counter(min(length, MANY) for length in longest.values())
    rows = [(f"{n}" if n < MANY else f"{MANY} and more", lengths[n]) for n in sorted(lengths)]
    say("Chains by length", ("cases in the chain", "chains"), rows)
    say("What made it the same place", ("how", "relapses"), list(hows.most_common()))
    say("Whole days from closing to return", ("days", "relapses"), sorted(gaps.items()))
    rows = [
        (c.last.address or c.last.title, str(c.last.category), say_times(c.length, c.span))
        for c in longest_chains(10)
    ]
    say("The longest chains", ("place", "kind", "chain"), rows)


def kinds() -> None:
    """Print the kinds that come back most."""
    from django.db.models import Count, Q  # noqa: PLC0415

    from townkeeper.duties.models import Category  # noqa: PLC0415

    found = Category.objects.annotate(
        closed=Count("cases", filter=Q(cases__stage="closed"), distinct=True),
        back=Count(
            "cases",
            filter=Q(cases__came_back__isnull=False, cases__came_back__is_overruled=False),
            distinct=True,
        ),
    ).filter(back__gt=0)
    rows = [
        (c.name, c.closed, c.back, share(c.back, c.closed))
        for c in found.order_by("-back", "name")[:12]
    ]
    say("Kinds", ("kind", "closed", "came back", "share"), rows)


def units() -> None:
    """Print what the closings of every unit came to, by month of closing."""
    from townkeeper.cases.models import Case  # noqa: PLC0415
    from townkeeper.relapse.models import Recurrence  # noqa: PLC0415

    back = set(Recurrence.objects.standing().values_list("former_id", flat=True))
    closed: dict[str, Counter[str]] = defaultdict(Counter)
    came: dict[str, Counter[str]] = defaultdict(Counter)
    cases = Case.objects.filter(stage="closed", unit__isnull=False).select_related("unit")
    for case in cases.only("closed_at", "unit__name", "unit__names").iterator(5000):
        month = f"{case.closed_at.astimezone():%Y-%m}"
        closed[case.unit.name][month] += 1
        came[case.unit.name][month] += case.pk in back
    months = sorted({m for by in closed.values() for m in by})
    common = [m for m in months if sum(by[m] for by in closed.values()) >= MONTH_OF]
    rows = [
        (
            name,
            sum(by.values()),
            sum(came[name].values()),
            share(sum(came[name].values()), sum(by.values())),
            *(share(came[name][m], by[m]) for m in common),
        )
        for name, by in sorted(closed.items(), key=lambda item: -sum(item[1].values()))
        if sum(by.values()) >= UNIT_OF
    ]
    say("Units", ("unit", "closed", "came back", "share", *common), rows)


def sensitivity() -> None:
    """Print how many relapses other windows and radii would find."""
    from townkeeper.cases.models import Case  # noqa: PLC0415
    from townkeeper.relapse.matching import join_sites, match  # noqa: PLC0415
    from townkeeper.relapse.sites import (  # noqa: PLC0415
        closed_sites,
        opened_sites,
        read_terms,
        vague_points,
    )

    terms = read_terms(vague_points())
    fresh = Case.objects.exclude(stage__in=["voided", "merged"]).exclude(category=None)
    new = join_sites(list(opened_sites(fresh, terms)))
    former = closed_sites(Case.objects.all(), terms)
    rows = []
    for days in DAYS:
        line: list[object] = [f"{days} days"]
        for metres in METRES:
            ruled = replace(
                former,
                days=np.full(len(former), days, np.int64),
                metres=np.full(len(former), metres, np.int64),
            )
            line.append(int((match(new, ruled).former >= 0).sum()))
        rows.append(tuple(line))
    say("Relapses by window and radius", ("window", *(f"{m} m" for m in METRES)), rows)
    print(f"\n{len(former):,} closed cases, {len(new):,} that could bring one back")


if __name__ == "__main__":
    sys.exit(main())
