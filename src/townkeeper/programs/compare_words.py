"""Says what is different between two programs in words that a leader can read."""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

from townkeeper.duties.program import catalogues, read_catalogue
from townkeeper.kit.schema import LANGUAGES
from townkeeper.procedures.wording import limit_text
from townkeeper.programs.compare import PARTS, Comparison, Difference, Moved
from townkeeper.programs.findings import language_tag

MINOR = frozenset({"source", "default_because", "decide", "note", "words", "because", "summary"})
"""Where the policy says it and why: counted, and shown when asked for."""
MANY = 8
"""More entries that came or went than this are one line with a count."""
SHOWN = 4
CONTAINERS = frozenset({"steps", "actions", "items", "groups", "others", "branches"})
"""Lists whose entries have names of their own; the list itself need not be named."""
_AMOUNT = re.compile(r"(\d+)(wh|wd|wmin|h|d|min)")
_LIMIT = re.compile(r"\d+(wh|wd|wmin|h|d|min)|\d\d:\d\d|same-day|by-category")
WORDS_SHOWN = 24
"""Characters of the policy by which a duty is called: its key says little to a leader."""


@dataclass(frozen=True, slots=True)
class Section:
    """What is different in one part."""

    part: str
    title: str
    lines: tuple[str, ...]


@lru_cache(maxsize=2)
def _table(name: str) -> dict[str, dict[str, str]]:
    text = (files("townkeeper.programs") / "words" / name).read_text("utf-8")
    rows = csv.DictReader(text.splitlines())
    return {next(iter(row.values())): row for row in rows}


def say(code: str, tag: str, **params: object) -> str:
    """Fill one of the sentences of `words/differences.csv`."""
    return _table("differences.csv")[code][tag].format_map({k: str(v) for k, v in params.items()})


def field_name(field: str, tag: str) -> str:
    """Return what people call a field of the files; an unknown one stays as it is written."""
    row = _table("fields.csv").get(field)
    return row[tag] if row else field


def say_comparison(
    compared: Comparison, language: str | None = None, *, everything: bool = False
) -> list[Section]:
    """Say all differences, part by part; `everything` says changed sources and notes one by one."""
    tag = language_tag(language)
    speaker = Speaker(compared, tag)
    sections = []
    for part in PARTS:
        lines = list(speaker.part(part, everything=everything))
        if lines:
            sections.append(Section(part, say(f"part-{part}", tag), tuple(lines)))
    return sections


