"""The server answers before it says so, refuses a taken port, and ends when it is told to."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from townkeeper.cli import server
from townkeeper.kit.errors import Problem

ROOT = Path(__file__).parents[2]
HOST = "127.0.0.1"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


@pytest.mark.slow
def test_a_taken_port_is_refused_and_the_next_one_found():
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert not server.is_free(HOST, port)
        with pytest.raises(Problem) as caught:
            server.check_port(HOST, port)
        assert caught.value.code == "port-in-use"
        assert server.free_port(HOST, port) > port


@pytest.mark.slow
def test_the_pages_answer_and_a_stop_is_clean(tmp_path):
    port = free_port()
    environment = {
        **os.environ, "PYTHONPATH": str(ROOT / "src"), "TOWNKEEPER_HOME": str(tmp_path),
        "PYTHONUNBUFFERED": "1",
    }  # fmt: skip
    for name in ("DJANGO_SETTINGS_MODULE", "DATABASE_URL", "LANG", "LC_ALL"):
        environment.pop(name, None)
    command = [sys.executable, "-m", "townkeeper.cli", "serve", "--port", str(port), "--json"]
    with subprocess.Popen(
        [*command, "--workers", "1"],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        try:
            line = ""
            while "http://" not in line:
                line = process.stderr.readline()
                assert line, "the server ended before it was ready"
            connection = http.client.HTTPConnection(HOST, port, timeout=30)
            connection.request("GET", "/office/", headers={"Host": "localhost"})
            response = connection.getresponse()
            assert response.status == 302
            assert "sign-in" in response.headers["Location"]
            connection.close()
        finally:
            process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0
    assert json.loads(out) == {"stopped": True}
    assert "Traceback" not in err
    end = time.monotonic() + 10
    while not server.is_free(HOST, port) and time.monotonic() < end:
        time.sleep(0.1)
    assert server.is_free(HOST, port)
