"""Reads the policy critically: targets, rules, schemes, bulletins, and what is still undecided."""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation

from townkeeper.assessment.program import SchemeFile, scheme_problems
from townkeeper.programs.findings import Finding
from townkeeper.programs.fitting import meant
from townkeeper.programs.folder import Folder
from townkeeper.programs.metrics import known_metrics
from townkeeper.programs.parts import (
    BulletinFile,
    Indicator,
    IndicatorsFile,
    RuleEntry,
    RulesFile,
    Target,
    TargetsFile,
)
from townkeeper.programs.reader import Document, Place
from townkeeper.publication.frozen_figures import NAMED

GROUP = "group:"
PERCENT = "%"
HUNDRED = 100


def check_targets(folder: Folder) -> Iterator[Finding]:
    """Yield targets without an indicator, out of range, or already reached."""
    part = folder.part("targets.yaml", TargetsFile)
    if part is None:
        return
    document = folder.documents["targets.yaml"]
    indicators = folder.part("indicators.yaml", IndicatorsFile)
    known = indicators.indicators if indicators else {}
    for number, target in enumerate(part.targets):
        place: Place = ("targets", number)
        if target.at_least is None and target.at_most is None:
            yield document.find("target-empty", *place, indicator=target.indicator)
        if target.indicator not in known:
            if indicators is not None:
                params = {"indicator": target.indicator, "meant": meant(target.indicator, known)}
                yield document.find("indicator-unknown", *place, "indicator", **params)
            continue
        yield from _target(document, place, target, known[target.indicator])
        for index, code in enumerate(target.for_):
            yield from _named(folder, document, (*place, "for", index), code)


def _target(
    document: Document, place: Place, target: Target, indicator: Indicator
) -> Iterator[Finding]:
    for name, value in (("at_least", target.at_least), ("at_most", target.at_most)):
        if value is not None and indicator.unit == PERCENT and not 0 <= value <= HUNDRED:
            yield document.find("percent-range", *place, name, value=value)
    if not indicator.observed:
        return
    today = indicator.observed[-1].value
    params = {"indicator": indicator.title, "today": today}
    if target.at_least is not None and indicator.better == "higher" and target.at_least < today:
        yield document.find(
            "target-below-today", *place, "at_least", **params, target=target.at_least
        )
    if target.at_most is not None and indicator.better == "lower" and target.at_most > today:
        yield document.find(
            "target-below-today", *place, "at_most", **params, target=target.at_most
        )


def _named(folder: Folder, document: Document, place: Place, code: str) -> Iterator[Finding]:
    """Yield a unit or a group that does not exist."""
    if not folder.is_whole("units/"):
        return
    groups = folder.group_codes()
    codes = {located.entry.code for located in folder.units()}
    if code.startswith(GROUP):
        name = code.removeprefix(GROUP)
        if name not in groups:
            yield document.find("group-unknown", *place, group=name, meant=meant(name, groups))
    elif code not in codes:
        yield document.find("unit-unknown", *place, code=code, meant=meant(code, codes))


def check_rules(folder: Folder) -> Iterator[Finding]:
    """Yield rules that can never apply, or that name what does not exist."""
    part = folder.part("rules.yaml", RulesFile)
    if part is None:
        return
    document = folder.documents["rules.yaml"]
    for number, rule in enumerate(part.rules):
        place: Place = ("rules", number, "when")
        reason = _never(folder, rule)
        if reason:
            yield document.find("rule-never", *place, reason=reason, rule=rule.title)
        yield from _rule_names(folder, document, place, rule)


def _rule_names(
    folder: Folder, document: Document, place: Place, rule: RuleEntry
) -> Iterator[Finding]:
    when = rule.when
    indicators = folder.part("indicators.yaml", IndicatorsFile)
    if when.indicator and indicators and when.indicator not in indicators.indicators:
        guess = meant(when.indicator, indicators.indicators)
        yield document.find("indicator-unknown", *place, indicator=when.indicator, meant=guess)
    schemes = [scheme.scheme for _document, scheme in folder.all(SchemeFile)]
    if when.scheme and folder.is_whole("schemes/") and when.scheme not in schemes:
        guess = meant(when.scheme, schemes)
        yield document.find("scheme-unknown", *place, "scheme", scheme=when.scheme, meant=guess)
    if when.for_:
        yield from _named(folder, document, (*place, "for"), when.for_)