class Speaker:
    """Knows the names of both versions and says one difference at a time."""

    def __init__(self, compared: Comparison, tag: str) -> None:
        self.compared = compared
        self.tag = tag
        self.names = _names(compared, tag)

    def part(self, part: str, *, everything: bool) -> Iterator[str]:
        """Yield the lines of one part, most telling first."""
        found = _once((d for d in self.compared.differences if d.part == part), self.tag)
        if part == "duties":
            yield from (self.moved(moved) for moved in self.compared.moved)
        whole = [d for d in found if not d.path]
        yield from self._came_and_went(whole)
        minor = [d for d in found if d.path and MINOR & set(d.path)]
        yield from (self.changed(d) for d in found if d.path and d not in minor)
        if everything:
            yield from (self.changed(d) for d in minor)
        elif minor:
            yield say("minor", self.tag, count=len(minor))

    def _came_and_went(self, whole: Sequence[Difference]) -> Iterator[str]:
        for kind in ("added", "removed"):
            names = [self.entry(d) for d in whole if d.kind == kind]
            if len(names) > MANY:
                shown = self._joined(names[:SHOWN])
                yield say(f"{kind}-many", self.tag, count=len(names), names=shown)
            else:
                yield from (say(kind, self.tag, name=name) for name in names)
        yield from (self.changed(d) for d in whole if d.kind == "changed")

    def entry(self, found: Difference) -> str:
        """Return what an entry is called."""
        said = found.after if found.before is None else found.before
        return self._called(found.part, found.key, said)

    def _called(self, part: str, key: str, said: Any) -> str:  # noqa: ANN401
        """Name an entry by its title; a target by what it is for, a post by its person."""
        if part == "targets" and isinstance(said, Mapping):
            return f"{self.value(said['indicator'])}（{self.value(said['for'])}）"
        if part == "posts" and isinstance(said, Mapping):
            return (
                f"{_title(said, self.tag)}（{self.value(said['unit'])} {self.value(said['role'])}）"
            )
        if part == "standing" and isinstance(said, Mapping):
            return _title(said.get("what"), self.tag) or key
        return _title(said, self.tag) or self.names.get(key, key)

    def changed(self, found: Difference) -> str:
        """Say one changed field."""
        place, field = self._place(found)
        before, after = found.before, found.after
        params = {"name": place, "field": field_name(field, self.tag)}
        if isinstance(before, list | tuple) and isinstance(after, list | tuple):
            return self._list_changed(params, before, after)
        if before is None or after is None:
            code, value = ("set", after) if before is None else ("unset", before)
            side = "after" if before is None else "before"
            return say(code, self.tag, **params, **{side: self.value(value)})
        params |= {"before": self.value(before), "after": self.value(after)}
        return say("changed", self.tag, **params, remark=self._remark(before, after))

    def _list_changed(
        self, params: Mapping[str, str], before: Iterable[Any], after: Iterable[Any]
    ) -> str:
        old, new = [self.value(v) for v in before], [self.value(v) for v in after]
        more, less = [v for v in new if v not in old], [v for v in old if v not in new]
        if not more and not less:
            values = {"before": self._joined(old), "after": self._joined(new)}
            return say("changed", self.tag, **params, **values, remark="")
        code = "swapped" if more and less else "gained" if more else "lost"
        both = {"more": self._joined(more), "less": self._joined(less)}
        return say(code, self.tag, **params, **both)

    def _remark(self, before: object, after: object) -> str:
        """Say whether a limit became shorter or longer, where both count in the same unit."""
        old, new = _AMOUNT.fullmatch(str(before)), _AMOUNT.fullmatch(str(after))
        if old is None or new is None or old[2] != new[2]:
            return ""
        return say("shorter" if int(new[1]) < int(old[1]) else "longer", self.tag)

    def _place(self, found: Difference) -> tuple[str, str]:
        """Return the names of everything around a field, and the field."""
        trees = (self.compared.after, self.compared.before)
        entries = [tree.get(found.part, {}).get(found.key) for tree in trees]
        entry = next((one for one in entries if one is not None), None)
        said = [self._called(found.part, found.key, entry)] if found.key else []
        *way, field = [step for step in found.path if step not in LANGUAGES] or [""]
        for depth, step in enumerate(way, start=1):
            inner = [_inside(tree.get(found.part, {}), found.key, way[:depth]) for tree in trees]
            named = _first(_title(value, self.tag) for value in inner)
            if named or step not in CONTAINERS:
                said.append(named or field_name(step, self.tag))
        return " › ".join(said) or say(f"part-{found.part}", self.tag), field

    def value(self, value: Any) -> str:  # noqa: ANN401 - data as YAML gives it
        """Say a value: units, kinds and roles by name, limits in words."""
        if isinstance(value, bool):
            return say("yes" if value else "no", self.tag)
        if isinstance(value, Mapping):
            return _title(value, self.tag) or self._mapping(value)
        if isinstance(value, list | tuple):
            return self._joined([self.value(inner) for inner in value])
        text = str(value)
        if _LIMIT.fullmatch(text):
            return limit_text(text, self.tag)
        return self.names.get(text, text)

    def _mapping(self, value: Mapping[str, Any]) -> str:
        colon = ": " if self.tag == "en" else "："
        parts = [
            f"{field_name(name, self.tag)}{colon}{self.value(inner)}"
            for name, inner in value.items()
            if name not in MINOR
        ]
        return self._joined(parts)

    def _joined(self, names: Sequence[str]) -> str:
        if not names:
            return say("nothing", self.tag)
        return (", " if self.tag == "en" else "、").join(names)

    def _some(self, keys: Sequence[str]) -> str:
        names = [self.value(key) for key in keys]
        if len(names) <= SHOWN:
            return self._joined(names)
        rest = len(names) if self.tag != "en" else len(names) - SHOWN
        return say("more", self.tag, names=self._joined(names[:SHOWN]), count=rest)

    def moved(self, moved: Moved) -> str:
        """Say whose matters are another's now."""
        code = "moved"
        if moved.before is None:
            code = "moved-new"
        elif moved.after is None:
            code = "moved-lost"
        return say(
            code,
            self.tag,
            categories=self._some(moved.categories),
            areas=self._some(moved.areas),
            before=self.value(moved.before),
            after=self.value(moved.after),
            lines=moved.lines,
        )


def _once(found: Iterable[Difference], tag: str) -> list[Difference]:
    """Return differences with a text in several languages once, in the reader's if it changed."""
    seen: dict[tuple[str, tuple[str, ...]], Difference] = {}
    for one in found:
        path = one.path[:-1] if one.path and one.path[-1] in LANGUAGES else one.path
        if (one.key, path) not in seen or one.path[-1:] == (tag,):
            seen[one.key, path] = one
    return list(seen.values())


def _title(value: object, tag: str) -> str:
    """Return the name of an entry, or a text by language; empty where it is neither."""
    if not isinstance(value, Mapping):
        return ""
    for name in ("title", "name"):
        inner = value.get(name)
        if isinstance(inner, Mapping):
            return _title(inner, tag)
        if isinstance(inner, str) and inner and name == "title" and "user" not in value:
            return inner
    texts = {name: text for name, text in value.items() if name in LANGUAGES or name == ""}
    if len(texts) != len(value) or not texts:
        return ""
    return str(texts.get(tag) or texts.get("") or next(iter(texts.values())))


def _inside(part: Mapping[str, Any], key: str, way: Sequence[str]) -> object:
    value: Any = part.get(key)
    for step in way:
        value = value.get(step) if isinstance(value, Mapping) else None
    return value


def _first(values: Iterable[str]) -> str:
    return next((value for value in values if value), "")


def _names(compared: Comparison, tag: str) -> dict[str, str]:
    """Return what units, kinds, roles and groups are called; the newer name counts."""
    names = {value: say(value, tag) for value in ("each", "cn", "none")}
    for catalogue in catalogues():
        names |= {row.key: row.names.get(tag, row.key) for row in read_catalogue(catalogue)}
    for tree in (compared.before, compared.after):
        for part in ("roles", "units", "categories", "settings", "indicators"):
            for key, entry in tree.get(part, {}).items():
                if key and (title := _title(entry, tag)):
                    names[key] = title
        for key, entry in tree.get("groups", {}).items():
            names[f"group:{key}"] = _title(entry, tag) or key
        for key, entry in tree.get("duties", {}).items():
            if words := str(entry.get("words", "")):
                cut = words if len(words) <= WORDS_SHOWN else f"{words[:WORDS_SHOWN]}…"
                names[key] = f"“{cut}”" if tag != "zh-Hant" else f"「{cut}」"
    return names
