"""Styles and scripts under lasting names, compressed."""

import gzip
import json

import pytest

from townkeeper.config import statics


@pytest.fixture
def home(tmp_path):
    (tmp_path / "static").mkdir()
    for name in ("files", "keys"):
        (tmp_path / name).mkdir()
    return tmp_path


def test_they_are_published_once_with_compressed_copies(home, monkeypatch):
    for number in range(4):
        (home / "static" / f"older-{number}").mkdir()
    assert not statics.are_published(home)
    statics.publish_statics(home)
    folder = statics.statics_folder(home)
    named = json.loads((folder / "staticfiles.json").read_text())["paths"]
    sheet = named["townkeeper/ui.css"]
    assert sheet != "townkeeper/ui.css"
    plain = (folder / sheet).read_bytes()
    assert gzip.decompress((folder / f"{sheet}.gz").read_bytes()) == plain
    assert len([path for path in (home / "static").iterdir() if path.is_dir()]) == statics.KEPT
    monkeypatch.setattr(statics, "_publish", None)  # a second time nothing is to be done
    statics.publish_statics(home)


def test_a_failure_is_told_and_does_not_stop_the_server(home, monkeypatch, caplog):
    def full(_home, _folder):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(statics, "_publish", full)
    statics.publish_statics(home)
    assert "No space left" in caplog.text
    assert not statics.are_published(home)
