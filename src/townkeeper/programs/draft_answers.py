"""What a person decided about a draft, so that drafting again keeps it: the file `--decisions`."""

from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from townkeeper.calendars.limits import Limit, LimitError
from townkeeper.kit.schema import Key, Strict, Texts
from townkeeper.kit.yamlfile import read_yaml, validated
from townkeeper.units.program import UnitKind


def _limit(text: str) -> str:
    try:
        return str(Limit.parse(text))
    except LimitError as error:
        raise ValueError(str(error)) from None


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


class PlaceAnswer(Strict):
    """The place that the program is for."""

    code: str = Field(pattern=r"^[A-Za-z0-9-]{1,12}$")
    name: Texts
    kind: UnitKind = "county"


class Named(Strict):
    """Something by unit and by area: the two kinds of name that a spreadsheet has."""

    unit: dict[str, str] = {}
    area: dict[str, str] = {}


class NamedTexts(Strict):
    """Names to show, by unit and area as the file calls them."""

    unit: dict[str, Texts] = {}
    area: dict[str, Texts] = {}


class Dropped(Strict):
    """Values that are no unit, area or kind at all."""

    unit: tuple[str, ...] = ()
    area: tuple[str, ...] = ()


class Answers(Strict):
    """Decisions; whatever is left out stays as it was learnt."""

    format: Literal["1"] = "1"
    key: Key | None = None
    place: PlaceAnswer | None = None
    office: str = ""
    """The unit, as the file calls it, that accepts and dispatches; empty for the place itself."""
    names: NamedTexts = NamedTexts()
    same: Named = Named()
    """Value → the value that it is another writing of; itself, when it only looks like others."""
    drop: Dropped = Dropped()
    leads: dict[str, str] = {}
    """Kind of matter → the unit that leads for it, both as the file calls them."""
    limits: dict[str, Annotated[str, AfterValidator(_limit)]] = {}
    """Kind of matter → its limit: `4wh`, `2wd`, `24h`, `7d`, `none`."""
    hours: str = ""
    """Opening hours, such as `mon-fri: 08:30-17:00`."""
    days_off: dict[date, str] | None = None
    """Days on which the office is closed → why; given, it replaces what was guessed."""
    rank: Annotated[tuple[str, ...], BeforeValidator(_listed)] = ()
    """The units that are compared with each other; none means all with enough records."""


def load_answers(path: Path) -> Answers:
    """Read the decisions; a Problem names file and line of everything wrong."""
    file = read_yaml(path)
    return validated(file, Answers) if file.data else Answers()
