"""Nothing acknowledged is lost, nothing is there twice: the power goes while people report."""

import os
import random
import shutil
import signal
import sqlite3
import tempfile
import threading
import time
from pathlib import Path

import psycopg
import pytest

from tests.faults.office import REPORT, Callers, Office
from townkeeper.cli.postgres import Server, find_binaries
from townkeeper.kit.errors import Problem

pytestmark = pytest.mark.slow
MEGABYTE = 1_000_000


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """The district is loaded once; each test breaks a copy."""
    return Office(tmp_path_factory.mktemp("district") / "home")


@pytest.fixture
def office(template, tmp_path):
    shutil.copytree(template.home, tmp_path / "home")
    made = Office(tmp_path / "home", token=template.token)
    yield made
    if made.server is not None and made.server.poll() is None:
        made.kill()


@pytest.fixture
def postgres_office(tmp_path):
    try:
        find_binaries()
    except Problem:
        pytest.skip("no PostgreSQL on this machine")
    server = Server(Path(tempfile.mkdtemp(prefix="tkpg-", dir="/tmp")))
    try:
        made = Office(tmp_path / "home", server.start({}))
        made.database = server
        yield made
        if made.server is not None and made.server.poll() is None:
            made.kill()
    finally:
        server.stop()
        shutil.rmtree(server.folder, ignore_errors=True)


def rows(office, query):
    if "DATABASE_URL" in office.environment:
        with psycopg.connect(office.environment["DATABASE_URL"]) as connection:
            return connection.execute(query).fetchall()
    connection = sqlite3.connect(office.home / "townkeeper.sqlite3")
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def assert_books_agree(office, callers):
    """Compare what was acknowledged with what is there, whole and once."""
    log = (office.home / "server.log").read_text()
    assert callers.surprises == [], log[max(0, log.find(": error ") - 100) :][:4000]
    numbers = {number for (number,) in rows(office, "SELECT number FROM cases_case")}
    told = list(callers.acknowledged.values())
    assert len(set(told)) == len(told), "one number was told to two"
    assert set(told) <= numbers, "an acknowledged report is not there"
    # what is there without having been acknowledged: at most the last try of each caller
    assert len(numbers - set(told)) <= 4
    twice = "SELECT request_key FROM cases_case GROUP BY request_key HAVING count(*) > 1"
    assert rows(office, twice) == []
    halves = (
        "SELECT number FROM cases_case c WHERE NOT EXISTS (SELECT 1 FROM cases_task t WHERE"
        " t.case_id = c.id) OR NOT EXISTS (SELECT 1 FROM journal_chain j WHERE"
        " j.subject = 'case:' || c.number AND j.length >= 1)"
    )
    assert rows(office, halves) == []
    assert office.run("verify")["ok"]


def kill_three_times(office):
    chance = random.Random(20261122)  # noqa: S311 - the same moments every time
    office.start()
    callers = Callers(office)
    with callers.at_work():
        for _ in range(3):
            callers.wait_for(20)
            time.sleep(chance.random() * 0.3)
            office.kill()
            time.sleep(0.2)
            office.start()
        callers.wait_for(20)
    return callers


def test_the_server_is_killed_while_people_report(office):
    assert_books_agree(office, kill_three_times(office))


def test_the_server_is_killed_on_postgresql(postgres_office):
    assert_books_agree(postgres_office, kill_three_times(postgres_office))


def test_workers_are_killed_while_people_report(office):
    """Two workers at once, killed in turn: the background work is finished by whoever is left."""
    office.start()
    callers = Callers(office)
    workers = [office.begin("work"), office.begin("work")]
    try:
        with callers.at_work():
            for turn in range(3):
                callers.wait_for(25)
                os.killpg(workers[turn % 2].pid, signal.SIGKILL)
                workers[turn % 2].wait()
                workers[turn % 2] = office.begin("work")
            callers.wait_for(10)
    finally:
        for worker in workers:
            os.killpg(worker.pid, signal.SIGKILL)
            worker.wait()
    office.run("work", "--once")
    assert_books_agree(office, callers)
    twice = "SELECT task_id FROM cases_alarm GROUP BY task_id, turn, rung HAVING count(*) > 1"
    assert rows(office, twice) == []


def test_the_same_request_sent_five_times_at_once_is_one_case(office):
    office.start()
    callers = Callers(office, count=0)
    answers = []

    def send():
        answers.append(office.post(REPORT, "the-same"))

    threads = [threading.Thread(target=send) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {status for status, _ in answers} <= {200, 201}
    assert sum(status == 201 for status, _ in answers) == 1
    (number,) = {said["number"] for _, said in answers}
    callers.acknowledged["the-same"] = number
    assert_books_agree(office, callers)


def test_a_full_disk_refuses_in_words_and_loses_nothing(office):
    """The log of the database may not grow any more: as on a full disk, every writing fails."""
    office.start()
    callers = Callers(office)
    with callers.at_work():
        callers.wait_for(10)
        office.kill()
        largest = max(path.stat().st_size for path in office.home.glob("townkeeper.sqlite3*"))
        office.start(file_limit=largest + MEGABYTE // 2)
        end = time.monotonic() + 60
        while len(callers.refused) < 5 and time.monotonic() < end:
            time.sleep(0.05)
        assert len(callers.refused) >= 5, "the disk never became full"
        office.kill()
        office.start()
        callers.wait_for(10)
    assert_books_agree(office, callers)
    for status, said in callers.refused:
        assert status == 503
        assert said["type"] == "urn:townkeeper:database-away"
        assert said["detail"]


def test_the_database_goes_and_comes_back(postgres_office):
    office = postgres_office
    office.start()
    callers = Callers(office)
    with callers.at_work():
        callers.wait_for(20)
        office.database._process.send_signal(signal.SIGQUIT)  # at once, as without power
        office.database._process.wait()
        time.sleep(2)
        said = list(callers.refused)
        office.database.start({})
        callers.wait_for(40)
    assert_books_agree(office, callers)
    assert said, "nobody was told that the database is away"
    assert {status for status, _ in said} == {503}
    assert {answer["type"] for _, answer in said} == {"urn:townkeeper:database-away"}
