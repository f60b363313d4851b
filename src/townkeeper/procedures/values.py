"""Reads the plain values of procedure data: names, flags, limits, lists; says what is wrong."""

import difflib
import re
from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

from townkeeper.procedures.model import Text

NAME = re.compile(r"[a-z][a-z0-9_-]{0,29}")
"""Names and codes: small English letters, at most 30, so that every column can hold them."""
LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-[A-Z]{2})?")
PERCENT = re.compile(r"(\d+(?:\.\d+)?)\s*%")
UNWRITABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
"""What no XML (diagram, BPMN, DOCX) and no PostgreSQL column can hold."""
MINUTES_OF_AN_HOUR = 60


class SyntaxProblem(NamedTuple):
    """One thing in the data that is not the language; `wording.syntax_text` says it in words."""

    path: str
    code: str
    params: dict[str, object]


def near(word: str, known: Collection[str]) -> str:
    """Return the known word that was probably meant, or an empty text."""
    return next(iter(difflib.get_close_matches(word, list(known), n=1)), "")


class ValueReader:
    """Reads plain values and collects problems instead of stopping at the first."""

    def __init__(self) -> None:
        self.problems: list[SyntaxProblem] = []

    def note(self, path: str, code: str, **params: object) -> None:
        self.problems.append(SyntaxProblem(path, code, params))

    # --- plain values ---

    def mapping(self, value: object, path: str, keys: Collection[str] | None) -> dict[str, object]:
        if not isinstance(value, Mapping):
            self.note(path, "not-mapping", value=shown(value))
            return {}
        kept: dict[str, object] = {}
        for key, item in value.items():
            if not isinstance(key, str):
                # YAML 1.1 reads bare `no`, `on` and `12` as something else than text.
                self.note(path, "key-not-text", key=shown(key))
            elif keys is not None and key not in keys:
                self.note(under(path, key), "key-unknown", key=key, near=near(key, keys))
            else:
                kept[key] = item
        return kept

    def named(
        self, value: object, path: str, keys: Collection[str], short: str = ""
    ) -> Iterator[tuple[str, dict[str, object]]]:
        """Yield (name, body) of a mapping by name, or of a list of mappings with a `name`."""
        seen: set[str] = set()
        for name, body in self.pairs(value, path):
            where = under(path, name)
            if NAME.fullmatch(name) is None:
                self.note(where, "name-invalid", name=shown(name))
            elif name in seen:
                self.note(where, "name-twice", name=name)
            elif body is None:
                seen.add(name)
                yield name, {}
            elif short and isinstance(body, str):
                seen.add(name)
                yield name, {short: body}
            else:
                seen.add(name)
                yield name, self.mapping(body, where, keys)

    def pairs(self, value: object, path: str) -> Iterator[tuple[str, object]]:
        if not isinstance(value, list):
            yield from self.mapping(value, path, None).items()
            return
        for number, item in enumerate(value):
            body = self.mapping(item, f"{path}[{number}]", None)
            name = self.text(body.pop("name", None), f"{path}[{number}].name")
            if name:
                yield name, body

    def text(self, value: object, path: str) -> str:
        if isinstance(value, str) and value.strip() and UNWRITABLE.search(value) is None:
            return value.strip()
        self.note(path, "not-text", value=shown(value))
        return ""

    def text_or_none(self, body: Mapping[str, object], key: str, path: str) -> str | None:
        if body.get(key) is None:
            return None
        return self.text(body[key], under(path, key)) or None

    def word(self, body: Mapping[str, object], key: str, path: str, default: str = "") -> str:
        return self.text_or_none(body, key, path) or default

    def texts(self, body: Mapping[str, object], key: str, path: str) -> tuple[str, ...]:
        value = body.get(key)
        if value is None:
            return ()
        if isinstance(value, list):
            return tuple(
                self.text(item, f"{under(path, key)}[{number}]")
                for number, item in enumerate(value)
            )
        return (self.text(value, under(path, key)),)

    def code(self, body: Mapping[str, object], key: str, path: str) -> str | None:
        """Read a name that stands for something: a role, a counter, an outcome, a stage."""
        said = self.text_or_none(body, key, path)
        return self.checked(said, under(path, key)) if said else None

    def codes(self, body: Mapping[str, object], key: str, path: str) -> tuple[str, ...]:
        return tuple(
            self.checked(said, under(path, key)) for said in self.texts(body, key, path) if said
        )

    def checked(self, said: str, path: str) -> str:
        if NAME.fullmatch(said) is None:
            self.note(path, "name-invalid", name=shown(said))
        return said

    def flag(self, body: Mapping[str, object], key: str, path: str, yes: str = "") -> bool:
        value = body.get(key, False)
        if isinstance(value, bool):
            return value
        if yes and value in (yes, "optional"):
            return value == yes
        self.note(under(path, key), "not-flag", value=shown(value), yes=yes or "true")
        return False

    def choice(
        self,
        body: Mapping[str, object],
        key: str,
        path: str,
        allowed: tuple[str, ...],
        default: str,
    ) -> str:
        value = self.word(body, key, path, default)
        if value in allowed:
            return value
        self.note(
            under(path, key),
            "value-unknown",
            value=value,
            allowed=allowed,
            near=near(value, allowed),
        )
        return default

    def limit(self, body: Mapping[str, object], path: str, key: str = "limit") -> str | None:
        value = body.get(key)
        if isinstance(value, int) and not isinstance(value, bool):
            # YAML 1.1 reads a bare 20:30 as the number 1230 (base sixty).
            clock = f"{value // MINUTES_OF_AN_HOUR:02d}:{value % MINUTES_OF_AN_HOUR:02d}"
            self.note(under(path, key), "limit-not-text", value=value, clock=clock)
            return None
        return self.text_or_none(body, key, path)

    def share(self, value: object, path: str) -> float | None:
        """Read `80%` or 0.8 as 0.8; the range is checked by `check`."""
        if value is None:
            return None
        if isinstance(value, int | float) and not isinstance(value, bool):
            return float(value)
        match = PERCENT.fullmatch(value.strip()) if isinstance(value, str) else None
        if match is None:
            self.note(path, "not-share", value=shown(value))
            return None
        # Ten places: 35% must be 0.35 and not 0.35000000000000003, for a stable round trip.
        return round(float(match[1]) / 100, 10)

    def titles(self, value: object, path: str) -> Text:
        if value is None:
            return {}
        if isinstance(value, str):
            return {"und": self.text(value, path)}
        read = self.mapping(value, path, None)
        for tag in read:
            if LANGUAGE.fullmatch(tag) is None:
                self.note(under(path, tag), "language-invalid", tag=tag)
        return {tag: self.text(said, under(path, tag)) for tag, said in read.items()}


def under(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def content(body: Mapping[str, object], key: str) -> object:
    """Return what stands under `key`; nothing at all, or a bare `key:`, is an empty mapping."""
    value = body.get(key)
    return {} if value is None else value


def shown(value: object) -> str:
    """Show a wrong value in an error, short enough for one line."""
    text = "" if value is None else UNWRITABLE.sub("�", str(value))
    return text if len(text) <= 60 else f"{text[:57]}…"  # noqa: PLR2004 - one line of a terminal
