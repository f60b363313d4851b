"""Whole pages as the server makes them: every middleware, view and template, without the network.

One client, signed in, warm cache, random persons, filters and cases; for each page the time, the
statements and the weight, plain and compressed as a proxy would send it. A page that is not there in
this state of the program is left out. Only reading is measured; nothing stays in the database.

    TOWNKEEPER_BENCH_SIZES=1000000 TOWNKEEPER_BENCH_DATABASES=postgresql ./townkeeper bench pages
"""

import cProfile
import gzip
import json
import os
import pstats
import sys
from datetime import timedelta
from urllib.parse import urlencode

from bench._reading import curve, setup, timed

PROMISED = 60
EVENTS = 50
LEAST = 20
FEWEST = 5
HALF = 0.015
ORDERS = 200


def run(quick=False):
    """Return the rows of the benchmark; sizes and databases as for the other ones of reading."""
    return curve("bench.pages", quick=quick, promise=PROMISED)


def measure(times, only=""):
    """Measure each page; `only` takes those whose name holds it."""
    return list(each_page(only, lambda name, fetch, choices: figures(name, fetch, choices, times)))


def profile(only):
    """Print where the time of a page goes."""

    def profiled(name, fetch, choices):
        fetch(choices[0])
        watch = cProfile.Profile()
        watch.enable()
        for turn in range(5):
            fetch(choices[turn % len(choices)])
        watch.disable()
        print(name)
        pstats.Stats(watch).sort_stats("cumtime").print_stats(70)
        pstats.Stats(watch).sort_stats("tottime").print_stats(30)

    list(each_page(only, profiled))


def each_page(only, use):
    os.environ["TOWNKEEPER_DEMO"] = "1"  # its people may sign in
    setup()
    from django.db import transaction  # noqa: PLC0415

    from bench._lives import AS_OF  # noqa: PLC0415
    from townkeeper.kit import clock  # noqa: PLC0415

    with clock.at(AS_OF, "simulated"), transaction.atomic():
        prepare()
        visitors = Visitors()
        for name, choices in pages():
            if only in name and visitors.opens(choices):
                yield use(name, visitors.fetch, choices)
        transaction.set_rollback(True)


def prepare():
    """Bring roles to their present permissions; issue orders and make the brief of the morning."""
    from bench.dataset import ROOT  # noqa: PLC0415
    from townkeeper.programs.load import load_program  # noqa: PLC0415
    from townkeeper.publication.briefs import make_due  # noqa: PLC0415
    from townkeeper.supervision.actions import issue_order  # noqa: PLC0415
    from townkeeper.supervision.drafting import Draft  # noqa: PLC0415
    from townkeeper.units.models import Unit  # noqa: PLC0415

    load_program(ROOT / "programs" / "dongxing", actor="bench")
    make_due()
    towns = Unit.objects.filter(kind="township", until=None)
    units = list(towns.values_list("code", flat=True))
    supervisor = person("supervisor")
    for number in range(ORDERS):
        to = [(units[(number + turn) % len(units)], "") for turn in range(3)]
        words = {"title": f"bench {number}", "text": "bench", "deadline": "5wd"}
        issue_order(Draft(kind="supervision", units=to, **words), actor=supervisor)
    show_cards()


def show_cards():
    """Let late clocks have rung, as the sweep does: yellow when due, red a day later."""
    from townkeeper.cases.models import Alarm, Task  # noqa: PLC0415
    from townkeeper.kit import clock  # noqa: PLC0415

    now, day = clock.now(), timedelta(days=1)
    late = Task.objects.filter(done_at=None, due_at__lt=now, rung=0)
    rang = []
    for pk, case, unit, due in late.values_list("pk", "case", "unit", "due_at"):
        cards = ("yellow", "red") if due < now - day else ("yellow",)
        rang += [
            Alarm(case_id=case, task_id=pk, unit_id=unit, rung=rung, rule="", card=card,
                  due_at=due + rung * day, at=due + rung * day)
            for rung, card in enumerate(cards)
        ]  # fmt: skip
    Alarm.objects.bulk_create(rang, batch_size=2000)
    late.filter(due_at__lt=now - day).update(rung=2)
    late.update(rung=1)


