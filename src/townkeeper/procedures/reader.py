"""Reads the data of a procedure piece by piece and collects what is wrong with it."""

import re
from collections.abc import Collection, Mapping
from typing import cast

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
from townkeeper.procedures.values import (
    ValueReader,
    content,
    near,
    shown,
    under,
)

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


class Reader(ValueReader):
    """Walks the data once; what it reads is a procedure only where it noted no problem."""

    def procedure(self, data: object) -> Procedure:
        body = self.mapping(data, "", ROOT_KEYS)
        for key in ("procedure", "start", "steps"):
            if isinstance(data, Mapping) and key not in body:
                self.note(key, "key-missing", key=key)
        titled = self.titles_by_name(body, "", "steps")
        steps = {
            name: self.step(name, step, titled)
            for name, step in self.named(content(body, "steps"), "steps", STEP_KEYS)
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
        read = self.mapping(content(body, "kinds"), "kinds", None)
        return {
            self.checked(kind, f"kinds.{kind}"): self.titles(said, f"kinds.{kind}")
            for kind, said in read.items()
        }

    def titles_by_name(self, body: Mapping[str, object], path: str, of: str) -> dict[str, Text]:
        """Read `titles`, which names the parts in one place so that these keep their short form."""
        where = under(path, "titles")
        read = {
            name: self.titles(said, under(where, name))
            for name, said in self.mapping(content(body, "titles"), where, None).items()
        }
        known = [name for name, _ in Reader().pairs(content(body, of), of)]
        for name in read:
            if name not in known:
                self.note(under(where, name), "key-unknown", key=name, near=near(name, known))
        return read

    def title(self, body: Mapping[str, object], path: str, given: Text | None) -> Text:
        if given is not None and body.get("title") is not None:
            self.note(under(path, "title"), "title-twice")
        return given or self.titles(body.get("title"), under(path, "title"))

    def step(self, name: str, body: Mapping[str, object], titled: Mapping[str, Text]) -> Step:
        path = f"steps.{name}"
        given = self.titles_by_name(body, path, "actions")
        where = f"{path}.actions"
        items = list(self.named(content(body, "actions"), where, ACTION_KEYS, "to"))
        where = f"{path}.branches"
        branches = tuple(
            self.branch(branch, item, f"{where}.{branch}")
            for branch, item in self.named(content(body, "branches"), where, BRANCH_KEYS)
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
            self.note(under(path, "performers"), "both-given", one="performer", other="performers")
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
        value, where = body.get("ask"), under(path, "ask")
        if not isinstance(value, Mapping):
            decider = self.code(body, "ask", path)
            return Ask(decider, times) if decider else None
        said = self.mapping(value, where, ASK_KEYS)
        decider = self.code(said, "by", where)
        if said.get("by") is None:
            self.note(under(where, "by"), "key-missing", key="by")
        inside = self.times(said, where)
        if times is not None and inside is not None:
            self.note(under(where, "times"), "both-given", one="times", other="ask.times")
        limit = self.limit(said, where)
        return Ask(decider, times or inside, limit) if decider else None

    def grounds(self, body: Mapping[str, object], path: str) -> dict[str, Ground]:
        """Read names alone, or each with its title and the evidence that it needs."""
        value, where = body.get("grounds"), under(path, "grounds")
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
        value, where = body.get("ladder"), under(path, "ladder")
        if value is None:
            return ()
        if not isinstance(value, list):
            self.note(where, "not-list", value=shown(value))
            return ()
        return tuple(self.rung(item, f"{where}[{number}]") for number, item in enumerate(value))

    def rung(self, value: object, path: str) -> Rung:
        body = self.mapping(value, path, RUNG_KEYS)
        if body.get("at") is None:
            self.note(under(path, "at"), "key-missing", key="at")
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
            self.note(under(path, "times"), "both-given", one="once", other="times")
        if isinstance(value, int) and not isinstance(value, bool) and value >= 1:
            return value
        self.note(under(path, "times"), "not-count", value=shown(value))
        return None

    def branch(self, name: str, body: Mapping[str, object], path: str) -> Branch:
        return Branch(
            name=name,
            title=self.titles(body.get("title"), under(path, "title")),
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
                self.note(under(path, key), "key-missing", key=key)
        share = self.share(body.get("share"), under(path, "share"))
        after = body.get("after")
        match = DAYS.fullmatch(after.strip()) if isinstance(after, str) else None
        if match is None:
            if after is not None:
                self.note(under(path, "after"), "not-days", value=shown(after))
            return None
        return Revisit(
            share or 0.0,
            int(match[1]),
            int(match[2] or match[1]),
            performer=self.code(body, "performer", path) or "",
            relapsed=self.factor(body.get("relapsed", 1), under(path, "relapsed")),
            kinds=self.factors(body, "kinds", path),
            areas=self.factors(body, "areas", path),
        )

    def factors(self, body: Mapping[str, object], key: str, path: str) -> dict[str, float]:
        """Read how much likelier each of some codes is."""
        where = under(path, key)
        said = self.mapping(body.get(key) or {}, where, None)
        return {name: self.factor(value, under(where, name)) for name, value in said.items()}

    def factor(self, value: object, path: str) -> float:
        """Read a number that is not negative: 0 for never, 2 for twice as often."""
        if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= MOST:
            return float(value)
        self.note(path, "not-factor", value=shown(value))
        return 1.0


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
