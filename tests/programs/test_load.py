"""Loading is all or nothing, and the second time nothing changes."""

import pytest

from tests.programs.conftest import DONGXING, Copy
from townkeeper.accounts.models import User
from townkeeper.assessment.models import Scheme
from townkeeper.calendars.models import Calendar
from townkeeper.cases.models import ProcedureVersion
from townkeeper.duties.models import Category, Duty
from townkeeper.duties.register import load_register
from townkeeper.journal.actions import verify_journal
from townkeeper.journal.models import Entry
from townkeeper.kit import clock
from townkeeper.programs.load import load_program
from townkeeper.programs.loaded import bulletins_of, current_program, part_of
from townkeeper.programs.models import LoadedProgram
from townkeeper.programs.parts import TargetsFile
from townkeeper.units.models import Place, Post, Role, Unit

pytestmark = pytest.mark.django_db


def census() -> dict[str, int]:
    models = (Unit, Role, Post, User, Place, Category, Duty, Calendar, ProcedureVersion, Scheme)
    return {model.__name__: model.objects.count() for model in (*models, LoadedProgram, Entry)}


def test_the_whole_district() -> None:
    report = load_program(DONGXING, actor="test", with_people=True)
    assert report.ok
    counted = census()
    assert counted["Unit"] == 341
    assert counted["Category"] == 431
    assert counted["Duty"] > 900
    assert counted["User"] == 38
    assert not User.objects.get(username="operator").has_usable_password()
    assert Unit.objects.get(code="511011").attributes["number_prefix"] == "DX"
    assert Unit.objects.get(code="511011").outline["type"] == "Polygon"
    program = current_program()
    assert program is not None
    assert program.settings["five-disorders"]["default_because"]["en"]
    targets = part_of(program, "targets.yaml", TargetsFile)
    assert targets is not None
    assert len(targets.targets) == 10
    assert bulletins_of(program)["monthly"].scheme == "monthly"
    assert set(ProcedureVersion.objects.values_list("key", flat=True)) == {
        "problem",
        "exposed",
        "order",
    }
    assert verify_journal().problems == []


def test_loading_twice_changes_nothing(copy: Copy) -> None:
    first = load_program(copy.path, actor="test", with_people=True)
    assert first.changes
    before = census()
    second = load_program(copy.path, actor="test", with_people=True)
    assert second.changes == ()
    assert second.words("en") == ["Nothing changed."]
    assert second.words("zh-Hant") == ["沒有變化。"]
    assert census() == before


def test_people_only_when_asked(copy: Copy) -> None:
    load_program(copy.path, actor="test")
    assert User.objects.count() == 0


def test_broken_file_leaves_the_database_untouched(copy: Copy) -> None:
    before = census()
    copy.edit("duties.yaml", "lead: 511011-HBJ", "lead: 511011-HBX")
    report = load_program(copy.path, actor="test")
    assert not report.ok
    assert report.report.errors[0].file == "duties.yaml"
    assert census() == before


def test_failure_in_the_middle_rolls_everything_back(copy: Copy, monkeypatch) -> None:
    def fail(*_args: object, **_kwargs: object) -> None:
        message = "the disk is full"
        raise OSError(message)

    monkeypatch.setattr("townkeeper.programs.load.install_scheme", fail)
    before = census()
    with pytest.raises(OSError, match="disk"):
        load_program(copy.path, actor="test")
    assert census() == before


def test_changes_are_said_in_words(copy: Copy) -> None:
    load_program(copy.path, actor="test")
    copy.edit("units/offices.yaml", "zh-Hant: 區環保局", "zh-Hant: 區生態環境局")
    copy.edit("categories.yaml", "limit: 3wd", "limit: 2wd")
    copy.edit("duties.yaml", "categories: [local/street-coal-burning, ", "categories: [")
    report = load_program(copy.path, actor="test")
    said = "\n".join(report.words("zh-Hant"))
    assert "修改單位：區生態環境局 (511011-HBJ)" in said
    assert "修改事項：油煙污染 (matter/06027)（limit）" in said
    assert "終止職責" in said
    assert "修改文件：units/offices.yaml" in said
    assert Unit.objects.get(code="511011-HBJ").aliases == ["區環保局"]
    assert load_program(copy.path, actor="test").changes == ()


def test_unit_that_left_is_closed_not_deleted(copy: Copy) -> None:
    load_program(copy.path, actor="test")
    copy.edit(
        "units/offices.yaml",
        "  - code: 511011-DXXC\n    parent: 511011-XCB\n    kind: other\n",
        "  - code: 511011-NEW\n    parent: 511011-XCB\n    kind: other\n",
    )
    copy.edit("duties.yaml", "511011-GDJ, 511011-DXXC]", "511011-GDJ]")
    load_program(copy.path, actor="test")
    assert Unit.objects.get(code="511011-DXXC").until == clock.today()


def test_unit_that_moves_takes_its_subtree_along(copy: Copy) -> None:
    load_program(copy.path, actor="test")
    copy.edit(
        "units/offices.yaml",
        '  - code: 511011-ZLB\n    parent: "511011"',
        "  - code: 511011-ZLB\n    parent: 511011-CGJ",
    )
    copy.edit("units/offices.yaml", "zh-Hant: 治理工作檢查小組", "zh-Hant: 檢查組")
    copy.append(
        "units/offices.yaml", "  - {code: NEW, kind: team, parent: 511011-JCZ, name: 第一小隊}\n"
    )
    load_program(copy.path, actor="test")
    assert Unit.objects.get(code="NEW").is_under(Unit.objects.get(code="511011-CGJ"))
    office, team = (Unit.objects.get(code=code) for code in ("511011-ZLB", "511011-JCZ"))
    assert office.is_under(Unit.objects.get(code="511011-CGJ"))
    assert team.is_under(office)
    assert team.level == 3
    assert team.name == "檢查組"
    paths = list(Unit.objects.values_list("path", flat=True))
    assert len(set(paths)) == len(paths)


WHO = (
    ("matter/09006", "511011002", "城監東興大隊", "西林街道"),
    ("matter/09006", "511011100", "田家鎮", None),
    ("local/straddling-stall", "511011002", "區工商局", "西林街道"),
    ("matter/06011", "511011001", "區住建局", "東興街道"),
    ("matter/06012", "511011100", "田家鎮", "區交通運輸局"),
    ("matter/06001", "511011120", "區住建局", "永福鎮"),
    ("matter/09003", "511011003", "區民政局", "新江街道"),
    ("local/jaywalking", "511011002", "交警直屬二大隊", "西林街道"),
    ("matter/06027", "511011111", "區環保局", "石子鎮"),
)


def test_who_answers_as_the_speech_says(copy: Copy) -> None:
    load_program(copy.path, actor="test")
    register = load_register()
    today = clock.today()
    for category, area, lead, assistant in WHO:
        answer = register.resolve(
            register.category_by_key[category], register.unit_by_code[area], today
        )
        assert answer.lead is not None, category
        assert answer.lead.name == lead
        assert not assistant or assistant in [unit.name for unit in answer.assistants]
        assert answer.source == "篇2 L95"
    assert register.gaps(today) == []
    assert register.overlaps(today) == []
