"""The time of day: the present, a simulated one, whose day it is."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import timezone

from townkeeper.kit import clock

NOON = datetime(2026, 11, 2, 4, 0, tzinfo=UTC)
LATER = NOON + timedelta(hours=1)


def test_outside_it_is_now_and_live():
    before = timezone.now()
    assert before <= clock.now() <= timezone.now()
    assert clock.origin() == "live"


def test_inside_it_is_then_and_nesting_comes_back():
    with clock.at(NOON):
        assert (clock.now(), clock.origin()) == (NOON, "simulated")
        with clock.at(LATER, "imported"):
            assert (clock.now(), clock.origin()) == (LATER, "imported")
        assert (clock.now(), clock.origin()) == (NOON, "simulated")
    assert clock.origin() == "live"
    assert clock.now() != NOON


def test_an_error_inside_brings_the_present_back():
    with pytest.raises(ValueError, match="x"), clock.at(NOON):
        raise ValueError("x")
    assert clock.origin() == "live"


def test_other_threads_keep_their_own_time():
    with clock.at(NOON), ThreadPoolExecutor(1) as pool:
        assert pool.submit(clock.origin).result() == "live"


@pytest.mark.parametrize(
    ("hour", "day"),
    [(15, date(2026, 11, 2)), (16, date(2026, 11, 3)), (23, date(2026, 11, 3))],
)
def test_a_day_is_the_towns_day(hour, day):
    """16:00 in Greenwich is midnight in Shanghai."""
    with clock.at(NOON.replace(hour=hour)):
        assert clock.today() == day
