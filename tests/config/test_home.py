"""The home of an installation: made by itself, its secret kept, its database named by one word."""

from pathlib import Path

import pytest

from townkeeper.config import home


@pytest.fixture(autouse=True)
def bare(monkeypatch):
    for name in ("DATABASE_URL", "TOWNKEEPER_SECRET_KEY"):
        monkeypatch.delenv(name, raising=False)


def test_a_home_is_made_with_its_parts(tmp_path, monkeypatch):
    monkeypatch.setenv("TOWNKEEPER_HOME", str(tmp_path / "a" / "b"))
    made = home.home()
    assert (made / "files").is_dir()
    assert (made / "keys").stat().st_mode & 0o777 == 0o700


def test_the_secret_is_made_once_and_readable_by_its_owner_only(tmp_path, monkeypatch):
    monkeypatch.setenv("TOWNKEEPER_HOME", str(tmp_path))
    made = home.home()
    first = home.secret_key(made)
    assert len(first) > 40
    assert home.secret_key(made) == first
    assert (made / "keys" / "secret").stat().st_mode & 0o777 == 0o600
    monkeypatch.setenv("TOWNKEEPER_SECRET_KEY", "given")
    assert home.secret_key(made) == "given"


def test_sqlite_in_the_home_is_the_default(tmp_path):
    database = home.database(tmp_path)
    assert database["NAME"] == str(tmp_path / "townkeeper.sqlite3")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (
            "postgres://town:s%40fe@db.example:5433/town?sslmode=require",
            {"USER": "town", "PASSWORD": "s@fe", "HOST": "db.example", "PORT": "5433",
             "NAME": "town", "OPTIONS": {"sslmode": "require"}},
        ),
        (
            "postgresql://town@/town?host=/run/s",
            {"USER": "town", "HOST": "/run/s", "NAME": "town", "OPTIONS": {}},
        ),
        ("sqlite:////data/x.sqlite3", {"NAME": "/data/x.sqlite3"}),
    ],
)  # fmt: skip
def test_a_database_is_named_by_one_address(monkeypatch, tmp_path: Path, url, expected):
    monkeypatch.setenv("DATABASE_URL", url)
    database = home.database(tmp_path)
    assert {key: database[key] for key in expected} == expected


def test_an_unknown_database_is_refused_in_words(monkeypatch, tmp_path):
    monkeypatch.setenv("DATABASE_URL", "mysql://x/y")
    with pytest.raises(SystemExit, match="mysql"):
        home.database(tmp_path)


@pytest.mark.parametrize("text", ["0", "-1", "lots", "1.5", ""])
def test_a_number_is_a_positive_whole_one(monkeypatch, text):
    monkeypatch.setenv("TOWNKEEPER_UPLOAD_LIMIT_MB", text)
    with pytest.raises(SystemExit, match="TOWNKEEPER_UPLOAD_LIMIT_MB"):
        home.number("TOWNKEEPER_UPLOAD_LIMIT_MB", 20)


def test_a_choice_is_one_of_a_few_words(monkeypatch):
    monkeypatch.setenv("TOWNKEEPER_LANGUAGE", "ZH-Hans")
    assert home.choice("TOWNKEEPER_LANGUAGE", "en", ["en", "zh-hans"]) == "zh-hans"
    monkeypatch.setenv("TOWNKEEPER_LANGUAGE", "fr")
    with pytest.raises(SystemExit, match="fr"):
        home.choice("TOWNKEEPER_LANGUAGE", "en", ["en", "zh-hans"])


@pytest.mark.parametrize(("text", "on"), [("1", True), ("yes", True), ("0", False), ("", False)])
def test_a_switch_is_on_or_off(monkeypatch, text, on):
    monkeypatch.setenv("TOWNKEEPER_DEMO", text)
    assert home.switch("TOWNKEEPER_DEMO") is on
