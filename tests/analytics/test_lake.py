"""Extracts are refreshed by what has changed and equal a rebuild; readers never see half of one."""

import json
from datetime import UTC, timedelta

import pyarrow.parquet as pq
import pytest
from django.utils import timezone

from tests import make
from tests.assessment import world
from townkeeper.analytics import lake
from townkeeper.analytics.engine import open_tables
from townkeeper.analytics.lake import lake_folder, read_manifest, refresh_extracts
from townkeeper.cases.metrics import Subjects, figures, month_window
from townkeeper.cases.models import Case

pytestmark = pytest.mark.django_db
NAMES = (
    "cases", "tasks", "events", "extensions", "stops", "units", "asks", "judgements", "merges",
)  # fmt: skip


@pytest.fixture(autouse=True)
def home(settings, tmp_path):
    settings.HOME = tmp_path
    return tmp_path


@pytest.fixture
def people(db):
    return make.staff(make.town())


def contents(manifest) -> dict[str, list[tuple]]:
    """Every table's rows, in an order of their own."""
    found = {}
    for name in NAMES:
        rows = []
        for path in manifest.files[name].values():
            rows += [tuple(r.values()) for r in pq.read_table(lake_folder() / path).to_pylist()]
        found[name] = sorted(rows, key=repr)
    return found


@pytest.mark.slow
def test_a_refresh_equals_a_rebuild(people, monkeypatch):
    monkeypatch.setattr(lake, "CHUNK", 2)
    world.month(people)
    first = refresh_extracts()
    assert set(first.files["cases"]) == {"2026-11"}
    late = world.handled(people, day=30, late=True)
    case = Case.objects.order_by("pk").first()
    case.outcome = "partly"
    case.updated_at = timezone.now()
    case.save()
    second = refresh_extracts()
    assert set(second.files["cases"]) == {"2026-11", "2026-12"}
    assert second.files["cases"]["2026-11"] != first.files["cases"]["2026-11"]
    after = contents(second)
    assert after == contents(refresh_extracts(whole=True))
    numbers = {row[1] for row in after["cases"]}
    assert late.number in numbers
    assert len(after["cases"]) == Case.objects.count()
    assert [row[2] for row in after["events"]] == ["rework"]


def test_what_has_not_changed_is_left_alone(people, monkeypatch):
    monkeypatch.setattr(lake, "OVERLAP", timedelta(0))
    world.handled(people, day=0)
    first = refresh_extracts()
    world.handled(people, day=40)
    second = refresh_extracts()
    assert second.files["cases"]["2026-11"] == first.files["cases"]["2026-11"]
    assert "2026-12" in second.files["cases"]


def test_a_case_that_moves_to_another_month_is_there_once(people):
    case = world.handled(people, day=0)
    refresh_extracts()
    Case.objects.filter(pk=case.pk).update(
        opened_at=make.MONDAY - timedelta(days=60), updated_at=timezone.now()
    )
    manifest = refresh_extracts()
    assert [row[1] for row in contents(manifest)["cases"]] == [case.number]
    assert set(manifest.files["cases"]) == {"2026-09"}


def test_a_restored_database_is_read_anew(people):
    world.handled(people, day=0)
    world.handled(people, day=1)
    refresh_extracts()
    gone = Case.objects.order_by("pk").last()
    gone.evidence.all().delete()
    gone.delete()
    assert len(contents(refresh_extracts())["cases"]) == 1


def test_extracts_of_another_database_are_not_used(people, home):
    refresh_extracts()
    path = home / "extracts" / "manifest.json"
    data = json.loads(path.read_text())
    path.write_text(json.dumps({**data, "source": "another"}))
    assert read_manifest(home / "extracts") is None
    path.write_text("{")
    assert read_manifest(home / "extracts") is None
    assert refresh_extracts().files["cases"]


def test_remains_of_a_killed_refresh_do_no_harm(people, home, monkeypatch):
    world.handled(people, day=0)
    before = refresh_extracts()

    def die(*_args):
        raise KeyboardInterrupt

    monkeypatch.setattr(lake, "_publish", die)
    world.handled(people, day=1)
    with pytest.raises(KeyboardInterrupt):
        refresh_extracts()
    assert read_manifest(home / "extracts") == before
    assert len(contents(before)["cases"]) == 1
    monkeypatch.undo()
    monkeypatch.setattr(lake, "KEEP_SECONDS", -1)
    after = refresh_extracts()
    assert len(contents(after)["cases"]) == 2
    named = {path for files in after.files.values() for path in files.values()}
    left = {str(p.relative_to(lake_folder())) for p in lake_folder().rglob("*.parquet")}
    assert left == named


@pytest.mark.slow
def test_memory_and_files_give_equal_figures(people):
    world.month(people)
    window = month_window("2026-11", until=world.AFTER, zone=UTC)
    kept = open_tables()
    read = open_tables(refresh=False, small=0)
    assert (kept.in_memory, read.in_memory) == (True, False)
    subjects = Subjects("unit")
    wanted = ["due_count", "on_time_rate", "rework_rate", "filed_count", "handling_hours_median"]
    found = figures(kept, window, subjects, wanted=wanted)
    assert found == figures(read, window, subjects, wanted=wanted)
    assert found["CGJ"]["on_time_rate"].denominator == 4
    assert open_tables(refresh=False) is kept
    assert kept.as_of <= timezone.now()


def test_by_area_the_place_of_the_case_counts(people):
    world.month(people)
    window = month_window("2026-11", until=world.AFTER, zone=UTC)
    found = figures(open_tables(), window, Subjects("area"), wanted=["filed_count", "due_count"])
    assert {area: v["filed_count"].numerator for area, v in found.items()} == {"S1": 6}
