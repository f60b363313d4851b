"""What relapses and revisits write into a history is told there in every language."""

import msgspec
import pytest
from django.utils import timezone, translation

from townkeeper.journal.models import Entry
from townkeeper.web.journal_words import Names, tell

RELAPSE = {"ordinal": 4, "how": "point", "days": 12, "distance_m": 20}
TOLD = [
    ("relapse", {**RELAPSE, "former": "DX-1"}, "Came back: brings back DX-1, the 4th time",
     ["12 days between closing and new report; close by."]),
    ("relapse-of", {**RELAPSE, "case": "DX-2", "reason": "seen"},
     "Came back as DX-2, the 4th time",
     ["12 days between closing and new report; close by.", "Reason: seen"]),
    ("relapse-overruled", {**RELAPSE, "former": "DX-1", "reason": "another heap"},
     "Does not bring back DX-1 after all", ["Reason: another heap"]),
    ("relapse-overruled-of", {**RELAPSE, "case": "DX-2", "reason": "another heap"},
     "Did not come back as DX-2 after all", ["Reason: another heap"]),
    ("revisit-drawn", {"draw": "2026-11-13", "due": None, "unit": "ZLB"},
     "Drawn for a revisit", ["Visit by ZLB."]),
    ("revisit-dropped", {"draw": "2026-11-13"}, "Revisit dropped",
     ["The case was reopened before anybody came."]),
    ("revisited", {"result": "relapsed", "note": "heaps", "new_case": "DX-9"},
     "Revisited: it has come back", ["heaps", "Opened: DX-9."]),
    ("revisited", {"result": "stands", "note": "", "new_case": None},
     "Revisited: the fix stands", []),
]  # fmt: skip


@pytest.mark.parametrize(("act", "data", "title", "lines"), TOLD)
def test_entries_in_words(act: str, data: dict, title: str, lines: list[str]) -> None:
    entry = Entry(
        subject="case:DX-2", act=f"case.{act}", actor="system", time=timezone.now(),
        data=msgspec.json.encode(data).decode(),
    )  # fmt: skip
    with translation.override("en"):
        told = tell(entry, Names(None))
    assert (told.title, told.lines) == (title, lines)
    for language in ("zh-hant", "zh-hans"):
        with translation.override(language):
            assert tell(entry, Names(None)).title != title
