"""The rows of made-up cases: places on streets, lives through the procedure, chains that verify.

Everything is drawn with numpy, many cases at once, and written out in one plain loop: a million
cases have some twelve million rows.
"""

import hashlib
import math
from collections import defaultdict
from datetime import UTC, datetime, timedelta

import numpy as np

from bench import _texts
from townkeeper.calendars.limits import Limit
from townkeeper.cases.desk import desk
from townkeeper.programs.simulation.world import CHANNELS

AS_OF = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
"""Friday 20 November 2026, 10:00 in Shanghai: the moment at which the made-up town stands."""
DAYS = 1095
DAY = 86_400
EPOCH_DAYS = 25_000
ZONE_SECONDS = 8 * 3600
CHUNK = 10_000
STREETS_PER_TOWN = 30
DATES = [
    (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(n)).strftime("%Y-%m-%d")
    for n in range(EPOCH_DAYS)
]
CLOCK = [f"{s // 3600:02d}:{s // 60 % 60:02d}:{s % 60:02d}" for s in range(DAY)]
ZERO = bytes(32)
LIVES = ("plain", "assisted", "rework", "dispute", "refused", "voided", "merged")
LIFE_SHARES = (0.42, 0.40, 0.08, 0.03, 0.03, 0.02, 0.02)
STANDS = ("intake", "dispatch", "handling", "verifying", "dispute", "shelved")
STAND_SHARES = (0.05, 0.07, 0.67, 0.15, 0.03, 0.03)


def moment(seconds):
    """Seconds since 1970 as both databases take a time."""
    day, second = divmod(seconds, DAY)
    return f"{DATES[day]} {CLOCK[second]}"


def hashed(seconds):
    """The same instant as the journal hashes it."""
    return f"{DATES[seconds // DAY]}T{CLOCK[seconds % DAY]}.000000Z"


def iso(seconds):
    return f"{DATES[seconds // DAY]}T{CLOCK[seconds % DAY]}+00:00"


class Town:
    """What cases are drawn from: units, categories with their owners, streets, words."""

    def __init__(self, seed):
        self.desk = desk()
        self.dice = np.random.default_rng(seed)
        known = self.desk.register
        self.today = AS_OF.date()
        rows = [r for r in known.categories.values() if r.is_used and known.limit_of(r)]
        self.categories = sorted(rows, key=lambda row: row.key)
        self.dice.shuffle(self.categories)
        weights = 1 / np.arange(1, len(self.categories) + 1) ** 0.8
        self.category_shares = weights / weights.sum()
        self.limits = [known.limit_of(row) for row in self.categories]
        towns = [u for u in known.units.values() if u.kind == "township" and u.until is None]
        self.towns = sorted(towns, key=lambda unit: unit.path)
        self.streets = self._streets(known)
        busy = 1 / np.arange(1, len(self.streets) + 1) ** 0.5
        self.dice.shuffle(busy)
        self.street_shares = busy / busy.sum()
        self.channels = list(CHANNELS)
        self.channel_shares = np.array(list(CHANNELS.values())) / sum(CHANNELS.values())
        self.titles, real = _texts.real_texts()
        self.sentences = _texts.sentences(real=real)
        self.openings, self.answers = _texts.openings(), _texts.answers()
        self.problem = self.desk.procedure("problem")
        self.office = self.desk.office_for("problem")
        self._answers = {}

    def _streets(self, known):
        """(name, area, lon, lat, direction, metres long) for some streets of every town."""
        villages = defaultdict(list)
        for unit in known.units.values():
            if unit.kind == "village" and unit.until is None:
                villages[unit.path[:-5]].append(unit)
        found = []
        for number, town in enumerate(self.towns):
            # centres on a spiral: the towns lie apart, the first ones near the middle
            turn, far = number * 2.4, 0.02 + 0.035 * number**0.5
            lon, lat = 105.06 + far * np.cos(turn), 29.60 + far * np.sin(turn)
            below = villages[town.path] or [town]
            for n in range(STREETS_PER_TOWN):
                word = _texts.STREETS[int(self.dice.integers(len(_texts.STREETS)))]
                kind = _texts.STREET_KINDS[int(self.dice.integers(len(_texts.STREET_KINDS)))]
                area = town if n % 4 == 0 else below[int(self.dice.integers(len(below)))]
                at_lon, at_lat = self.dice.normal((lon, lat), 0.008).tolist()
                angle = float(self.dice.uniform(0, np.pi))
                length = float(self.dice.uniform(300, 2000))
                direction = (math.cos(angle), math.sin(angle))
                found.append((f"{town.name}{word}{kind}", area, at_lon, at_lat, direction, length))
        return found

    def owner(self, category, street):
        """(lead, assistants) by the duty register."""
        key = (category, street)
        if key not in self._answers:
            row, area = self.categories[category], self.streets[street][1]
            answer = self.desk.register.resolve(row, area, self.today)
            self._answers[key] = (answer.lead, answer.assistants[:2])
        return self._answers[key]

    def due(self, starts, limits):
        """Due times in seconds for start seconds and limit texts, by the calendar; None for none."""
        result = np.empty(len(starts), dtype=object)
        codes = np.array(limits, dtype=object)
        for text in set(limits):
            at = codes == text
            if text:
                begins = starts[at].astype("datetime64[s]").astype("datetime64[us]")
                ends = self.desk.calendar.add_many(begins, Limit.parse(text))
                result[at] = ends.astype("datetime64[s]").astype(np.int64)
        return result


def opening_times(dice, count):
    """Sorted seconds of opening over three years, by day, mostly between 7:30 and 21:00."""
    last = int(AS_OF.timestamp()) - 600
    day = dice.integers(0, DAYS, count)
    within = (dice.triangular(7.5, 10.0, 21.0, count) * 3600).astype(np.int64) - ZONE_SECONDS
    first = (last // DAY - DAYS) * DAY
    return np.sort(np.minimum(first + day * DAY + within, last - dice.integers(0, 3000, count)))


def open_ones(dice, count, wanted):
    """Which cases are still open: mostly late ones, with a long tail of old ones."""
    if wanted >= count:
        return np.ones(count, dtype=bool)
    spread = max(2.0, count / max(1, wanted) / 3)
    keys = dice.gumbel(size=count) + spread * np.arange(count) / count
    chosen = np.zeros(count, dtype=bool)
    if wanted:
        chosen[np.argpartition(keys, count - wanted)[count - wanted :]] = True
    return chosen


class Chain:
    """The journal of one case while its rows are made."""

    __slots__ = ("head", "rows", "seq", "subject")

    def __init__(self, subject, rows):
        self.subject, self.rows, self.head, self.seq = subject, rows, ZERO, 0

    def add(self, seconds, actor, act, data):
        self.seq += 1
        line = f"{self.subject}\n{self.seq}\n{hashed(seconds)}\n{actor}\n{act}\nsimulated\n{data}"
        self.head = hashlib.sha256(self.head + line.encode()).digest()
        self.rows.append(
            (self.subject, self.seq, moment(seconds), actor, act, "simulated", data, self.head)
        )