def _never(folder: Folder, rule: RuleEntry) -> Mapping[str, str] | None:
    """Return why a rule can never apply, by language."""
    when = rule.when
    part = folder.part("indicators.yaml", IndicatorsFile)
    indicator = part.indicators.get(when.indicator) if part and when.indicator else None
    percent = indicator is not None and indicator.unit == PERCENT
    low, high = when.below, when.above
    reasons = {
        "empty": when.rank is None and when.indicator is None and when.event is None,
        "no-threshold": when.indicator is not None and low is None and high is None,
        "below-zero": percent and low is not None and low <= 0,
        "above-hundred": percent and high is not None and high >= HUNDRED,
        "contradiction": low is not None and high is not None and low <= high,
        "months": when.months < 1,
        "rank": _rank_never(folder, rule),
    }
    return next((_WHY[reason] for reason, holds in reasons.items() if holds), None)


def _rank_never(folder: Folder, rule: RuleEntry) -> bool:
    when = rule.when
    if when.rank is None or isinstance(when.rank, str):
        return False
    sizes = [len(codes) for codes in folder.group_codes().values()]
    group = folder.group_codes().get((when.group or "").removeprefix(GROUP))
    largest = len(group) if group is not None else max(sizes, default=0)
    return when.rank < 1 or when.rank > largest


_WHY: Mapping[str, Mapping[str, str]] = {
    "empty": {
        "en": "it has no condition",
        "zh-Hant": "沒有寫條件",
        "zh-Hans": "没有写条件",
    },
    "no-threshold": {
        "en": "an indicator is named but neither below nor above a value",
        "zh-Hant": "寫了指標，沒有寫低於（below）或高於（above）多少",
        "zh-Hans": "写了指标，没有写低于（below）或高于（above）多少",
    },
    "below-zero": {
        "en": "no percentage is below 0",
        "zh-Hant": "百分率不會低於 0",
        "zh-Hans": "百分率不会低于 0",
    },
    "above-hundred": {
        "en": "no percentage is above 100",
        "zh-Hant": "百分率不會高於 100",
        "zh-Hans": "百分率不会高于 100",
    },
    "contradiction": {
        "en": "no value is below the one and above the other",
        "zh-Hant": "沒有數值能同時低於前者、高於後者",
        "zh-Hans": "没有数值能同时低于前者、高于后者",
    },
    "months": {
        "en": "months must be 1 or more",
        "zh-Hant": "月數至少為 1",
        "zh-Hans": "月数至少为 1",
    },
    "rank": {
        "en": "no group has so many units",
        "zh-Hant": "沒有哪個組有這麼多單位",
        "zh-Hans": "没有哪个组有这么多单位",
    },
}


def check_weights(folder: Folder) -> None:
    """Say in the file's own lines that weights do not add up, in place of the schema's sentence."""
    for document in folder.raw("schemes/"):
        if not isinstance(document.data, dict):
            continue
        items = document.data.get("items")
        total, wanted = _weight(items), _number(document.data.get("total", HUNDRED))
        if total is None or wanted is None or total == wanted or _grouped(items):
            continue
        document.findings[:] = [f for f in document.findings if f.code != "schema"]
        document.findings.append(
            document.find("weights", "items", total=f"{total:f}", wanted=f"{wanted:f}")
        )


def _number(value: object) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return None


def _grouped(items: object) -> bool:
    return isinstance(items, list) and any(
        isinstance(item, dict) and (item.get("groups") or _grouped(item.get("items")))
        for item in items
    )


def _weight(items: object) -> Decimal | None:
    if not isinstance(items, list):
        return None
    total = Decimal(0)
    for item in items:
        if not isinstance(item, dict):
            return None
        weight = _weight(item["items"]) if item.get("items") else _number(item.get("weight"))
        if weight is None:
            return None
        total += weight
    return total


