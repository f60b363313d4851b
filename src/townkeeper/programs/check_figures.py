"""Adds up the figures of a policy: rates and their parts, growth, claims, what was left out.

Each of these is a contradiction that a real policy held, and that nobody had noticed.
"""

import re
from collections.abc import Iterator
from itertools import combinations

from townkeeper.programs.findings import Finding
from townkeeper.programs.folder import Folder
from townkeeper.programs.parts import Indicator, IndicatorsFile, Observed, TargetsFile
from townkeeper.programs.reader import Document, Place

PERCENT = "%"
MASKED = re.compile(r"\d*[xX×]{2,}")
"""A year that was blotted out before the text was given away: `20xx`."""
SHORTEST = 4
"""Letters of a name that must agree before two indicators look like one."""


def check_figures(folder: Folder) -> Iterator[Finding]:
    """Yield figures that do not follow from each other, and groups that are not complete."""
    for key, located in folder.groups():
        said, there = located.entry.said, len(located.entry.units)
        if said is not None and said != there:
            params = {"group": located.entry.title or key, "said": said, "there": there}
            yield located.find("group-incomplete", "said", **params)
    part = folder.part("indicators.yaml", IndicatorsFile)
    if part is not None:
        document = folder.documents["indicators.yaml"]
        for key, indicator in part.indicators.items():
            yield from _indicator(document, key, indicator)
        yield from _look_alikes(folder, document, part)
    yield from _masked(folder)


def _indicator(document: Document, key: str, indicator: Indicator) -> Iterator[Finding]:
    places: list[Place] = [
        ("indicators", key, "observed", number) for number in range(len(indicator.observed))
    ]
    for place, observed in zip(places, indicator.observed, strict=True):
        yield from _rate(document, place, indicator, observed)
        yield from _growth(document, place, indicator, observed)
    numbered = zip(places, indicator.observed, strict=True)
    for (_, one), (place, other) in combinations(numbered, 2):
        # a claim ("full coverage") beside the counted figure of the same time
        same = one.period == other.period and (None in (one.of, other.of) or one.of == other.of)
        if same and one.value != other.value and one.note == other.note:
            params = {"indicator": indicator.title, "one": one.value, "other": other.value}
            yield document.find("observed-disagree", *place, **params)


def _rate(
    document: Document, place: Place, indicator: Indicator, observed: Observed
) -> Iterator[Finding]:
    """Check a rate against its parts, to the digits that the policy gives."""
    if observed.count is None or not observed.of:
        return
    exact = observed.count / observed.of * (100 if indicator.unit == PERCENT else 1)
    digits = _digits(observed.value)
    if round(exact, digits) == observed.value:
        return
    params = {
        "indicator": indicator.title,
        "said": observed.value,
        "count": _shown(observed.count),
        "of": _shown(observed.of),
        "exact": _shown(round(exact, digits + 2)),
    }
    cut = int(exact * 10**digits) / 10**digits == observed.value
    yield document.find("rate-cut-off" if cut else "rate-mismatch", *place, "value", **params)


def _growth(
    document: Document, place: Place, indicator: Indicator, observed: Observed
) -> Iterator[Finding]:
    """Check a growth against the values before and after, with one unit of rounding."""
    if observed.before is None:
        return
    grew = observed.value - observed.before
    checks = [("growth", observed.growth, grew)]
    if observed.before:
        checks.append(("growth_percent", observed.growth_percent, grew / observed.before * 100))
    for name, said, exact in checks:
        if said is not None and abs(said - exact) > 10 ** -_digits(said):
            params = {
                "indicator": indicator.title,
                "before": _shown(observed.before),
                "after": _shown(observed.value),
                "said": _shown(said),
                "exact": _shown(round(exact, _digits(said) + 1)),
            }
            yield document.find("growth-mismatch", *place, name, **params)


def _digits(value: float) -> int:
    return len(f"{value:.10f}".rstrip("0").partition(".")[2])


def _shown(value: float) -> str:
    return f"{value:.10f}".rstrip("0").rstrip(".")


def _look_alikes(folder: Folder, document: Document, part: IndicatorsFile) -> Iterator[Finding]:
    """Yield two indicators that look like one: the one is observed, the other has the target."""
    targets = folder.part("targets.yaml", TargetsFile)
    aimed = {target.indicator for target in targets.targets} if targets else set()
    observed = {key for key, indicator in part.indicators.items() if indicator.observed}
    for key in sorted(aimed - observed):
        for other in sorted(observed - aimed):
            if key in part.indicators and _alike(part.indicators[key], part.indicators[other]):
                params = {
                    "indicator": part.indicators[key].title,
                    "other": part.indicators[other].title,
                }
                yield document.find("indicator-look-alike", "indicators", key, **params)


def _alike(one: Indicator, other: Indicator) -> bool:
    """Whether one's name is the other's with something in front, in any language they share."""
    if one.unit != other.unit:
        return False
    for tag in one.title.keys() & other.title.keys():
        short, long = sorted((one.title[tag].lower(), other.title[tag].lower()), key=len)
        if len(short) >= SHORTEST and short in long:
            return True
    return False


def _masked(folder: Folder) -> Iterator[Finding]:
    """Yield targets whose year nobody can read."""
    part = folder.part("targets.yaml", TargetsFile)
    for number, target in enumerate(part.targets if part else ()):
        if MASKED.search(target.by):
            document = folder.documents["targets.yaml"]
            yield document.find("year-masked", "targets", number, "by", by=target.by)
