"""The simulation drives the real actions, the same way every time, and says what it is."""

import re
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests import make
from townkeeper.cases.models import Case, Origin, Task
from townkeeper.journal.actions import verify_journal
from townkeeper.journal.models import Entry
from townkeeper.kit.errors import Problem
from townkeeper.programs.load import load_program
from townkeeper.programs.simulation.run import simulate

ROOT = Path(__file__).parents[2]
UNTIL = datetime(2026, 6, 2, 18, 0, tzinfo=ZoneInfo("Asia/Shanghai"))


def run(seed: int) -> dict:
    make.staff(make.town())
    return simulate(0, seed, until=UNTIL, per_day=6)


def history() -> list[tuple[object, ...]]:
    """Every entry of every case, without the numbers that a database gave calendars and evidence.

    PostgreSQL gives others after a transaction that was taken back.
    """
    entries = Entry.objects.filter(subject__startswith="case:").order_by("subject", "seq")
    return [
        (e.subject, e.seq, e.time, e.act, e.actor, re.sub(r'"(calendar|evidence)":\d+', "", e.data))
        for e in entries
    ]


@pytest.fixture(scope="module")
def first(django_db_setup, django_db_blocker):
    """One run's figures and history, thrown away afterwards."""
    from django.db import transaction

    with django_db_blocker.unblock(), transaction.atomic():
        result = run(1), history(), Case.objects.count()
        transaction.set_rollback(True)
    return result


@pytest.mark.django_db
def test_the_same_seed_gives_the_same_history(first):
    figures, entries, cases = first
    assert run(1) == figures
    assert history() == entries
    assert cases > 3


@pytest.mark.django_db
def test_another_seed_gives_another_history(first):
    run(2)
    assert history() != first[1]


@pytest.mark.django_db
def test_everything_is_labelled_and_verifies():
    figures = run(3)
    assert figures["refused"] == 0, "the simulation must not try what the procedure refuses"
    assert set(Case.objects.values_list("origin", flat=True)) == {Origin.SIMULATED}
    entries = Entry.objects.filter(subject__startswith="case:")
    assert set(entries.values_list("origin", flat=True)) == {"simulated"}
    assert verify_journal().problems == []
    assert not Task.objects.filter(opened_at__gt=UNTIL).exists()


@pytest.mark.slow
@pytest.mark.django_db
def test_the_district_lives_through_days():
    load_program(ROOT / "programs" / "dongxing", actor="test", with_people=True)
    figures = simulate(0, 1, until=UNTIL, per_day=6)
    assert figures["refused"] == 0
    assert Case.objects.filter(place__isnull=False).exists()
    assert verify_journal().problems == []


@pytest.mark.django_db
def test_it_never_mixes_with_real_cases():
    units = make.town()
    make.staff(units)
    make.opened()
    with pytest.raises(Problem) as refused:
        simulate(1, 1, until=UNTIL)
    assert refused.value.code == "not-for-live-data"