class Visitors:
    """Browsers of the persons, each signed in once."""

    def __init__(self):
        self.clients = {}

    def fetch(self, choice):
        """Open an address as a person, or as nobody; returns the answer's length."""
        return len(self.answer(choice).content)

    def answer(self, choice):
        from django.test import Client  # noqa: PLC0415

        who, address = choice
        if who not in self.clients:
            client = Client(SERVER_NAME="localhost", raise_request_exception=True)
            client.cookies["django_language"] = "zh-hant"
            if who is not None:
                client.force_login(who)
            self.clients[who] = client
        answer = self.clients[who].get(address)
        if answer.streaming:
            answer.content = b"".join(answer.streaming_content)
        return answer

    def opens(self, choices):
        """Whether the page is there; the first one is also the one that warms the caches."""
        return bool(choices) and self.answer(choices[0]).status_code == 200


def figures(name, fetch, choices, times):
    content = fetch.__self__.answer(choices[-1]).content
    found = timed(
        name,
        fetch,
        choices,
        max(FEWEST, times // 3),
        kb=round(len(content) / 1024, 1),
        gzip_kb=round(len(gzip.compress(content, 6)) / 1024, 1),
    )
    print(json.dumps(found), file=sys.stderr, flush=True)
    return found


def pages():
    """(name, [(person, address)]) of every page that is measured."""
    from bench.worklist import people, wishes  # noqa: PLC0415

    handlers, leaders, office = people()
    filters = wishes()
    cases, ended = long_cases(), ended_cases()

    def listed(who, **wish):
        return who, f"/office/cases/?{urlencode(wish)}"

    yield "work list: tasks of a unit", [listed(who, tab="mine") for who in handlers]
    yield "work list: the office", [listed(office)]
    yield "work list: the office, filters", [listed(office, **wish) for wish in filters]
    yield "work list: a town", [listed(who) for who in leaders]
    yield "work list: all, newest first", [listed(office, tab="all")]
    yield "work list: search", [listed(office, q=word) for word in ("垃圾", "路燈", "噪音", "井蓋")]
    yield "a case with 50 events", [(office, f"/office/cases/{number}/") for number in cases]
    yield "a closed case", [(office, f"/office/cases/{number}/") for number in ended]
    yield "inbox of a handler", [(who, "/office/field/tasks/") for who in handlers]
    boxes = [f"/office/cases.geojson?bbox={box}" for box in parts_of_the_map()]
    yield "points of a part of the map", [(office, address) for address in boxes]
    for name, who, address in STAFF:
        yield name, [(person(who), address)]
    for name, address in PUBLIC:
        yield name, [(None, address)]
    yield "portal: a case", [(None, f"/c/{number}/") for number in ended]


STAFF = (
    ("desk of the hotline", "operator", "/office/hotline/"),
    ("map of the dispatcher", "dispatcher", "/office/dispatch/map/"),
    ("requests to be decided", "dispatcher", "/office/dispatch/requests/"),
    ("disputes", "dispatcher", "/office/dispatch/disputes/"),
    ("board of clocks", "supervisor", "/office/supervision/"),
    ("alarms", "supervisor", "/office/supervision/alarms/"),
    ("orders", "supervisor", "/office/orders/"),
    ("brief", "leader", "/office/brief/"),
)
PUBLIC = (("portal", "/"), ("portal: report", "/report/"), ("portal: nearby", "/nearby/"))


def person(name):
    from townkeeper.accounts.models import User  # noqa: PLC0415

    return User.objects.get(username=name)


def parts_of_the_map():
    """Some squares of three kilometres around running cases, as `bbox` takes them."""
    from townkeeper.cases.models import Case  # noqa: PLC0415

    places = Case.objects.running().filter(lat__isnull=False).values_list("lat", "lon")
    return [
        ",".join(f"{float(n):.4f}" for n in (lon - HALF, lat - HALF, lon + HALF, lat + HALF))
        for lat, lon in places[:LEAST]
    ]


def long_cases():
    """Running cases, each with fifty events more in its history."""
    from townkeeper.cases.models import Case  # noqa: PLC0415
    from townkeeper.journal.actions import record  # noqa: PLC0415

    cases = list(Case.objects.running().filter(stage="handling").order_by("pk")[:LEAST])
    for case in cases:
        for number in range(EVENTS):
            record(subject=case.subject, act="case.evidence", actor="dispatcher",
                   data={"kind": "after-photo", "note": f"{number}"})  # fmt: skip
    return [case.number for case in cases]


def ended_cases():
    from townkeeper.cases.models import Case  # noqa: PLC0415

    closed = Case.objects.filter(stage="closed").order_by("-opened_at")
    return list(closed.values_list("number", flat=True)[: LEAST * 2])


if __name__ == "__main__":
    if sys.argv[1] == "profile":
        profile(sys.argv[2])
    else:
        print(json.dumps(measure(int(sys.argv[2]), *sys.argv[3:4])))
