"""Twenty times the reports for a minute, then calm: errors, lost cases, and how long it lasts.

The server as it is run (two processes, PostgreSQL), reports over HTTP on a fixed schedule, whether
or not earlier ones were answered: a report counts from the moment it was due to be sent. The calm
rate is a twentieth of four fifths of what the machine takes just before, so that the spike fills it
and a queue has to be worked off. At the end every number that was acknowledged is looked up: each
must be there, and no row may be there that nobody was told of.
"""

import asyncio
import json
import os
import re
import subprocess
import sys
import tempfile
import time

from bench import intake
from townkeeper.cli.postgres import cluster

SHARE = 0.8
"""Of the machine's rate, reached in the spike."""
TIMES = 20
CONNECTIONS = 64
WINDOW = 2.0
"""Seconds over which a p95 is taken when the return to calm is looked for."""
RECOVERED = 2.0
"""Times the calm p95: below it the spike is over."""
ALLOWED = 10.0
"""Seconds that the return may take."""


class Load:
    """Sends reports on a schedule over a fixed number of connections and keeps every answer."""

    def __init__(self, port, token):
        self.port, self.token = port, token
        self.due = asyncio.Queue()
        self.answers = []
        """(due, latency, status, number), times from the beginning."""
        self.began = time.perf_counter()

    async def run(self, phases):
        """Send at each (rate, seconds) in turn; wait until everything is answered."""
        self.began = time.perf_counter()
        senders = [asyncio.create_task(self.send()) for _ in range(CONNECTIONS)]
        at, serial = 0.0, 0
        for rate, seconds in phases:
            for n in range(int(rate * seconds)):
                when = at + n / rate
                await asyncio.sleep(max(0.0, self.began + when - time.perf_counter()))
                self.due.put_nowait((when, serial))
                serial += 1
            at += seconds
        for _ in senders:
            self.due.put_nowait(None)
        await asyncio.gather(*senders)
        return serial

    async def send(self):
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        while (job := await self.due.get()) is not None:
            when, serial = job
            try:
                status, number = await self.post(reader, writer, serial)
            except (OSError, asyncio.IncompleteReadError):
                status, number = 0, None
                reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            took = time.perf_counter() - self.began - when
            self.answers.append((when, took, status, number))
        writer.close()

    async def post(self, reader, writer, serial):
        body = json.dumps(
            intake.BODY | {"title": f"垃圾桶滿溢 {serial}"}, ensure_ascii=False
        ).encode()
        writer.write(
            f"POST /api/v1/cases HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            f"Authorization: Bearer {self.token}\r\nIdempotency-Key: spike-{os.getpid()}-{serial}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n".encode()
            + body
        )
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(re.search(rb"content-length: (\d+)", head.lower())[1])
        answer = await reader.readexactly(length)
        status = int(head.split(b" ", 2)[1])
        return status, json.loads(answer)["number"] if status in (200, 201) else None


def p95(answers):
    times = sorted(took for _when, took, _status, _number in answers)
    return times[int(len(times) * 0.95)] if times else 0.0


def between(answers, begin, end):
    return [answer for answer in answers if begin <= answer[0] < end]


def recovery(answers, end, calm, until):
    """Seconds from the end of the spike until the p95 of a window is calm again, or None."""
    at = end
    while at + WINDOW <= until:
        window = between(answers, at, at + WINDOW)
        if window and p95(window) < RECOVERED * calm:
            return at - end
        at += 0.25
    return None


LOOK = """
import django, json, sys
django.setup()
from townkeeper.cases.models import Case, Task
from townkeeper.journal.actions import verify_journal
told = set(json.load(sys.stdin))
there = list(Case.objects.values_list("number", flat=True))
print(json.dumps({
    "told": len(told), "there": len(there), "lost": len(told - set(there)),
    "extra": len(set(there) - told), "twice": len(there) - len(set(there)),
    "taskless": Case.objects.filter(tasks=None).count(), "broken": len(verify_journal().problems),
}))
"""


