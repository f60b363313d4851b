"""A month of cases in the small town, acted through to their ends by the people who do it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from tests import make
from townkeeper.assessment.models import Scheme
from townkeeper.assessment.program import SchemeFile
from townkeeper.cases.models import Case
from townkeeper.kit import clock
from townkeeper.kit.errors import Problem

HOUR = timedelta(hours=1)
MIN = timedelta(minutes=1)
AFTER = datetime(2026, 12, 3, 1, 0, tzinfo=UTC)
"""Three days after the month: its data time."""
T = {"en": "x", "zh-Hant": "乙"}
SCHEME = {
    "scheme": "monthly",
    "title": {"en": "Monthly assessment", "zh-Hant": "月評", "zh-Hans": "月评"},
    "groups": [
        {
            "key": "departments",
            "title": {"en": "Departments", "zh-Hant": "部門"},
            "units": ["CGJ", "GSJ"],
        },
        {
            "key": "streets",
            "title": {"en": "Streets", "zh-Hant": "街道"},
            "units": ["kind:township"],
        },
    ],
    "min_cases": 2,
    "items": [
        {
            "key": "on-time",
            "title": {"en": "Handled on time", "zh-Hant": "按期處置率"},
            "metric": "on_time_rate",
            "weight": 70,
            "rule": {"kind": "linear", "zero_at": 0, "full_at": 100},
        },
        {
            "key": "rework",
            "title": {"en": "Rework", "zh-Hant": "返工率"},
            "metric": "rework_rate",
            "weight": 20,
            "rule": {"kind": "linear", "zero_at": 100, "full_at": 0},
        },
        {
            "key": "evasion",
            "title": {"en": "Evasion", "zh-Hant": "推諉"},
            "metric": "evasion_count",
            "weight": 10,
            "rule": {"kind": "deduction", "per_unit": 2},
        },
    ],
}


def scheme(definition: dict | None = None, number: int = 1) -> Scheme:
    """Put the scheme in force, as a program's loading does."""
    plan = SchemeFile.model_validate(definition or SCHEME)
    Scheme.objects.filter(key=plan.scheme).update(is_current=False)
    return Scheme.objects.create(
        key=plan.scheme,
        number=number,
        names=plan.title,
        definition=plan.model_dump(mode="json", exclude_none=True),
        digest="0" * 64,
    )


def handled(people: dict, *, day: int, late: bool = False, checked: bool = True, **fields) -> Case:
    """A case of refuse that CGJ handles on a day of November, in time or not."""
    begin = make.MONDAY + timedelta(days=day)
    case = make.opened(begin, **fields)
    make.do(case, "file", people["operator"], begin + 5 * MIN)
    make.do(case, "dispatch", people["dispatcher"], begin + 10 * MIN)
    handler = people[case_unit(case)]
    done = begin + (30 * HOUR if late else HOUR)
    make.photo(case, handler, done)
    make.do(case, "report", handler, done + MIN)
    if checked:
        make.do(case, "pass", people["verifier"], done + HOUR, answer="清了")
    case.refresh_from_db()
    return case


def case_unit(case: Case) -> str:
    case.refresh_from_db()
    return case.unit.code


def month(people: dict) -> list[Case]:
    """Six cases: the bureau has one late, one sent back, one open; a street has two stalls."""
    cases = [
        handled(people, day=0),
        handled(people, day=1, late=True),
    ]
    begin = make.MONDAY + timedelta(days=2)
    again = handled(people, day=2, checked=False)
    make.do(again, "fail", people["verifier"], begin + 2 * HOUR, reason="未清淨")
    make.photo(again, people["CGJ"], begin + 2.25 * HOUR)
    make.do(again, "report", people["CGJ"], begin + 2.5 * HOUR)
    make.do(again, "pass", people["verifier"], begin + 5 * HOUR, answer="清了")
    stall = {"category": "matter/09022", "title": "占道經營"}
    cases += [again, handled(people, day=3, **stall), handled(people, day=7, **stall)]
    left = make.opened(make.MONDAY + timedelta(days=8))
    make.do(left, "file", people["operator"], make.MONDAY + timedelta(days=8, minutes=5))
    make.do(left, "dispatch", people["dispatcher"], make.MONDAY + timedelta(days=8, minutes=6))
    return [*cases, left]


def after():
    """The clock three days after the month."""
    return clock.at(AFTER, "live")


@contextmanager
def refused(code: str) -> Iterator[None]:
    """Something is refused for this reason, in whatever language."""
    with pytest.raises(Problem) as told:
        yield
    assert told.value.code == code
