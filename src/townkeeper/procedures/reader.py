"""Reads the data of a procedure piece by piece and collects what is wrong with it."""

import difflib
import re
from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple, cast

from townkeeper.procedures.model import (
    Action,
    Ask,
    Branch,
    Ends,
    Ground,
    Join,
    Procedure,
    Revisit,
    Role,
    Rung,
    Step,
    Text,
)

NAME = re.compile(r"[a-z][a-z0-9_-]{0,29}")
"""Names and codes: small English letters, at most 30, so that every column can hold them."""
LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-[A-Z]{2})?")
PERCENT = re.compile(r"(\d+(?:\.\d+)?)\s*%")
DAYS = re.compile(r"(\d+)d(?:\.\.(\d+)d)?")
ROOT_KEYS = ("procedure", "title", "titles", "start", "limit", "kinds", "source", "ladder", "steps")
STEP_KEYS = (
    "title", "titles", "performer", "unit", "limit", "warn", "actions", "branches", "join", "not",
    "final", "outcome", "answer", "revisit", "judge", "stage", "source", "ladder",
)  # fmt: skip
ACTION_KEYS = (
    "to", "title", "performer", "performers", "reason", "evidence", "counts", "ask", "once",
    "times", "pauses", "resumes", "grounds", "outcome", "ends", "extends", "kinds", "becomes",
    "within", "effect", "clause", "unit",
)  # fmt: skip
ASK_KEYS = ("by", "limit", "once", "times")
GROUND_KEYS = ("title", "evidence")
RUNG_KEYS = ("at", "tell", "card", "counts")
REVISIT_KEYS = ("share", "after", "performer", "relapsed", "kinds", "areas")
MOST = 1000
"""The largest factor: more says nothing that a share of 100 % would not."""
BRANCH_KEYS = ("title", "performer", "unit", "role", "limit", "evidence")
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


