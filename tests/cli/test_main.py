"""The command line as scripts rely on it: exit codes, one JSON object, no tracebacks."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.utils import translation

from townkeeper.cli import console, words
from townkeeper.cli import main as door
from townkeeper.kit.errors import Problem

ROOT = Path(__file__).parents[2]
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
        out, err = capsys.readouterr()
        return code, out, err

    yield call
    words.speak("en")
    translation.deactivate()


def test_without_a_command_it_explains_itself(run):
    code, out, _err = run()
    assert code == 0
    assert "demo" in out
    assert "verify" in out


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_help_speaks_the_language_asked_for(run, language):
    _code, out, _err = run("--language", language)
    title = {"en": "commands", "zh-hans": "命令", "zh-hant": "命令"}[language]
    assert title in out


@pytest.mark.parametrize(
    "argv",
    [
        ("no-such-command",),
        ("verify", "--no-such-option"),
        ("--language", "fr", "verify"),
        ("import",),
        ("program", "check"),
        ("serve", "--port", "many"),
    ],
)
def test_wrong_usage_is_2_and_one_object(run, argv):
    code, out, err = run(*argv, "--json")
    assert code == 2
    assert json.loads(out)["error"]["code"] == "usage"
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("argv", "problem"),
    [
        (("import", "nowhere.csv", "--mapping", "nowhere.yaml"), "no-such-file"),
        (("program", "load", "nowhere"), "no-such-folder"),
        (("verify", "nowhere.json"), "no-such-file"),
        (("token", "issue", "nobody", "--label", "x"), "no-such-user"),
        (("serve", "--port", "99999"), "no-such-port"),
        (("bench", "nothing"), "no-such-benchmark"),
    ],
)
def test_a_refusal_is_1_with_its_reason(run, argv, problem):
    code, out, err = run(*argv, "--json")
    assert code == 1
    error = json.loads(out.splitlines()[-1])["error"]
    assert error["code"] == problem
    assert error["message"] in err
    assert "Traceback" not in err


def test_a_message_speaks_the_language(run):
    _code, out, _err = run("verify", "nowhere.json", "--json", "--language", "zh-hant")
    assert "沒有這個文件" in json.loads(out)["error"]["message"]


def test_an_unexpected_error_leaves_its_trace_in_the_log_only(run, monkeypatch, settings):
    def burst(_args):
        msg = "burst pipe"
        raise RuntimeError(msg)

    monkeypatch.setattr("townkeeper.cli.commands.verify.run", burst)
    code, out, err = run("verify", "--json")
    assert code == 1
    assert json.loads(out)["error"]["code"] == "unexpected"
    assert "Traceback" not in err
    assert "burst pipe" in (settings.HOME / "log" / "errors.log").read_text()


def test_verify_counts_the_entries(run):
    from django.db import transaction

    from townkeeper.journal.actions import record

    with transaction.atomic():
        record(subject="t:1", act="made", actor="test", data={})
    code, out, _err = run("verify", "--json")
    assert code == 0
    none = {"count": 0, "sealed": 0, "open": 1, "problems": []}
    assert json.loads(out) == {"ok": True, "entries": 1, "problems": [], "seals": none}


def test_verify_finds_a_changed_byte(run):
    from django.db import connection, transaction

    from townkeeper.journal.actions import record

    with transaction.atomic():
        record(subject="t:1", act="made", actor="test", data={"n": 1})
    with connection.cursor() as cursor:
        cursor.execute("UPDATE journal_entry SET actor = 'tesu'")
    code, out, _err = run("verify", "--json")
    data = json.loads(out)
    assert code == 1
    assert not data["ok"]
    assert data["problems"][0]["subject"] == "t:1"


def test_a_user_signs_in_with_the_password_made(run, client):
    code, out, _err = run("user", "add", "wang.fang", "--name", "王芳", "--generate", "--json")
    assert code == 0
    assert client.login(username="wang.fang", password=json.loads(out)["password"])
    code, out, _err = run("user", "add", "wang.fang", "--generate", "--json")
    assert json.loads(out)["error"]["code"] == "user-exists"


def test_a_token_is_issued_listed_and_closed(run):
    run("user", "add", "hotline", "--generate")
    _code, out, _err = run("token", "issue", "hotline", "--label", "12345", "--json")
    assert json.loads(out)["token"].startswith("tk_")
    _code, out, _err = run("token", "list", "--json")
    (token,) = json.loads(out)["tokens"]
    assert token["closed"] is None
    code, out, _err = run("token", "close", str(token["number"]), "--json")
    assert code == 0
    code, out, _err = run("token", "close", str(token["number"]), "--json")
    assert code == 1


def test_people_of_a_demonstration_stay_out_elsewhere(client, settings):
    from townkeeper.accounts.models import User

    user = User.objects.create_user("dispatcher", password="townkeeper", is_demo=True)
    assert not client.login(username="dispatcher", password="townkeeper")
    settings.DEMO = True
    assert client.login(username="dispatcher", password="townkeeper")
    settings.DEMO = False
    session = client.get("/").wsgi_request.user
    assert session != user


def test_what_follows_test_goes_to_pytest_as_it_stands():
    from collections import Counter

    from townkeeper.cli.commands import test

    given = ["test", "-k", "a", "--fast", "tests/x", "-k", "b", "--database", "sqlite", "-x"]
    assert test._for_pytest(given) == ["-k", "a", "tests/x", "-k", "b", "-x"]
    assert test._for_pytest(["test", "--database=both", "--", "-q"]) == ["-q"]
    counts = Counter(passed=3, skipped=1, failed=2)
    assert test.closing_line(counts, 1.5) == "2 failed, 3 passed, 1 skipped in 1.50s"


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, "en"),
        ({"LANG": "C.UTF-8"}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh-hans"),
        ({"LANG": "zh_HK.UTF-8"}, "zh-hant"),
        ({"LANG": "en_US", "LC_ALL": "zh_TW"}, "zh-hant"),
        ({"LANG": "zh_CN", "TOWNKEEPER_LANGUAGE": "en"}, "en"),
    ],
)
def test_the_language_is_that_of_the_terminal(environment, language):
    assert words.guess_language(environment) == language


def test_a_table_counts_chinese_as_two():
    text = console.table([("東興", 1), ("x", 1234)], ("unit", "n"))
    assert [console.width(line) for line in text.splitlines()] == [10, 10, 10]


def test_a_missing_file_is_a_problem(tmp_path):
    with pytest.raises(Problem) as caught:
        console.existing(tmp_path / "x")
    assert caught.value.code == "no-such-file"


def start(*argv: str, home: Path, **more: str) -> "subprocess.CompletedProcess[str]":
    environment = {
        **os.environ, "PYTHONPATH": str(ROOT / "src"), "TOWNKEEPER_HOME": str(home), **more,
    }  # fmt: skip
    for name in ("DJANGO_SETTINGS_MODULE", "DATABASE_URL"):
        if name not in more:
            environment.pop(name, None)
    return subprocess.run(
        [sys.executable, "-m", "townkeeper.cli", *argv],
        capture_output=True, text=True, env=environment, check=False, cwd=home.parent,
    )  # fmt: skip


@pytest.mark.slow
def test_a_new_home_needs_no_set_up_even_for_two_at_once(tmp_path):
    home = tmp_path / "new"
    environment = {
        **os.environ, "PYTHONPATH": str(ROOT / "src"), "TOWNKEEPER_HOME": str(home),
        "DJANGO_SETTINGS_MODULE": "townkeeper.config.settings",
    }  # fmt: skip
    environment.pop("DATABASE_URL", None)
    command = [sys.executable, "-m", "townkeeper.cli", "verify", "--json"]
    with (
        subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as one,
        subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as two,
    ):
        answers = [json.loads(process.communicate()[0]) for process in (one, two)]
    assert [(a["ok"], a["entries"], a["problems"]) for a in answers] == [(True, 0, [])] * 2
    assert (home / "keys").stat().st_mode & 0o777 == 0o700


def test_a_wrong_setting_is_said_and_not_thrown(tmp_path):
    done = start("verify", "--json", home=tmp_path / "h", TOWNKEEPER_UPLOAD_LIMIT_MB="lots")
    assert done.returncode == 1
    assert json.loads(done.stdout)["error"]["code"] == "wrong-setting"
    assert "Traceback" not in done.stderr


def test_a_database_that_is_away_is_said_and_not_thrown(tmp_path):
    url = f"postgresql://nobody@/town?host={tmp_path}"
    done = start("verify", "--json", home=tmp_path / "h", DATABASE_URL=url)
    assert done.returncode == 1
    assert json.loads(done.stdout)["error"]["code"] == "database-unreachable"
    assert "Traceback" not in done.stderr


def test_the_home_of_a_newer_version_is_refused(run):
    from django.db.migrations.recorder import MigrationRecorder

    MigrationRecorder.Migration.objects.create(app="cases", name="9999_from_the_future")
    code, out, _err = run("verify", "--json")
    assert code == 1
    assert json.loads(out)["error"]["code"] == "home-is-newer"


def test_the_record_is_sealed_verified_and_proved(run, tmp_path):
    from django.db import transaction

    from townkeeper.journal.actions import record
    from townkeeper.journal.models import Chain, Entry

    assert run("seal")[1].strip() == "Nothing has been recorded yet."
    for number in ("X1", "X2"):
        with transaction.atomic():
            record(subject=f"case:{number}", act="case.noted", actor="a", data={})
    code, out, _err = run("seal", "--json")
    assert (code, json.loads(out)["seals"][0]["count"]) == (0, 2)
    assert "since the last seal" in run("seal")[1]
    assert json.loads(run("seal", "--list", "--json")[1])["seals"][0]["number"] == 1
    code, out, _err = run("verify", "--case", "X1", "--json")
    assert (code, json.loads(out)["sealed"]) == (0, 1)
    folder = tmp_path / "proof"
    code, out, _err = run("proof", "X1", "--out", str(folder), "--json")
    assert (code, json.loads(out)["sealed"]) == (0, 1)
    assert run("verify", str(folder / "X1.history.json"))[0] == 0
    seals = tmp_path / "seals.json"
    assert run("seal", "--export", str(seals))[0] == 0
    assert len(json.loads(seals.read_text())["seals"]) == 1
    Entry.objects.filter(subject="case:X2").delete()
    Chain.objects.filter(subject="case:X2").delete()
    code, out, _err = run("verify")
    assert (code, "seal 1: entries under it were removed" in out) == (1, True)
    assert run("verify", "--case", "X2")[0] == 1
    assert run("proof", "NOBODY")[0] == 1
