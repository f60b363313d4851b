"""A PostgreSQL of our own: starts, holds UTF-8, survives a kill, leaves nothing behind."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import psycopg
import pytest

from townkeeper.cli import postgres
from townkeeper.kit.errors import Problem

try:
    postgres.find_binaries()
except Problem:
    pytest.skip("no PostgreSQL on this computer", allow_module_level=True)


def test_a_throw_away_cluster_speaks_chinese_and_goes_away():
    with postgres.cluster(options=postgres.UNSAFE_BUT_FAST) as address:
        with psycopg.connect(address) as connection:
            row = connection.execute(
                "SELECT current_setting('server_encoding'), lower('ÄÖ井盖'), current_user"
            ).fetchone()
        folder = Path(address.partition("host=")[2]).parent
        assert folder.stat().st_mode & 0o077 == 0
    assert row == ("UTF8", "äö井盖", postgres.USER)
    assert not folder.exists()


@pytest.mark.slow
def test_nothing_is_lost_when_the_server_is_killed():
    folder = Path(tempfile.mkdtemp(prefix="tkpg-test-"))
    server = postgres.Server(folder)
    try:
        address = server.start({})
        with psycopg.connect(address) as connection:
            connection.execute("CREATE TABLE t (n int)")
            connection.execute("INSERT INTO t VALUES (7)")
        server._process.send_signal(signal.SIGKILL)
        server._process.wait()
        address = server.start({})
        with psycopg.connect(address) as connection:
            assert connection.execute("SELECT n FROM t").fetchone() == (7,)
    finally:
        server.stop()
        shutil.rmtree(folder)


def test_a_zombie_is_taken_for_dead(tmp_path, monkeypatch):
    monkeypatch.setattr(postgres, "_PATIENCE", 0.3)
    with subprocess.Popen([sys.executable, "-c", ""]) as child:
        while postgres.process_state(child.pid) != "Z":
            pass
        pid_file = tmp_path / "postmaster.pid"
        pid_file.write_text(f"{child.pid}\n")
        postgres.forget_dead_postmaster(pid_file)
        assert not pid_file.exists()


def test_a_living_server_keeps_its_pid_file(tmp_path):
    pid_file = tmp_path / "postmaster.pid"
    pid_file.write_text(f"{os.getpid()}\n")
    postgres.forget_dead_postmaster(pid_file)
    assert pid_file.exists()


def test_missing_programs_are_a_problem(monkeypatch):
    monkeypatch.setenv("PG_BIN", "/nowhere")
    monkeypatch.setattr(postgres, "find_spec", lambda _name: None)
    monkeypatch.setattr(Path, "glob", lambda _self, _pattern: iter(()))
    with pytest.raises(Problem) as caught:
        postgres.find_binaries()
    assert caught.value.code == "postgres-missing"
