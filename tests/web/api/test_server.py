"""The interface in a real server process: over the wire, with and without a database."""

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.db import connection

from tests import make
from townkeeper.accounts.models import Token
from townkeeper.cases.models import Case
from townkeeper.journal.actions import verify_journal

ROOT = Path(__file__).parents[3]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def server(home, database):
    """A server of one process on this database; yields its port and the file of its log."""
    port, log = free_port(), home / "log.txt"
    words = [sys.executable, "-m", "granian", "--interface", "wsgi", "--port", str(port)]
    words += ["--workers", "1", "--no-ws", "--log-level", "warning"]
    environment = {
        **{k: v for k, v in os.environ.items() if not k.startswith(("TOWNKEEPER", "DJANGO"))},
        "PYTHONPATH": str(ROOT / "src"),
        "TOWNKEEPER_HOME": str(home),
        "DATABASE_URL": f"sqlite:///{database}",
    }
    with (
        log.open("w") as out,
        subprocess.Popen(
            [*words, "townkeeper.config.wsgi:application"], env=environment, stderr=out, stdout=out
        ) as process,
    ):
        try:
            wait_for(port, process)
            yield port, log
        finally:
            process.terminate()
            process.wait(30)


def wait_for(port, process):
    for _ in range(600):
        assert process.poll() is None, "the server ended by itself"
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    pytest.fail("the server did not start")


def post(port, body, token):
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    headers = {"Authorization": f"Bearer {token}", "Accept-Language": "en"}
    link.request("POST", "/api/v1/cases", json.dumps(body), headers)
    answer = link.getresponse()
    data = answer.read()
    link.close()
    return answer, json.loads(data), data


@pytest.mark.django_db(transaction=True)
@pytest.mark.slow
def test_a_case_over_the_wire(tmp_path, transactional_db):
    if connection.vendor != "sqlite":
        pytest.skip("the server's process opens the test's own SQLite file")
    units = make.town()
    token = Token.issue(make.person("hotline", "operator", units["ZLB"]), "hotline")
    with server(tmp_path, connection.settings_dict["NAME"]) as (port, log):
        answer, said, data = post(port, {"title": "路燈不亮", "area": "S1"}, token)
        assert answer.status == 201
        assert answer.getheader("Content-Length") == str(len(data))
        refused, why, _data = post(port, {"titel": "x"}, token)
        assert (refused.status, why["title"]) == (422, "“titel” is not known here.")
        assert "registers" not in log.read_text(), "they were read at the start"
    case = Case.objects.get(number=said["number"])
    assert case.title == "路燈不亮"
    assert verify_journal().problems == []


@pytest.mark.slow
def test_a_server_without_a_database_starts_says_so_and_answers_in_json(tmp_path):
    with server(tmp_path, tmp_path / "none.sqlite3") as (port, log):
        answer, said, _data = post(port, {"title": "x"}, "tk_x")
        assert (answer.status, said["type"]) == (503, "urn:townkeeper:database-away")
        assert "no such table" not in str(said)
        assert "registers are not there yet" in log.read_text()
