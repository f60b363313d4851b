"""The parts of a program that belong to no app yet, or to this one: checked, kept, shown."""

from typing import Any, Literal

from pydantic import Field

from townkeeper.kit.schema import Code, Key, Sourced, Strict, Texts

FORMAT = 1


class PlaceOf(Strict):
    """The place that the program is for: its division code and its name."""

    code: Code
    name: Texts


class SourceDocument(Strict):
    """The policy behind the program; `篇2 L95` in a fact means line 95 of the document `篇2`."""

    title: Texts
    key: str = Field(default="", max_length=20)
    lines: str = Field(default="", pattern=r"^(\d+(-\d+)?)?$")


class Superior(Sourced):
    """A body above the place: named for the record, without a post in the program."""

    name: Texts
    does: Texts | None = None


class Setting(Sourced):
    """Something that the policy sets, or leaves open and a default fills."""

    title: Texts
    value: Any = None
    unit: str = ""


class ProgramFile(Strict):
    """`program.yaml`."""

    format: Literal[1]
    key: Key
    title: Texts
    summary: Texts | None = None
    place: PlaceOf
    source: SourceDocument | None = None
    languages: list[Literal["zh-Hant", "zh-Hans", "en"]] = Field(min_length=1)
    time_zone: str
    number_prefix: str = Field(pattern=r"^[A-Z][A-Z0-9]{0,5}$")
    outline: str | None = None
    superiors: list[Superior] = []
    settings: dict[Key, Setting] = {}


class Observed(Strict):
    """A value that the policy states."""

    value: float
    count: float | None = None
    """The numerator of a rate, where the policy gives it; `of` is its denominator."""
    of: float | None = None
    before: float | None = None
    """The value at the beginning, where the policy gives a growth."""
    growth: float | None = None
    """By how much it grew, in the indicator's unit, as the policy says."""
    growth_percent: float | None = None
    period: str = ""
    note: str = ""
    source: str = ""


class Indicator(Sourced):
    """What is measured, and how its two parts are counted."""

    title: Texts
    unit: str
    better: Literal["higher", "lower"]
    from_: Literal["survey", "register", "inspection", "typed", "records"] = Field(alias="from")
    numerator: Texts | None = None
    denominator: Texts | None = None
    of: float | None = None
    collected_by: Code | None = None
    observed: list[Observed] = []


class IndicatorsFile(Strict):
    """`indicators.yaml`."""

    indicators: dict[Key, Indicator]


class Target(Sourced):
    """What an indicator must reach, for whom, by when."""

    indicator: Key
    for_: list[Code] = Field(alias="for", min_length=1)
    at_least: float | None = None
    at_most: float | None = None
    by: str = ""


class TargetsFile(Strict):
    """`targets.yaml`."""

    targets: list[Target]


class Condition(Strict):
    """When a rule applies: a rank, an indicator below or above a value, or an event."""

    rank: Literal["last", "first"] | int | None = None
    scheme: Key | None = None
    group: str | None = None
    months: int = 1
    indicator: Key | None = None
    for_: Code | None = Field(default=None, alias="for")
    below: float | None = None
    above: float | None = None
    event: Key | None = None


class RuleEntry(Sourced):
    """A condition, and what is proposed to a person when it holds."""

    key: Key
    title: Texts
    when: Condition
    propose: Literal[
        "notice", "supervision-letter", "talk", "criticism", "accountability", "award", "honour"
    ]


class RulesFile(Strict):
    """`rules.yaml`."""

    rules: list[RuleEntry]


class BulletinSection(Sourced):
    """One section of a bulletin; figures stand in braces."""

    title: str
    text: str
    table: str = ""


class BulletinFile(Sourced):
    """`bulletins/*.yaml`."""

    bulletin: Key
    title: Texts
    scheme: Key
    language: Literal["zh-Hant", "zh-Hans", "en"]
    masthead: str
    issuer: str
    number: str
    recipients: list[str] = []
    cc: list[str] = []
    printed_by: str = ""
    opening: str = ""
    closing: str = ""
    sections: list[BulletinSection] = Field(min_length=1)
