"""Times and clocks in words."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import translation

from townkeeper.web.wording import Clock, ago, clock_time, full_time, script_words, span

NOON = datetime(2026, 11, 5, 4, 0, tzinfo=UTC)
"""12:00 in Shanghai."""


@pytest.fixture(autouse=True)
def _english():
    with translation.override("en"):
        yield


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, "under 1 min"),
        (0, "under 1 min"),
        (59, "under 1 min"),
        (60, "1 min"),
        (3599, "59 min"),
        (3600, "1 h"),
        (4680, "1 h 18 min"),
        (86_399, "23 h 59 min"),
        (86_400, "1 d"),
        (90_000, "1 d 1 h"),
        (864_000, "10 d"),
    ],
)
def test_a_span_is_said_in_its_two_largest_units(seconds, words):
    assert span(timedelta(seconds=seconds)) == words


def test_a_moment_is_as_short_as_it_is_clear():
    assert clock_time(NOON, NOON + timedelta(hours=2)) == "12:00"
    assert clock_time(NOON, NOON + timedelta(days=1)) == "11-05 12:00"
    assert clock_time(NOON, NOON + timedelta(days=400)) == "2026-11-05 12:00"


def test_midnight_is_that_of_the_site_and_not_of_utc():
    late = datetime(2026, 11, 5, 15, 30, tzinfo=UTC)  # 23:30 in Shanghai
    early = datetime(2026, 11, 5, 16, 30, tzinfo=UTC)  # 00:30 the next day
    assert clock_time(late, early) == "11-05 23:30"
    assert full_time(early) == "2026-11-06 00:30"


def test_how_long_ago():
    assert ago(NOON, NOON) == "just now"
    assert ago(NOON, NOON + timedelta(minutes=5)) == "5 min ago"
    assert ago(NOON, NOON - timedelta(hours=2)) == "in 2 h"


def limit(**parts):
    return Clock(
        due_at=NOON, opened_at=NOON - timedelta(hours=4), warn_at=NOON - timedelta(hours=1), **parts
    )


@pytest.mark.parametrize(
    ("clock", "minutes", "state", "words"),
    [
        (limit(), -120, "ok", "2 h left"),
        (limit(), -60, "warn", "1 h left"),
        (limit(), 0, "warn", "under 1 min left"),
        (limit(), 12, "over", "overdue by 12 min"),
        (limit(is_paused=True), -12, "paused", "clock stopped"),
        (limit(is_paused=True), 12, "over", "stopped after the due time"),
        (limit(done_at=NOON), 900, "kept", "done in time"),
        (limit(done_at=NOON + timedelta(minutes=3)), 900, "missed", "done 3 min late"),
        (Clock(due_at=None), 0, "none", "no time limit"),
        (Clock(due_at=None, is_paused=True), 0, "paused", "clock stopped"),
    ],
)
def test_a_clock_says_where_it_stands(clock, minutes, state, words):
    now = NOON + timedelta(minutes=minutes)
    assert clock.state(now) == state
    assert clock.words(now) == words


def test_the_bar_shows_the_used_share_and_the_place_of_the_yellow_card():
    clock = limit()
    assert clock.share(NOON - timedelta(hours=5)) == 0
    assert clock.share(NOON - timedelta(hours=2)) == 50
    assert clock.share(NOON + timedelta(days=1)) == 100
    assert clock.warn_share == 75
    assert Clock(due_at=NOON).share(NOON) == 0
    assert Clock(due_at=NOON, opened_at=NOON).share(NOON) == 100


def test_the_script_has_the_same_phrases():
    words = script_words()
    assert words["left"] % {"span": words["hm"] % {"hours": 1, "minutes": 18}} == "1 h 18 min left"
