"""Lists of tasks and of cases, their counters and pages, at three sizes: the curve is the result.

One client, warm cache, random persons and filters. Besides the queries the whole pages are measured
(without the network): the work list, and a case with fifty events.
"""

import json
import sys

from bench._reading import curve, setup, timed

PROMISED = 30
EVENTS = 50


def run(quick=False):
    return curve("bench.worklist", quick=quick, promise=PROMISED)


def measure(times):
    setup()
    from bench._lives import AS_OF  # noqa: PLC0415
    from townkeeper.kit import clock  # noqa: PLC0415

    with clock.at(AS_OF, "simulated"):
        return [*lists(times, AS_OF), *counts(times, AS_OF), *pages(max(20, times // 3))]


def people():
    """(handlers, leaders of towns, the office's dispatcher)."""
    from townkeeper.accounts.models import User  # noqa: PLC0415

    users = {user.username: user for user in User.objects.all()}
    handlers = [user for name, user in users.items() if name.startswith("handler-")]
    leaders = [user for name, user in users.items() if name.startswith("leader-")]
    return handlers, leaders, users["dispatcher"]


def wishes():
    """Filters as people set them, alone and together."""
    from townkeeper.cases.models import Case  # noqa: PLC0415

    dice_rows = list(
        Case.objects.running()
        .order_by("pk")
        .values_list("category__key", "area__code", "channel", "unit__code")[:400]
    )
    found = []
    for category, area, channel, unit in dice_rows:
        found += [
            {"category": category}, {"area": area}, {"channel": channel}, {"unit": unit or "none"},
            {"category": category, "channel": channel}, {"category": category, "area": area},
            {"area": area, "channel": channel},
        ]  # fmt: skip
    found += [{"stage": stage} for stage in ("handling", "verifying", "dispatch", "intake")] * 40
    found += [{"due": due} for due in ("over", "soon", "calm", "week", "stopped", "none")] * 40
    return found + [{"ask": "dispute"}, {"ask": "decide"}] * 30


def lists(times, now):
    from townkeeper.cases.sight import sight_of  # noqa: PLC0415
    from townkeeper.cases.worklist import Wish, make_page  # noqa: PLC0415

    handlers, leaders, office = people()
    filters = wishes()

    def page(who, after=None, **wish):
        return len(make_page(sight_of(who, now), Wish(**wish), now=now, size=50, after=after).lines)

    def keys(who, **wish):
        sight, key, found = sight_of(who, now), None, []
        for _page in range(40):
            got = make_page(sight, Wish(**wish), now=now, size=50, after=key)
            key = got.following
            if key is None:
                break
            found.append((who, key))
        return found

    own = [pair for who in handlers for pair in keys(who, tab="mine")] or [(handlers[0], None)]
    yield timed("tasks of a unit", lambda who: page(who, tab="mine"), handlers, times)
    yield timed("tasks of a unit, a later page", lambda c: page(c[0], c[1], tab="mine"), own, times)
    deep = keys(office) or [(office, None)]
    yield timed("running cases of the office", page, [office], times)
    yield timed("running cases, a later page", lambda c: page(*c), deep, times)
    yield timed("running cases with filters", lambda f: page(office, **f), filters, times)
    yield timed("running cases of a town", page, leaders, times)
    yield timed("running cases of a unit with filters",
                lambda c: page(c[0], **c[1]), list(zip(handlers * 99, filters, strict=False)), times)  # fmt: skip
    past = {"tab": "all", "newest_first": True}
    yield timed("all cases, newest first", lambda _c: page(office, **past), [0], times)
    bare = [f for f in filters if "due" not in f and "ask" not in f]
    yield timed("ended cases with filters, newest first",
                lambda f: page(office, **{**past, "tab": "ended"}, **{k: v for k, v in f.items() if k != "stage"}),
                bare, times)  # fmt: skip
    everyone = handlers + leaders
    yield timed("all cases of a unit, newest first", lambda who: page(who, **past), everyone, times)


def counts(times, now):
    from townkeeper.cases.sight import sight_of  # noqa: PLC0415
    from townkeeper.cases.worklist import (  # noqa: PLC0415
        Wish,
        count_mine,
        count_new,
        count_running,
        count_stages,
    )

    handlers, leaders, office = people()
    filters = [f for f in wishes() if "stage" not in f]

    def running(who):
        return count_running(sight_of(who, now), now)["open"]

    yield timed("counts by state, the office", running, [office], times)
    yield timed("counts by state, a unit", running, handlers + leaders, times)
    yield timed("counts by state with filters",
                lambda f: sum(count_stages(sight_of(office, now), Wish(**f), now=now).values()),
                filters, times)  # fmt: skip
    yield timed("new today and waiting for me",
                lambda w: count_new(s := sight_of(w, now), now) + count_mine(s, now, most=10_000).number,
                [*handlers, *leaders, office], times)  # fmt: skip


def pages(times):
    """The pages as the server makes them, without sessions and network."""
    from django.db import connection, transaction  # noqa: PLC0415
    from django.test import RequestFactory  # noqa: PLC0415
    from django.test.utils import CaptureQueriesContext  # noqa: PLC0415

    from townkeeper.cases.models import Case  # noqa: PLC0415
    from townkeeper.journal.actions import record  # noqa: PLC0415
    from townkeeper.web.office.casepage import case_page  # noqa: PLC0415
    from townkeeper.web.office.cases import work_list  # noqa: PLC0415

    handlers, leaders, office = people()
    factory = RequestFactory()

    def ask(view, who, path, *words):
        request = factory.get(path)
        request.user = who
        request.session = {}
        answer = view(request, *words)
        assert answer.status_code == 200, answer.status_code
        return len(answer.content)

    def queries(call):
        with CaptureQueriesContext(connection) as seen:
            call()
        return len(seen)

    def tasks(who):
        return ask(work_list, who, "/office/cases/?tab=mine")

    def running(who):
        return ask(work_list, who, "/office/cases/")

    yield timed(
        "page: tasks of a unit", tasks, handlers, times, queries=queries(lambda: tasks(handlers[0]))
    )
    yield timed("page: running cases of a town", running, leaders, times)
    yield timed("page: running cases of the office", running, [office], times)
    with transaction.atomic():
        cases = list(Case.objects.running().filter(stage="handling").order_by("pk")[:20])
        for case in cases:
            for number in range(EVENTS):
                record(subject=case.subject, act="case.evidence", actor="dispatcher",
                       data={"kind": "after-photo", "note": f"{number}"})  # fmt: skip

        def one(case):
            return ask(case_page, office, f"/office/cases/{case.number}/", case.number)

        yield timed(
            "page: a case with 50 events", one, cases, times, queries=queries(lambda: one(cases[0]))
        )
        transaction.set_rollback(True)


if __name__ == "__main__":
    print(json.dumps(list(measure(int(sys.argv[2])))))
