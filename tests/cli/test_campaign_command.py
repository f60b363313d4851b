"""`campaign` and `suggest` as scripts use them: one JSON object, exit codes, every error listed."""

import json

import pytest
import yaml
from django.utils import translation

from tests import make
from townkeeper.campaigns.models import Campaign
from townkeeper.cases.actions import install_procedure
from townkeeper.cli import main as door
from townkeeper.cli import words
from townkeeper.procedures.language import parse

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(capsys, monkeypatch, settings):
    """Run a command in this process on the test database."""
    for name in ("LANGUAGE", "LANG", "LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TOWNKEEPER_HOME", str(settings.HOME))

    def call(*argv):
        capsys.readouterr()
        code = door.main(argv)
        return code, capsys.readouterr().out

    yield call
    words.speak("en")
    translation.deactivate()


@pytest.fixture
def people():
    units = make.town()
    path = make.ROOT / "programs" / "dongxing" / "procedures" / "exposed.yaml"
    install_procedure(parse(yaml.safe_load(path.read_text(encoding="utf-8"))), actor="test")
    return make.staff(units)


def listed(tmp_path, *rows):
    path = tmp_path / "list.csv"
    path.write_text("\n".join(["問題,責任單位,時限", *rows]), encoding="utf-8")
    return str(path)


def test_a_campaign_from_the_list_to_the_report(run, people, tmp_path):
    path = listed(tmp_path, "垃圾,區城管局,3個工作日", "攤販,東興街道,當日")
    code, out = run("campaign", "import", path, "--dry-run", "--json")
    assert (code, json.loads(out)["rows"]) == (0, 2)
    assert not Campaign.objects.exists()
    code, out = run("campaign", "import", path, "--title", "整改", "--by", "dispatcher", "--json")
    assert (code, json.loads(out)["rows"]) == (0, 2)
    code, out = run("campaign", "progress", "latest", "--json")
    assert json.loads(out)["not_begun"] == 2
    code, out = run("campaign", "remind", "latest", "--json")
    assert len(json.loads(out)["reminded"]) == 2
    code, out = run("campaign", "list", "--json")
    assert json.loads(out)["campaigns"][0]["title"] == "整改"
    code, _out = run("campaign", "close", "latest", "--out", str(tmp_path))
    assert code == 1
    code, out = run("campaign", "close", "latest", "--note", "止", "--out", str(tmp_path), "--json")
    assert code == 0
    assert (tmp_path / json.loads(out)["pdf"]).exists()
    code, _out = run("campaign", "import", path, "--title", "整改", "--by", "dispatcher")
    assert code == 1


def test_every_wrong_row_is_listed(run, people, tmp_path):
    path = listed(tmp_path, "垃圾,區城管,當日", ",東興街道,當日", "攤,東興街道,明天再說")
    code, out = run("campaign", "import", path, "--title", "整改", "--by", "dispatcher", "--json")
    assert code == 1
    assert [error["row"] for error in json.loads(out)["errors"]] == [2, 3, 4]
    code, out = run("campaign", "import", path, "--dry-run")
    assert code == 1
    assert "“區城管局”" in out


def test_somebody_must_hand_over(run, people, tmp_path):
    path = listed(tmp_path, "垃圾,區城管局,當日")
    for more in ((), ("--by", "nobody")):
        code, _out = run("campaign", "import", path, "--title", "整改", *more)
        assert code == 1
    assert not Campaign.objects.exists()


def test_an_order_by_names(run, people):
    given = ("--title", "自查", "--due", "3wd", "--by", "dispatcher", "--json")
    code, out = run("campaign", "order", "--units", "東興街道、S2", *given)
    assert (code, json.loads(out)["rows"]) == (0, 2)
    code, out = run("campaign", "order", "--units", "X", *given)
    assert code == 1


def test_suggestions_before_there_is_a_model(run, people):
    code, out = run("suggest", "try", "暴露垃圾沒人清理", "--json")
    assert code == 0
    assert json.loads(out)["categories"][0]["value"] == "matter/06010"
    assert json.loads(out)["owner"]["value"] == "CGJ"
    assert run("suggest", "train")[0] == 1
    code, out = run("suggest", "report", "--json")
    assert (code, json.loads(out)["offers"]) == (0, 0)