def run(quick=False):
    calm_seconds, spike_seconds = (4, 5) if quick else (20, 60)
    with tempfile.TemporaryDirectory() as home, cluster() as dsn:
        environ = {
            "DATABASE_URL": dsn,
            "TOWNKEEPER_HOME": home,
            "PYTHONPATH": f"{intake.ROOT / 'src'}{os.pathsep}{intake.ROOT}",
            "DJANGO_SETTINGS_MODULE": "townkeeper.config.settings",
            "FLOOR_PLAN": f"{home}/plan",
        }
        words = [sys.executable, "-c", intake.PREPARE, json.dumps(intake.BODY)]
        everything = {**os.environ, **environ}
        made = subprocess.run(
            words, env=everything, cwd=intake.ROOT, capture_output=True, text=True, check=False
        )
        if made.returncode:
            raise SystemExit(made.stderr[-2000:])
        token = made.stdout.split()[-1]
        target = "townkeeper.config.wsgi:application"
        with intake.server(target, "wsgi", environ, threads=8) as port:
            before = count(everything)
            asyncio.run(intake.load_from_python(port, token, 2))
            capacity = asyncio.run(intake.load_from_python(port, token, 3 if quick else 8))[0]
            warmed = count(everything) - before
            calm = capacity * SHARE / TIMES
            load = asyncio.run(spike(port, token, calm, calm_seconds, spike_seconds))
        told = [number for _w, _t, status, number in load.answers if number]
        found = json.loads(
            subprocess.run(
                [sys.executable, "-c", LOOK], env=everything, cwd=intake.ROOT, text=True,
                input=json.dumps(told), stdout=subprocess.PIPE, check=True,
            ).stdout
        )  # fmt: skip
    found["extra"] -= before + warmed
    return rows_of(load, found, capacity, calm, (calm_seconds, calm_seconds + spike_seconds))


COUNT = "import django; django.setup(); from townkeeper.cases.models import Case; print(Case.objects.count())"


def count(environ):
    words = [sys.executable, "-c", COUNT]
    done = subprocess.run(
        words, env=environ, cwd=intake.ROOT, capture_output=True, text=True, check=True
    )
    return int(done.stdout)


async def spike(port, token, calm, calm_seconds, spike_seconds):
    load = Load(port, token)
    after = max(calm_seconds, 2 * ALLOWED)
    load.sent = await load.run([(calm, calm_seconds), (calm * TIMES, spike_seconds), (calm, after)])
    return load


def rows_of(load, found, capacity, calm, spiked):
    begin, end = spiked
    # the first seconds are for the connections to open
    quiet = p95(between(load.answers, min(2, begin / 2), begin))
    busy = p95(between(load.answers, begin, end))
    back = recovery(load.answers, end, quiet, end + 2 * ALLOWED)
    errors = sum(status != 201 for _w, _t, status, _n in load.answers)
    there = found["told"] - found["lost"]
    return [
        {"name": "calm rate, and in the spike", "value": [round(calm, 1), round(calm * TIMES)], "unit": "1/s",
         "reference": f"the machine takes {capacity:.0f}/s", "ratio": round(calm * TIMES / capacity, 2)},
        {"name": "errors", "value": errors, "unit": f"of {load.sent} reports", "reference": "none", "ratio": None},
        {"name": "acknowledged and there", "value": there, "unit": f"of {found['told']} numbers",
         "reference": "all", "ratio": None},
        {"name": "lost, twice, unacknowledged", "value": [found["lost"], found["twice"], found["extra"]],
         "unit": "cases", "reference": "none", "ratio": None,
         "note": f"cases without a task: {found['taskless']}; broken chains: {found['broken']}"},
        {"name": "p95 calm, and in the spike", "value": [round(quiet * 1000, 1), round(busy * 1000, 1)],
         "unit": "ms", "reference": "from the moment a report was due", "ratio": None},
        {"name": f"until p95 is below {RECOVERED:g} times the calm one",
         "value": None if back is None else round(back, 2), "unit": "s",
         "reference": f"under {ALLOWED:g} s", "ratio": None},
    ]  # fmt: skip