def check_schemes(folder: Folder) -> Iterator[Finding]:
    """Yield schemes that measure what does not exist, or compare nobody."""
    for document, scheme in folder.all(SchemeFile):
        known = known_metrics()
        for where, metric in scheme_problems(scheme, metrics=known) if known else []:
            params = {"metric": metric, "meant": meant(metric, known)}
            yield document.find("metric-unknown", *_item_place(document, where), **params)
        seen: dict[str, str] = {}
        for number, group in enumerate(scheme.groups):
            codes: list[str] = []
            for index, written in enumerate(group.units):
                place: Place = ("groups", number, "units", index)
                if ":" in written and not written.startswith(GROUP):
                    continue
                yield from _named(folder, document, place, written)
                named = folder.group_codes().get(written.removeprefix(GROUP), [])
                codes += named if written.startswith(GROUP) else [written]
            if not codes and all(w.startswith(GROUP) for w in group.units):
                yield document.find("scheme-group-empty", "groups", number, group=group.title)
            for code in codes:
                if code in seen and seen[code] != group.key:
                    params = {"code": code, "first": seen[code], "second": group.key}
                    yield document.find("unit-in-two-groups", "groups", number, **params)
                seen.setdefault(code, group.key)


def _item_place(document: Document, key: str) -> Place:
    """Return where an item with a key stands, at any depth."""
    return next(_places_of(document.data, key, ()), (key,))


def _places_of(data: object, key: str, place: Place) -> Iterator[Place]:
    if isinstance(data, dict):
        if data.get("key") == key and "metric" in data:
            yield (*place, "metric")
        for name, value in data.items():
            yield from _places_of(value, key, (*place, name))
    elif isinstance(data, list):
        for number, value in enumerate(data):
            yield from _places_of(value, key, (*place, number))


def check_bulletins(folder: Folder) -> Iterator[Finding]:
    """Yield bulletins of a scheme that does not exist, or that name figures nobody computes."""
    schemes = [scheme.scheme for _document, scheme in folder.all(SchemeFile)]
    known = {*NAMED, *WORDS_OF_ISSUE, *known_metrics()}
    for document, part in folder.all(BulletinFile):
        if folder.is_whole("schemes/") and part.scheme not in schemes:
            guess = meant(part.scheme, schemes)
            yield document.find("scheme-unknown", "scheme", scheme=part.scheme, meant=guess)
        for place, text in _texts(part):
            if text.count("{") != text.count("}"):
                yield document.find("brace", *place)
            for name in re.findall(r"{(\w+)}", text):
                if name not in known:
                    yield document.find(
                        "figure-unknown", *place, name=name, meant=meant(name, known)
                    )


WORDS_OF_ISSUE = ("place", "serial")
"""Names in braces that are no figures: words of one issue of a bulletin."""


def _texts(part: BulletinFile) -> Iterator[tuple[Place, str]]:
    """Yield every text of a bulletin in which names in braces are filled."""
    for name in ("masthead", "issuer", "number", "opening", "closing"):
        yield (name,), getattr(part, name)
    yield from ((("title", tag), text) for tag, text in part.title.items())
    for number, section in enumerate(part.sections):
        yield ("sections", number, "text"), section.text


def decisions(folder: Folder) -> Iterator[Finding]:
    """Yield what a person still has to decide, as notes."""
    for document in folder.documents.values():
        for place, texts in _decide(document.data, ()):
            yield document.find("decide", *place, decision=texts)


def _decide(data: object, place: Place) -> Iterator[tuple[Place, Mapping[str, str]]]:
    if isinstance(data, dict):
        for key, value in data.items():
            if key == "decide" and isinstance(value, dict):
                yield (*place, key), {str(tag): str(text) for tag, text in value.items()}
            elif key == "decide" and isinstance(value, str):
                yield (*place, key), {"": value}
            else:
                yield from _decide(value, (*place, key))
    elif isinstance(data, list):
        for number, value in enumerate(data):
            yield from _decide(value, (*place, number))
