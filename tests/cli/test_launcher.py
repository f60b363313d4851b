"""The launcher prepares once, waits for another start, and takes over a dead one."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
INSTALLER = """
import pathlib, shutil, sys, time
lock, venv = map(pathlib.Path, sys.argv[1:])
with (venv.parent / "installed").open("a") as log:
    log.write(lock.name + "\\n")
time.sleep(float((venv.parent / "pause").read_text()))
shutil.copyfile(lock, venv / lock.name)
"""
COMMAND = "import sys; print('ran', *sys.argv[1:])\n"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout whose installer notes that it was called instead of downloading."""
    root = tmp_path / "a town"
    (root / "tools").mkdir(parents=True)
    (root / "src" / "townkeeper" / "cli").mkdir(parents=True)
    shutil.copy(ROOT / "townkeeper", root / "townkeeper")
    (root / "tools" / "install.py").write_text(INSTALLER)
    (root / "src" / "townkeeper" / "__init__.py").write_text("")
    (root / "src" / "townkeeper" / "cli" / "__init__.py").write_text("")
    (root / "src" / "townkeeper" / "cli" / "__main__.py").write_text(COMMAND)
    (root / "requirements.lock").write_text("one")
    (root / "requirements-dev.lock").write_text("two")
    (root / "pause").write_text("0")
    return root


def environment(**more: str) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    return {**kept, "TOWNKEEPER_PYTHON": sys.executable, **more}


def start(root: Path, *words: str, **more: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [str(root / "townkeeper"), *words],
        capture_output=True, text=True, env=environment(**more), check=False, cwd="/",
    )  # fmt: skip


def installed(root: Path) -> list[str]:
    return (root / "installed").read_text().split()


def test_it_prepares_once_and_again_when_the_lock_changes(checkout):
    first = start(checkout, "verify", "--json")
    assert first.stdout == "ran verify --json\n"
    assert start(checkout, "verify").stdout == "ran verify\n"
    assert installed(checkout) == ["requirements.lock"]
    (checkout / "requirements.lock").write_text("changed")
    start(checkout, "verify")
    assert installed(checkout) == ["requirements.lock"] * 2


def test_tests_and_checks_take_the_development_lock(checkout):
    start(checkout, "--home", "check", "verify")
    assert installed(checkout) == ["requirements.lock"]
    start(checkout, "--json", "check")
    assert installed(checkout) == ["requirements.lock", "requirements-dev.lock"]


def test_the_lock_of_a_dead_start_is_taken_over(checkout):
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        gone.wait()
    (checkout / ".venv.lock").mkdir()
    (checkout / ".venv.lock" / "pid").write_text(str(gone.pid))
    assert start(checkout, "verify").stdout == "ran verify\n"
    assert not list(checkout.glob(".venv.lock*"))


@pytest.mark.slow
def test_two_starts_at_once_install_once(checkout):
    (checkout / "pause").write_text("1")
    command = [str(checkout / "townkeeper"), "verify"]
    with (
        subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, text=True) as one,
        subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, text=True) as two,
    ):
        assert one.communicate()[0] == "ran verify\n"
        assert two.communicate()[0] == "ran verify\n"
    assert installed(checkout) == ["requirements.lock"]


def test_an_interrupted_installation_continues(checkout):
    (checkout / "tools" / "install.py").write_text("import os; os.kill(os.getpid(), 9)")
    assert start(checkout, "verify").returncode == 1
    (checkout / "tools" / "install.py").write_text(INSTALLER)
    assert start(checkout, "verify").stdout == "ran verify\n"


def test_without_a_python_it_says_so_in_two_languages(checkout, tmp_path):
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("dirname", "readlink", "mkdir", "rm", "cat", "cmp", "sh", "env"):
        found = shutil.which(name)
        assert found
        (tools / name).symlink_to(found)
    done = start(checkout, "verify", PATH=str(tools), TOWNKEEPER_PYTHON="")
    assert done.returncode == 1
    assert "Python 3.11" in done.stderr
    assert "需要" in done.stderr


def test_it_runs_through_a_link_from_elsewhere(checkout, tmp_path):
    link = tmp_path / "town"
    link.symlink_to(checkout / "townkeeper")
    done = subprocess.run(
        [link, "x"], capture_output=True, text=True, env=environment(), check=True
    )
    assert done.stdout == "ran x\n"