class Reader:
    """Walks the data once and collects problems instead of stopping at the first."""

    def __init__(self) -> None:
        self.problems: list[SyntaxProblem] = []

    def note(self, path: str, code: str, **params: object) -> None:
        self.problems.append(SyntaxProblem(path, code, params))

    # --- plain values ---

    def mapping(self, value: object, path: str, keys: Collection[str] | None) -> dict[str, object]:
        if not isinstance(value, Mapping):
            self.note(path, "not-mapping", value=_shown(value))
            return {}
        kept: dict[str, object] = {}
        for key, item in value.items():
            if not isinstance(key, str):
                # YAML 1.1 reads bare `no`, `on` and `12` as something else than text.
                self.note(path, "key-not-text", key=_shown(key))
            elif keys is not None and key not in keys:
                self.note(_under(path, key), "key-unknown", key=key, near=near(key, keys))
            else:
                kept[key] = item
        return kept

    def named(
        self, value: object, path: str, keys: Collection[str], short: str = ""
    ) -> Iterator[tuple[str, dict[str, object]]]:
        """Yield (name, body) of a mapping by name, or of a list of mappings with a `name`."""
        seen: set[str] = set()
        for name, body in self.pairs(value, path):
            where = _under(path, name)
            if NAME.fullmatch(name) is None:
                self.note(where, "name-invalid", name=_shown(name))
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
        self.note(path, "not-text", value=_shown(value))
        return ""

    def text_or_none(self, body: Mapping[str, object], key: str, path: str) -> str | None:
        if body.get(key) is None:
            return None
        return self.text(body[key], _under(path, key)) or None

    def word(self, body: Mapping[str, object], key: str, path: str, default: str = "") -> str:
        return self.text_or_none(body, key, path) or default

    def texts(self, body: Mapping[str, object], key: str, path: str) -> tuple[str, ...]:
        value = body.get(key)
        if value is None:
            return ()
        if isinstance(value, list):
            return tuple(
                self.text(item, f"{_under(path, key)}[{number}]")
                for number, item in enumerate(value)
            )
        return (self.text(value, _under(path, key)),)

    def code(self, body: Mapping[str, object], key: str, path: str) -> str | None:
        """Read a name that stands for something: a role, a counter, an outcome, a stage."""
        said = self.text_or_none(body, key, path)
        return self.checked(said, _under(path, key)) if said else None

    def codes(self, body: Mapping[str, object], key: str, path: str) -> tuple[str, ...]:
        return tuple(
            self.checked(said, _under(path, key)) for said in self.texts(body, key, path) if said
        )

    def checked(self, said: str, path: str) -> str:
        if NAME.fullmatch(said) is None:
            self.note(path, "name-invalid", name=_shown(said))
        return said

    def flag(self, body: Mapping[str, object], key: str, path: str, yes: str = "") -> bool:
        value = body.get(key, False)
        if isinstance(value, bool):
            return value
        if yes and value in (yes, "optional"):
            return value == yes
        self.note(_under(path, key), "not-flag", value=_shown(value), yes=yes or "true")
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
            _under(path, key),
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
            self.note(_under(path, key), "limit-not-text", value=value, clock=clock)
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
            self.note(path, "not-share", value=_shown(value))
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
                self.note(_under(path, tag), "language-invalid", tag=tag)
        return {tag: self.text(said, _under(path, tag)) for tag, said in read.items()}

    # --- the parts of a procedure ---

    def procedure(self, data: object) -> Procedure:
        body = self.mapping(data, "", ROOT_KEYS)
        for key in ("procedure", "start", "steps"):
            if isinstance(data, Mapping) and key not in body:
                self.note(key, "key-missing", key=key)
        titled = self.titles_by_name(body, "", "steps")
        steps = {
            name: self.step(name, step, titled)
            for name, step in self.named(_given(body, "steps"), "steps", STEP_KEYS)
        }
        return Procedure(
            key=self.code(body, "procedure", "") or "",
            title=self.titles(body.get("title"), "title"),
            start=self.word(body, "start", ""),
            steps=steps,
            limit=self.limit(body, ""),
            kinds=self.kinds(body),
            source=self.word(body, "source", ""),
            ladder=self.ladder(body, ""),
        )

    def kinds(self, body: Mapping[str, object]) -> dict[str, Text]:
        read = self.mapping(_given(body, "kinds"), "kinds", None)
        return {
            self.checked(kind, f"kinds.{kind}"): self.titles(said, f"kinds.{kind}")
            for kind, said in read.items()
        }

    def titles_by_name(self, body: Mapping[str, object], path: str, of: str) -> dict[str, Text]:
        """Read `titles`, which names the parts in one place so that these keep their short form."""
        where = _under(path, "titles")
        read = {
            name: self.titles(said, _under(where, name))
            for name, said in self.mapping(_given(body, "titles"), where, None).items()
        }
        known = [name for name, _ in Reader().pairs(_given(body, of), of)]
        for name in read:
            if name not in known:
                self.note(_under(where, name), "key-unknown", key=name, near=near(name, known))
        return read

    def title(self, body: Mapping[str, object], path: str, given: Text | None) -> Text:
        if given is not None and body.get("title") is not None:
            self.note(_under(path, "title"), "title-twice")
        return given or self.titles(body.get("title"), _under(path, "title"))

    def step(self, name: str, body: Mapping[str, object], titled: Mapping[str, Text]) -> Step:
        path = f"steps.{name}"
        given = self.titles_by_name(body, path, "actions")
        where = f"{path}.actions"
        items = list(self.named(_given(body, "actions"), where, ACTION_KEYS, "to"))
        where = f"{path}.branches"
        branches = tuple(
            self.branch(branch, item, f"{where}.{branch}")
            for branch, item in self.named(_given(body, "branches"), where, BRANCH_KEYS)
        )
        unit = self.word(body, "unit", path, "office")
        main = main_target([item.get("to") for _, item in items], branches=branches, unit=unit)
        actions = {
            act: self.action(act, item, f"{path}.actions.{act}", title=given.get(act), main=main)
            for act, item in items
        }
        join = self.choice(body, "join", path, ("all", "any", "lead"), default_join(unit))
        return Step(
            name=name,
            title=self.title(body, path, titled.get(name)),
            performer=self.code(body, "performer", path) or "",
            unit=unit,
            limit=self.limit(body, path),
            warn=self.share(body.get("warn"), f"{path}.warn"),
            actions=actions,
            branches=branches,
            join=cast("Join", join),
            not_performers_of=self.texts(body, "not", path),
            final=self.flag(body, "final", path),
            outcome=self.code(body, "outcome", path),
            answer_required=self.flag(body, "answer", path, "required"),
            revisit=self.revisit(body.get("revisit"), f"{path}.revisit"),
            judge=self.limit(body, path, "judge"),
            stage=self.code(body, "stage", path) or "",
            source=self.word(body, "source", path),
            ladder=self.ladder(body, path),
        )

    def action(
        self,
        name: str,
        body: Mapping[str, object],
        path: str,
        *,
        title: Text | None,
        main: str | None,
    ) -> Action:
        to = self.text_or_none(body, "to", path)
        ends = self.choice(body, "ends", path, ("task", "step"), default_ends(to, main))
        times = self.times(body, path)
        ask = self.ask(body, path, times)
        if "performer" in body and "performers" in body:
            self.note(_under(path, "performers"), "both-given", one="performer", other="performers")
        by = "performers" if "performers" in body else "performer"
        return Action(
            name=name,
            to=to,
            title=self.title(body, path, title),
            performers=self.codes(body, by, path),
            reason=self.flag(body, "reason", path, "required"),
            evidence=self.codes(body, "evidence", path),
            counts=self.code(body, "counts", path),
            ask=ask,
            pauses=self.flag(body, "pauses", path),
            resumes=self.flag(body, "resumes", path),
            grounds=self.grounds(body, path),
            outcome=self.code(body, "outcome", path),
            times=None if ask else times,
            ends=cast("Ends", ends),
            extends=self.limit(body, path, "extends"),
            kinds=self.codes(body, "kinds", path),
            becomes=self.code(body, "becomes", path),
            within=self.limit(body, path, "within"),
            effect=self.code(body, "effect", path),
            clause=self.flag(body, "clause", path, "required"),
            names=self.choice(body, "unit", path, ("named", ""), "") == "named",
        )

    def ask(self, body: Mapping[str, object], path: str, times: int | None) -> Ask | None:
        """Read `ask: supervisor`, or `ask: {by: supervisor, limit: 4wh, times: 2}`."""
        value, where = body.get("ask"), _under(path, "ask")
        if not isinstance(value, Mapping):
            decider = self.code(body, "ask", path)
            return Ask(decider, times) if decider else None
        said = self.mapping(value, where, ASK_KEYS)
        decider = self.code(said, "by", where)
        if said.get("by") is None:
            self.note(_under(where, "by"), "key-missing", key="by")
        inside = self.times(said, where)
        if times is not None and inside is not None:
            self.note(_under(where, "times"), "both-given", one="times", other="ask.times")
        limit = self.limit(said, where)
        return Ask(decider, times or inside, limit) if decider else None

    def grounds(self, body: Mapping[str, object], path: str) -> dict[str, Ground]:
        """Read names alone, or each with its title and the evidence that it needs."""
        value, where = body.get("grounds"), _under(path, "grounds")
        if value is None:
            return {}
        if isinstance(value, str | list):
            items = [value] if isinstance(value, str) else value
            value = [{"name": item} if isinstance(item, str) else item for item in items]
        return {
            name: Ground(
                name=name,
                title=self.titles(said.get("title"), f"{where}.{name}.title"),
                evidence=self.codes(said, "evidence", f"{where}.{name}"),
            )
            for name, said in self.named(value, where, GROUND_KEYS, "title")
        }

    def ladder(self, body: Mapping[str, object], path: str) -> tuple[Rung, ...]:
        value, where = body.get("ladder"), _under(path, "ladder")
        if value is None:
            return ()
        if not isinstance(value, list):
            self.note(where, "not-list", value=_shown(value))
            return ()
        return tuple(self.rung(item, f"{where}[{number}]") for number, item in enumerate(value))

    def rung(self, value: object, path: str) -> Rung:
        body = self.mapping(value, path, RUNG_KEYS)
        if body.get("at") is None:
            self.note(_under(path, "at"), "key-missing", key="at")
        return Rung(
            at=self.word(body, "at", path).replace(" ", ""),
            tell=self.codes(body, "tell", path),
            card=self.choice(body, "card", path, ("yellow", "red", ""), ""),
            counts=self.code(body, "counts", path),
        )

    def times(self, body: Mapping[str, object], path: str) -> int | None:
        once = self.flag(body, "once", path)
        value = body.get("times")
        if value is None:
            return 1 if once else None
        if once:
            self.note(_under(path, "times"), "both-given", one="once", other="times")
        if isinstance(value, int) and not isinstance(value, bool) and value >= 1:
            return value
        self.note(_under(path, "times"), "not-count", value=_shown(value))
        return None

    def branch(self, name: str, body: Mapping[str, object], path: str) -> Branch:
        return Branch(
            name=name,
            title=self.titles(body.get("title"), _under(path, "title")),
            performer=self.code(body, "performer", path) or "",
            unit=self.word(body, "unit", path),
            role=cast("Role", self.choice(body, "role", path, ("lead", "assist"), "assist")),
            limit=self.limit(body, path),
            evidence=self.codes(body, "evidence", path),
        )

    def revisit(self, value: object, path: str) -> Revisit | None:
        if value is None:
            return None
        body = self.mapping(value, path, REVISIT_KEYS)
        for key in ("share", "after"):
            if body.get(key) is None:
                self.note(_under(path, key), "key-missing", key=key)
        share = self.share(body.get("share"), _under(path, "share"))
        after = body.get("after")
        match = DAYS.fullmatch(after.strip()) if isinstance(after, str) else None
        if match is None:
            if after is not None:
                self.note(_under(path, "after"), "not-days", value=_shown(after))
            return None
        return Revisit(
            share or 0.0,
            int(match[1]),
            int(match[2] or match[1]),
            performer=self.code(body, "performer", path) or "",
            relapsed=self.factor(body.get("relapsed", 1), _under(path, "relapsed")),
            kinds=self.factors(body, "kinds", path),
            areas=self.factors(body, "areas", path),
        )

    def factors(self, body: Mapping[str, object], key: str, path: str) -> dict[str, float]:
        """Read how much likelier each of some codes is."""
        where = _under(path, key)
        said = self.mapping(body.get(key) or {}, where, None)
        return {name: self.factor(value, _under(where, name)) for name, value in said.items()}

    def factor(self, value: object, path: str) -> float:
        """Read a number that is not negative: 0 for never, 2 for twice as often."""
        if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= MOST:
            return float(value)
        self.note(path, "not-factor", value=_shown(value))
        return 1.0


def _under(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _given(body: Mapping[str, object], key: str) -> object:
    """Return what stands under `key`; nothing at all, or a bare `key:`, is an empty mapping."""
    value = body.get(key)
    return {} if value is None else value


def _shown(value: object) -> str:
    """Show a wrong value in an error, short enough for one line."""
    text = "" if value is None else UNWRITABLE.sub("�", str(value))
    return text if len(text) <= 60 else f"{text[:57]}…"  # noqa: PLR2004 - one line of a terminal


def default_join(unit: str) -> Join:
    """Return `lead` for a step of the duty register and `all` for others (parallel branches)."""
    return "lead" if unit == "duty" else "all"


def main_target(targets: list[object], *, branches: Collection[Branch], unit: str) -> str | None:
    """Return the target of the first action that leads on, in a step that may have several tasks.

    The join guards the way there; other ways out (a dispute, a withdrawal) need nobody's consent.
    """
    several = bool(branches) or unit == "duty"
    return next((to for to in targets if isinstance(to, str)), None) if several else None


def default_ends(to: str | None, main: str | None) -> Ends:
    return "step" if to is not None and main is not None and to != main else "task"
