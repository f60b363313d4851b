"""The commands `unit` and `duties`, as they are typed."""

import json
from datetime import timedelta

import pytest

from tests import make
from tests.make import MONDAY
from townkeeper.cases.models import Case
from townkeeper.cli import main
from townkeeper.duties.models import Duty
from townkeeper.kit import clock
from townkeeper.units.models import Unit, UnitChange

pytestmark = pytest.mark.django_db


@pytest.fixture
def units(monkeypatch):
    for name in ("unit", "duties"):
        monkeypatch.setattr(f"townkeeper.cli.commands.{name}.ready", lambda: None)
    return make.town()


def say(capsys, *words, at=MONDAY + timedelta(days=1)):
    with clock.at(at, "live"):
        code = main.main(["--json", *words])
    return code, json.loads(capsys.readouterr().out)


def test_a_merger_is_seen_planned_withdrawn_and_done(units, capsys):
    case = make.opened()
    Case.objects.filter(pk=case.pk).update(unit=units["CGJ"])
    merge = ["unit", "merge", "CGJ", "GSJ", "--into", "GSJ"]
    code, seen = say(capsys, *merge, "--preview")
    assert code == 0
    assert {"what": "case", "from": "CGJ", "to": "GSJ", "rule": "all", "count": 1} in seen["moves"]
    assert not UnitChange.objects.exists()
    code, planned = say(capsys, *merge, "--on", "2026-12-01")
    assert (code, planned["state"]) == (0, "waiting")
    code, listed = say(capsys, "unit", "changes")
    assert [(c["number"], c["state"]) for c in listed["changes"]] == [
        (planned["change"], "waiting")
    ]
    code, _gone = say(capsys, "unit", "withdraw", str(planned["change"]))
    assert code == 0
    code, done = say(capsys, *merge)
    assert (code, done["state"]) == (0, "applied")
    assert Unit.objects.get(code="CGJ").until is not None


def test_what_is_uncovered_is_a_finding(units, capsys):
    make.person("one", "handler", units["CGJ"])
    say(capsys, "unit", "add", "HWJ", "--name", "環衛局", "--under", "D")
    split = ["unit", "split", "CGJ", "--into", "HWJ", "GSJ"]
    code, seen = say(capsys, *split, "--preview")
    assert code == 1
    assert seen["uncovered"]
    code, told = say(capsys, *split)
    assert (code, told["error"]["code"]) == (1, "change-uncovered")
    code, _done = say(capsys, *split, "--rule", "category:matter/06=HWJ", "--rule", "default=GSJ")
    assert code == 0
    assert Duty.objects.filter(unit__code="HWJ", until=None).exists()


def test_names_and_moves(units, capsys):
    say(capsys, "unit", "rename", "S1", "--name", "東興新區")
    say(capsys, "unit", "move", "S1", "--under", "S2")
    unit = Unit.objects.get(code="S1")
    assert (unit.name, unit.parent.code) == ("東興新區", "S2")
    code, told = say(capsys, "unit", "move", "S1", "--under", "XX")
    assert (code, told["error"]["code"]) == (1, "unit-unknown")
    code, told = say(capsys, "unit", "close", "S1", "--rule", "default=")
    assert (code, told["error"]["code"]) == (1, "rule-unknown")


def test_the_register_is_asked(units, capsys, tmp_path):
    make.opened()
    december = MONDAY + timedelta(days=31)
    file = tmp_path / "moved.csv"
    edit = ["--move", "matter/06010@*=CGJ>GSJ", "--csv", str(file)]
    code, found = say(capsys, "duties", "dry-run", *edit, at=december)
    assert (code, found["changed"], found["month"]) == (0, 1, "2026-11")
    assert len(file.read_text("utf-8-sig").splitlines()) == 2
    code, gaps = say(capsys, "duties", "gaps", at=december)
    assert (code, [gap["area"] for gap in gaps["gaps"]]) == (1, ["D"])
    code, overlaps = say(capsys, "duties", "overlaps", at=december)
    assert (code, overlaps["overlaps"]) == (0, [])
