"""Turns drawn cases into rows: case, tasks, entries, chain, reporter, and what hangs on them."""

from collections import defaultdict

import numpy as np

from bench import _texts
from bench._lives import AS_OF, LIFE_SHARES, LIVES, STAND_SHARES, STANDS, Chain, iso, moment
from townkeeper.cases.imports.bulk import BulkTable
from townkeeper.cases.models import Ask, Case, Evidence, Merge, Pause, Reporter, Stage, Task
from townkeeper.journal.models import Chain as ChainRow
from townkeeper.journal.models import Entry

NOW = int(AS_OF.timestamp())
FIELDS = {
    Case: (
        "id", "number", "procedure_id", "step", "stage", "category_id", "title", "text", "channel",
        "address", "lon", "lat", "area_id", "unit_id", "opened_at", "due_at", "warn_at", "main_id",
        "closed_at", "outcome", "answer", "counts", "origin", "version", "updated_at",
    ),
    Task: (
        "id", "case_id", "step", "stage", "part", "performer", "unit_id", "opened_at", "limit",
        "calendar_id", "due_at", "warn_at", "done_at", "done_by", "outcome", "next_at",
    ),
    Entry: ("subject", "seq", "time", "actor", "act", "origin", "data", "hash"),
    ChainRow: ("subject", "length", "head"),
    Reporter: ("case_id", "name", "phone", "is_anonymous"),
    Evidence: ("case_id", "task_id", "kind", "note", "added_at", "actor"),
    Pause: ("task_id", "since", "ground", "reason"),
    Ask: (
        "case_id", "task_id", "action", "effect", "actor", "unit_id", "decider", "reason", "clause",
        "asked_at",
    ),
    Merge: ("case_id", "main_id", "at", "actor", "reason"),
}  # fmt: skip
SPANS = {"wh": 7200, "wd": 121_000, "h": 3600, "d": 86_400}
OUTCOMES = {"refused": "refused", "voided": "voided", "merged": "merged"}


def span_of(limit):
    """Roughly how long a limit is in seconds of the clock on the wall."""
    digits = limit.rstrip("abcdefghijklmnopqrstuvwxyz-:")
    return int(digits) * SPANS.get(limit[len(digits) :], 86_400) if digits.isdigit() else 40_000


