"""Rules, given as data with a change of units, that say who takes over what from a unit that ends.

Plain Python: neither the database nor Django. The order in which rules are tried is fixed and the
same for everything: the only heir there is; the place (the outline of a part holds the point, or
the area lies below a part); a category named by a rule; the line of the duty register by which the
matter came; the default. What none of them covers has no heir, and a change that leaves anything
without an heir is refused.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from shapely import make_valid
from shapely.geometry import Point, shape
from shapely.geometry.base import BaseGeometry
from shapely.ops import unary_union

Scores = Literal["apart", "successor"]
SCORES: tuple[Scores, ...] = ("apart", "successor")
MAPS = ("area", "category", "duty", "post", "child")
NOTICEABLE = 0.001
"""Share of an area: what outlines of parts leave over below it is drawing, not a hole."""


class Choice(NamedTuple):
    """An heir, and the rule that chose it."""

    heir: str
    rule: str


@dataclass(frozen=True, slots=True)
class Rules:
    """Who takes over what; codes of units throughout."""

    default: str = ""
    """Takes what no other rule covers."""
    office: str = ""
    """Takes the work of an office: filing, dispatching, checking. Empty: the default."""
    scores: Scores = "apart"
    """What fell due before the day counts for the unit that ended (`apart`), or already in this
    month for its successor (`successor`)."""
    maps: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """`area`, `category`, `duty` (`CATEGORY@AREA`), `post` (user name), `child` → key → unit."""

    def of(self, kind: str, key: str) -> str:
        """Return what the rules say of one key, or nothing."""
        return self.maps.get(kind, {}).get(key, "")

    def named(self) -> list[str]:
        """Return the units that take over something, the default first."""
        found = [self.default, self.office]
        found += [code for each in self.maps.values() for code in each.values()]
        return [code for code in dict.fromkeys(found) if code]

    def as_data(self) -> dict[str, str]:
        """Return the rules as they are written: `{"default": "S2", "category:matter/06": "S3"}`."""
        plain = {"default": self.default, "office": self.office, "scores": self.scores}
        said = {name: value for name, value in plain.items() if value}
        for kind, each in self.maps.items():
            said |= {f"{kind}:{key}": code for key, code in each.items()}
        return said


class UnknownRuleError(ValueError):
    """A rule that is written wrongly; its text is the rule."""


def parse_rules(said: Mapping[str, str] | Iterable[str]) -> Rules:
    """Read rules from a mapping, or from texts such as `category:matter/06=S3`.

    Raises UnknownRuleError with the rule that cannot be read.
    """
    pairs = said.items() if isinstance(said, Mapping) else (_pair(text) for text in said)
    plain: dict[str, str] = {}
    maps: dict[str, dict[str, str]] = {}
    for name, value in pairs:
        kind, colon, key = name.partition(":")
        if not value or (colon and not key):
            raise UnknownRuleError(f"{name}={value}")
        if colon and kind in MAPS:
            maps.setdefault(kind, {})[key] = value
        elif name in {"default", "office"} or (name == "scores" and value in SCORES):
            plain[name] = value
        else:
            raise UnknownRuleError(f"{name}={value}")
    return Rules(**plain, maps=maps)  # type: ignore[arg-type]


def _pair(text: str) -> tuple[str, str]:
    name, _equals, value = text.rpartition("=")
    return name.strip(), value.strip()


@dataclass(frozen=True, slots=True)
class Heirs:
    """The units that take over, and what is known of them: enough to choose one for anything."""

    rules: Rules
    codes: tuple[str, ...]
    outlines: Mapping[str, BaseGeometry] = field(default_factory=dict)
    paths: Mapping[str, str] = field(default_factory=dict)
    """Path of the tree → heir: the heirs' own, and those of units that go to one of them."""

    @property
    def only(self) -> str:
        """Return the heir, where there is but one."""
        return self.codes[0] if len(self.codes) == 1 else ""

    def at(self, lon: float | None, lat: float | None) -> str:
        """Return the part whose outline holds a point; of two the one that the register takes.

        That is the smaller, then the first in the tree (`duties.register.area_at`).
        """
        if lon is None or lat is None or not self.outlines:
            return ""
        point = Point(lon, lat)
        places: dict[str, str] = {}
        for path, code in self.paths.items():
            places.setdefault(code, path)
        hits = [
            (outline.area, places.get(code, ""), code)
            for code, outline in self.outlines.items()
            if outline.intersects(point)
        ]
        return min(hits, default=("",))[-1]

    def below(self, path: str) -> str:
        """Return the heir at or above a place of the tree, the nearest first."""
        parts = path.split(".")[:-1]
        for length in range(len(parts), 0, -1):
            heir = self.paths.get(".".join(parts[:length]) + ".")
            if heir:
                return heir
        return ""

    def choose(
        self,
        *,
        point: tuple[float | None, float | None] = (None, None),
        area: str = "",
        area_path: str = "",
        categories: Iterable[str] = (),
        line: Choice | None = None,
    ) -> Choice | None:
        """Return who takes over a matter, or None for nobody."""
        if self.only:
            return Choice(self.only, "all")
        if heir := self.at(*point):
            return Choice(heir, "place")
        if heir := self.rules.of("area", area):
            return Choice(heir, f"area:{area}")
        if heir := self.below(area_path):
            return Choice(heir, "place")
        for key in categories:
            if heir := self.rules.of("category", key):
                return Choice(heir, f"category:{key}")
        return line or self.fallback()

    def fallback(self) -> Choice | None:
        """Return the default."""
        heir = self.only or self.rules.default
        return Choice(heir, "all" if self.only else "default") if heir else None

    def for_office(self) -> Choice | None:
        """Return who takes over the work of an office."""
        return Choice(self.rules.office, "office") if self.rules.office else self.fallback()

    def for_post(self, username: str) -> Choice | None:
        """Return where a person goes."""
        named = self.rules.of("post", username)
        return Choice(named, f"post:{username}") if named else self.fallback()


def geometry(outline: object) -> BaseGeometry | None:
    """Return a unit's outline as a shape, repaired where it is broken; None for none."""
    return make_valid(shape(outline)) if outline else None


def hole(whole: BaseGeometry | None, parts: Iterable[BaseGeometry]) -> float:
    """Return the share of an area that its parts leave over, from 0 to 1; 0 without outlines."""
    shapes = list(parts)
    if whole is None or not shapes or not whole.area:
        return 0.0
    left = whole.difference(unary_union(shapes)).area / whole.area
    return float(left) if left > NOTICEABLE else 0.0
