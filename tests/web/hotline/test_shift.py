"""The shift sheet: own figures, the note to the next shift, who took it over."""

from datetime import timedelta

import pytest

from tests.web.hotline.conftest import NOON
from townkeeper.calls.actions import forget_held_calls
from townkeeper.calls.models import HeldCall, ShiftNote
from townkeeper.journal.models import Entry
from townkeeper.kit import clock

pytestmark = pytest.mark.django_db


@pytest.fixture
def visit(client, people):
    def send(path="", who="operator", **data):
        client.force_login(people[who])
        client.cookies["django_language"] = "en"
        with clock.at(NOON, "live"):
            link = f"/office/hotline/shift/{path}"
            return client.post(link, data, follow=True) if data else client.get(link)

    return send


def test_own_figures_of_the_day(visit, desk):
    desk(category="matter/06010", area="S1", seconds="21")
    desk(do="answer", answer="已答覆", seconds="9999999")
    desk(who="dispatcher")
    figures = {str(label): n for label, n in visit().context["figures"]}
    assert figures["filed"] == 1
    assert figures["answered at once"] == 1
    assert visit().context["shift"].median_seconds == 21
    assert len(visit().context["rows"]) == 2


def test_a_note_is_left_and_taken_over_by_somebody_else(visit, client):
    assert visit(text=" ").status_code == 422
    assert visit(text="x" * 4001).status_code == 422
    visit(text="西林街道停水，來電多")
    note = ShiftNote.objects.get()
    assert "西林街道停水" in client.get("/office/hotline/shift/").content.decode()
    assert "西林街道停水" not in client.get("/office/hotline/").content.decode()
    visit(f"notes/{note.pk}/", do="take")
    assert ShiftNote.objects.get().taken_at is None
    visit(who="dispatcher")
    assert "西林街道停水" in client.get("/office/hotline/").content.decode()
    visit(f"notes/{note.pk}/", who="dispatcher", do="take")
    visit(f"notes/{note.pk}/", who="supervisor", do="take")
    assert ShiftNote.objects.get().taken_by == "dispatcher"
    assert [entry.act for entry in Entry.objects.filter(act__startswith="shift.")] == [
        "shift.note_left",
        "shift.note_taken",
    ]


def test_what_was_held_long_ago_is_forgotten(desk):
    desk(do="hold", text="很久以前")
    with clock.at(NOON + timedelta(days=8), "live"):
        assert forget_held_calls(older=timedelta(days=7)) == 1
        assert forget_held_calls(older=timedelta(days=7)) == 0
    assert not HeldCall.objects.exists()