class Maker:
    """Makes the rows of one chunk after the other; ids count on."""

    def __init__(self, town):
        self.town = town
        self.tables = {model: BulkTable(model, fields) for model, fields in FIELDS.items()}
        self.case_id = self.task_id = 0
        self.main = None
        self.serials = defaultdict(int)
        self.counts = defaultdict(int)
        steps = town.problem.procedure.steps
        by_stage = {step.stage: step for step in reversed(list(steps.values()))}
        self.steps = {str(stage): by_stage[stage] for stage in by_stage}
        self.shelved = Stage.SHELVED in self.steps

    def insert(self, opened, is_open):
        """Make and store the rows of some cases."""
        self.rows = {model: [] for model in FIELDS}
        for drawn in self._drawn(opened, is_open):
            self._case(drawn)
        for model, rows in self.rows.items():
            self.tables[model].insert(rows)

    def _drawn(self, opened, is_open):
        """Draw everything about the cases at once, and yield one dictionary for each."""
        town, dice, count = self.town, self.town.dice, len(opened)
        category = dice.choice(len(town.categories), count, p=town.category_shares)
        street = dice.choice(len(town.streets), count, p=town.street_shares)
        life = np.where(is_open, 0, dice.choice(len(LIVES), count, p=LIFE_SHARES))
        stand = dice.choice(len(STANDS), count, p=STAND_SHARES)
        limits = [town.limits[n] for n in category]
        accepted = opened + dice.integers(120, 2400, count)
        sent = accepted + dice.integers(180, 4800, count)
        # an open task began lately, whenever its case did; one in eight never moved on
        spans = np.array([span_of(text) for text in limits])
        lately = NOW - (dice.random(count) * 1.1 * spans).astype(np.int64)
        fresh = is_open & (dice.random(count) < 0.875)
        sent = np.minimum(np.where(fresh, np.maximum(sent, lately), sent), NOW - 120)
        due = town.due(sent, limits)
        whole = np.array(
            [(end or begin + 86_400) - begin for end, begin in zip(due, sent, strict=True)]
        )
        done = sent + 600 + (whole * dice.lognormal(-0.45, 0.5, count)).astype(np.int64)
        checked = done + dice.integers(1200, 24_000, count)
        yield from (
            dict(zip(DRAWN, values, strict=True))
            for values in zip(
                opened.tolist(), is_open.tolist(), category.tolist(), street.tolist(),
                (LIVES[n] for n in life), (STANDS[n] for n in stand), limits,
                np.minimum(accepted, NOW - 180).tolist(), sent.tolist(),
                np.minimum(done, NOW - 90).tolist(), np.minimum(checked, NOW - 30).tolist(),
                town.due(opened, ["30wmin"] * count), town.due(accepted, ["1wh"] * count), due,
                town.due(done, ["4wh"] * count),
                dice.choice(town.channels, count, p=town.channel_shares).tolist(),
                dice.random((count, 4)).tolist(), dice.integers(0, 1 << 30, (count, 6)).tolist(),
                dice.normal(0, 0.00012, (count, 2)).tolist(),
                strict=True,
            )
        )  # fmt: skip

    def _words(self, drawn, name, house):
        """(title, text) of a case."""
        town, pick, kind = self.town, drawn["pick"], self.town.categories[drawn["category"]].name
        said, words = town.sentences, town.openings[pick[0] % len(town.openings)]
        if town.titles and pick[1] % 2:
            title = f"{name}{town.titles[pick[2] % len(town.titles)]}"
        else:
            title = f"{name}{house}號：{kind}"
        parts = [f"{words}{name}{house}號存在“{kind}”問題，"]
        parts += [said[pick[n] % len(said)] for n in range(2, 3 + pick[1] % 4)]
        return title, "".join(parts)

    def _case(self, drawn):
        """Add the rows of one case."""
        town, at = self.town, drawn["opened"]
        category = town.categories[drawn["category"]]
        name, area, lon, lat, turn, length = town.streets[drawn["street"]]
        lead, assistants = town.owner(drawn["category"], drawn["street"])
        day = moment(at + 28_800)[:10].replace("-", "")
        key = f"{town.desk.prefix}{day}"
        self.serials[key] += 1
        number = f"{key}-{self.serials[key]:04d}"
        self.case_id += 1
        self.counts["open" if drawn["open"] else drawn["life"]] += 1
        house = 1 + drawn["pick"][5] % 180
        title, text = self._words(drawn, name, house)
        along = house / 180 * length / 100_000
        chain = Chain(f"case:{number}", self.rows[Entry])
        chain.add(
            at, "operator", "case.opened",
            f'{{"area":"{area.code}","category":"{category.key}","channel":"{drawn["channel"]}",'
            f'"due":"{iso(drawn["due0"])}","limit":"30wmin","procedure":"{town.problem.name}",'
            f'"step":"intake","title":"{title.replace(chr(34), "")}","unit":"{town.office.code}"}}',
        )  # fmt: skip
        life = Life(self, drawn, chain, lead, assistants)
        life.live()
        self.rows[Case].append(
            (self.case_id, number, town.problem.id, life.step, life.stage, category.id, title, text,
             drawn["channel"], f"{name}{house}號",
             round(lon + along * turn[0] + drawn["off"][0], 6),
             round(lat + along * turn[1] + drawn["off"][1], 6), area.id,
             lead.id if lead else None, moment(at), stored(life.due), stored(life.warn), life.main,
             stored(life.closed), life.outcome, life.answer, life.counts, "simulated", chain.seq,
             moment(life.closed or life.last))
        )  # fmt: skip
        self.rows[ChainRow].append((chain.subject, chain.seq, chain.head))
        if life.stage != "merged":
            self.main = self.case_id
        if drawn["dice"][3] < 0.4:
            pick = drawn["pick"]
            person = (
                _texts.FAMILY[pick[0] % len(_texts.FAMILY)]
                + _texts.GIVEN[pick[1] % len(_texts.GIVEN)]
            )
            phone = f"13{pick[3] % 10**9:09d}"
            self.rows[Reporter].append((self.case_id, person, phone, pick[4] % 8 == 0))


DRAWN = (
    "opened", "open", "category", "street", "life", "stand", "limit", "accepted", "sent", "done",
    "checked", "due0", "due1", "due2", "due3", "channel", "dice", "pick", "off",
)  # fmt: skip


def stored(seconds):
    return None if seconds is None else moment(seconds)


