"""The ground rules of every file of a program: strict keys, texts by language, sources, limits."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

LANGUAGES = ("zh-Hant", "zh-Hans", "en")


def _texts(value: object) -> object:
    return {"": value} if isinstance(value, str) else value


def _known_languages(value: dict[str, str]) -> dict[str, str]:
    unknown = [tag for tag in value if tag and tag not in LANGUAGES]
    if unknown:
        raise PydanticCustomError(
            "language", "unknown language", {"language": unknown[0], "known": list(LANGUAGES)}
        )
    if not any(text.strip() for text in value.values()):
        raise PydanticCustomError("empty", "empty text", {})
    return value


Texts = Annotated[
    dict[str, Annotated[str, Field(min_length=1)]],
    BeforeValidator(_texts),
    AfterValidator(_known_languages),
]
"""A text by language, or one text for all (kept under the empty tag)."""
Names = Annotated[
    dict[str, Annotated[str, Field(min_length=1, max_length=120)]],
    BeforeValidator(_texts),
    AfterValidator(_known_languages),
]
"""The same for names, which have their place in tables and lists."""


def plain(texts: Mapping[str, str]) -> str:
    """Return the text that was entered first: the place's own words."""
    return next(iter(texts.values()), "")


def tagged(texts: Mapping[str, str]) -> dict[str, str]:
    """Return the texts that name their language."""
    return {tag: text for tag, text in texts.items() if tag}


def _code(value: object) -> object:
    if isinstance(value, int) and not isinstance(value, bool):
        raise PydanticCustomError("code_not_quoted", "number instead of code", {"value": value})
    return value


Code = Annotated[str, BeforeValidator(_code), Field(min_length=1, max_length=40)]
"""A unit's code or a key; digits must be quoted, or leading zeros would be lost."""
Key = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$", max_length=40)]

ShortKey = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$", max_length=30)]
"""A key that a narrower column holds: roles, calendars."""


class Strict(BaseModel):
    """A mapping of a program's file: unknown keys are mistakes, not extras."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Sourced(Strict):
    """A fact: where the policy says it, why there is a default, what a person must decide."""

    source: str = Field(default="", max_length=80)
    """`篇2 L95,L103`: the key of the document and its lines."""
    default_because: Texts | None = None
    decide: Texts | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that loading a program did."""

    what: str
    """`unit`, `role`, `post`, `place`, `category`, `duty`, `calendar`, `procedure`, `scheme` …"""
    act: str
    """`added`, `changed`, `closed`, `removed`; `kept`: the office's own, left alone."""
    key: str
    name: Mapping[str, str] = field(default_factory=dict)
    fields: tuple[str, ...] = ()
    """What is different, for `changed`."""
    count: int = 1
    """More than one for a summary line, such as 303 villages."""


def gather(changes: Iterable[Change], *, limit: int = 20) -> list[Change]:
    """Join long runs of the same kind of change into one line with a count."""
    groups: dict[tuple[str, str], list[Change]] = {}
    for change in changes:
        groups.setdefault((change.what, change.act), []).append(change)
    gathered: list[Change] = []
    for (what, act), members in groups.items():
        if len(members) > limit:
            total = sum(member.count for member in members)
            gathered.append(Change(what, act, "", count=total))
        else:
            gathered += members
    return gathered