class Life:
    """What happens to one case, step by step, until it ends or until today."""

    def __init__(self, maker, drawn, chain, lead, assistants):
        self.maker, self.drawn, self.chain = maker, drawn, chain
        self.lead, self.assistants = lead, assistants
        self.office = maker.town.office.id
        self.step = self.stage = "intake"
        self.due = self.warn = self.closed = self.main = None
        self.outcome = self.answer = ""
        self.counts = "{}"
        self.last = drawn["opened"]

    def live(self):
        if self.drawn["open"]:
            self._until_today()
        else:
            self._to_the_end()

    def _task(self, stage, begin, due, done=None, *, outcome="", actor="", unit=None, part="lead",
              limit=""):  # fmt: skip
        """Add a task; an open lead task's clock is the case's."""
        step = self.maker.steps[stage]
        self.maker.task_id += 1
        warn = begin + (due - begin) * 4 // 5 if due else None
        running = done is None
        calendar = self.maker.town.desk.calendar_id if limit else None
        self.maker.rows[Task].append(
            (self.maker.task_id, self.maker.case_id, step.name, stage, part, step.performer, unit,
             moment(begin), limit, calendar, stored(due), stored(warn), stored(done), actor,
             outcome, stored(warn) if running and warn else None)
        )  # fmt: skip
        self.last = done or begin
        if running and part == "lead":
            self.step, self.stage, self.due, self.warn = step.name, stage, due, warn

    def _handling(self, begin, due, done=None, *, outcome="report"):
        """Add the tasks of lead and assisting units."""
        unit, limit = self.lead.id if self.lead else None, self.drawn["limit"]
        self._task("handling", begin, due, done, outcome=outcome if done else "", unit=unit,
                   actor=self._handler() if done else "", limit=limit)  # fmt: skip
        lead_task = self.maker.task_id
        wanted = self.drawn["open"] or self.drawn["life"] != "plain"
        for row in self.assistants if wanted else ():
            self._task("handling", begin, due, done, outcome="cancelled" if done else "",
                       unit=row.id, part="assist", limit=limit)  # fmt: skip
        return lead_task

    def _handler(self):
        return f"handler-{self.lead.code.lower()}" if self.lead else "dispatcher"

    def _dispatched(self):
        d = self.drawn
        self._task("intake", d["opened"], d["due0"], d["accepted"], outcome="file",
                   actor="operator", unit=self.office, limit="30wmin")  # fmt: skip
        self.chain.add(d["accepted"], "operator", "case.file", '{"action":"file","to":"filed"}')
        self._task("dispatch", d["accepted"], d["due1"], d["sent"], outcome="dispatch",
                   actor="dispatcher", unit=self.office, limit="1wh")  # fmt: skip
        self._say_dispatch(d["sent"], "dispatch", "dispatcher")

    def _say_dispatch(self, at, action, actor):
        code = f'"{self.lead.code}"' if self.lead else "null"
        due = f'"{iso(self.drawn["due2"])}"' if self.drawn["due2"] else "null"
        self.chain.add(
            at, actor, f"case.{action}",
            f'{{"action":"{action}","tasks":[{{"due":{due},"limit":"{self.drawn["limit"]}",'
            f'"part":"lead","step":"handling","unit":{code}}}],"to":"handling"}}',
        )  # fmt: skip

    def _reported(self, task):
        at, who = self.drawn["done"], self._handler()
        self.maker.rows[Evidence].append(
            (self.maker.case_id, task, "after-photo", "simulated", moment(at - 60), who)
        )
        data = '{"kind":"after-photo","note":"simulated"}'
        self.chain.add(at - 60, who, "case.evidence", data)
        self.chain.add(at, who, "case.report", '{"action":"report","to":"verifying"}')

    def _end(self, at, stage, action, actor, outcome):
        self.closed, self.stage, self.outcome, self.warn = at, stage, outcome, None
        self.step = {"closed": "closed", "merged": "merged"}.get(stage, outcome)
        data = f'{{"action":"{action}","outcome":"{outcome}","to":"{self.step}"}}'
        self.chain.add(at, actor, f"case.{action}", data)

    def _to_the_end(self):
        d, life = self.drawn, self.drawn["life"]
        self.due = d["due2"]
        if life == "refused":
            self._task("intake", d["opened"], d["due0"], d["accepted"], outcome="refuse",
                       actor="operator", unit=self.office, limit="30wmin")  # fmt: skip
            self._end(d["accepted"], "voided", "refuse", "operator", "refused")
            return
        self._dispatched()
        if life in {"voided", "merged"} and self.maker.main is not None:
            self._handling(d["sent"], d["due2"], d["done"], outcome="cancelled")
            if life == "merged":
                self.main = self.maker.main
                self.maker.rows[Merge].append(
                    (self.maker.case_id, self.main, moment(d["done"]), "dispatcher", "重複反映")
                )
            self._end(d["done"], life, "void" if life == "voided" else "merge", "dispatcher", life)
            return
        if life == "dispute":
            self._disputed()
        task = self._handling(d["sent"], d["due2"], d["done"])
        self._reported(task)
        if life == "rework":
            self._reworked()
        self._task("verifying", d["done"], d["due3"], d["checked"], outcome="pass",
                   actor="verifier", unit=self.office, limit="4wh")  # fmt: skip
        self.answer = self.maker.town.answers[d["pick"][3] % len(self.maker.town.answers)]
        self._end(d["checked"], "closed", "pass", "verifier", "fixed")

    def _disputed(self):
        d = self.drawn
        data = (
            '{"action":"dispute","counts":["evasion"],"reason":"不屬本單位職責","to":"arbitration"}'
        )
        self.chain.add(d["sent"] + 60, self._handler(), "case.dispute", data)
        self._say_dispatch(d["sent"] + 600, "assign", "arbiter")
        self.counts = '{"evasion":1,"used":{"dispute":1}}'

    def _reworked(self):
        d = self.drawn
        middle = (d["done"] + d["checked"]) // 2
        self._task("verifying", d["done"], d["due3"], middle, outcome="fail", actor="verifier",
                   unit=self.office, limit="4wh")  # fmt: skip
        data = '{"action":"fail","counts":["rework"],"reason":"現場仍有殘留","to":"handling"}'
        self.chain.add(middle, "verifier", "case.fail", data)
        self._handling(middle, d["due2"], d["checked"])
        self.chain.add(
            d["checked"], self._handler(), "case.report", '{"action":"report","to":"verifying"}'
        )
        self.counts = '{"rework":1,"used":{"fail":1,"report":2}}'

    def _until_today(self):
        d, stand = self.drawn, self.drawn["stand"]
        if stand == "intake":
            self._task("intake", d["opened"], d["due0"], unit=self.office, limit="30wmin")
            return
        if stand == "dispatch":
            self._task("intake", d["opened"], d["due0"], d["accepted"], outcome="file",
                       actor="operator", unit=self.office, limit="30wmin")  # fmt: skip
            self.chain.add(d["accepted"], "operator", "case.file", '{"action":"file","to":"filed"}')
            self._task("dispatch", d["accepted"], d["due1"], unit=self.office, limit="1wh")
            return
        self._dispatched()
        if stand == "verifying":
            self._reported(self._handling(d["sent"], d["due2"], d["done"]))
            self._task("verifying", d["done"], d["due3"], unit=self.office, limit="4wh")
            return
        if 0.07 <= d["dice"][0] < 0.10:
            self._stopped()
            return
        self._asked(self._handling(d["sent"], d["due2"]))

    def _stopped(self):
        """Let the clock stand still since a while after the dispatch."""
        at, ground = min(self.drawn["sent"] + 600, NOW - 60), "等待配件到貨"
        task = self._handling(self.drawn["sent"], None)
        self.maker.rows[Pause].append((task, moment(at), "", ground))
        data = f'{{"action":"suspend","reason":"{ground}","to":"handling"}}'
        self.chain.add(at, "supervisor", "case.granted", data)

    def _asked(self, task):
        """Let some wait for a decision."""
        draw = self.drawn["dice"][0]
        asks = self.maker.steps["handling"].actions
        wanted = {"dispute": 0.03, "extend": 0.06, "give_up": 0.07}
        action = next(
            (a for name, share in wanted.items() if draw < share and (a := asks.get(name))), None
        )
        if action is not None and action.ask is not None:
            at = min(self.drawn["sent"] + 900, NOW - 60)
            self.maker.rows[Ask].append(
                (self.maker.case_id, task, action.name, action.effect or "", self._handler(),
                 self.lead.id if self.lead else None, action.ask.decider, "工程量較大", "", moment(at))
            )  # fmt: skip
            data = f'{{"action":"{action.name}","asks":"{action.ask.decider}","reason":"工程量較大","to":"handling"}}'
            self.chain.add(at, self._handler(), f"case.{action.name}", data)
