"""Opening cases over HTTP, through the server's own entry point: answers, refusals, rows, costs."""

import io
import json

import msgspec
import psycopg
import pytest
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests import make
from townkeeper.accounts.models import Token, User
from townkeeper.cases import _wire
from townkeeper.cases.intake import open_case
from townkeeper.cases.models import Case, Reporter
from townkeeper.cases.numbers import forget_numbers
from townkeeper.config.wsgi import application, warm_up
from townkeeper.journal.actions import verify_journal
from townkeeper.journal.models import Entry
from townkeeper.web.api import tokens
from townkeeper.web.api.answers import BODY_MAX

URL = "/api/v1/cases"
REPORT = {"title": "市場門口垃圾堆積", "category": "matter/06010", "area": "S1"}


class Answer:
    """What the server sent."""

    def __init__(self, environ):
        # the test's own transaction must outlive the request, as with Django's test client
        signals = (request_started, request_finished)
        for signal in signals:
            signal.disconnect(close_old_connections)
        try:
            chunks = application(environ, self._start)
            self.body = b"".join(chunks)
            chunks.close()
        finally:
            for signal in signals:
                signal.connect(close_old_connections)

    def _start(self, status, headers):
        self.status = int(status.split()[0])
        self.headers = dict(headers)

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def code(self):
        """The end of `urn:townkeeper:…`."""
        return self.json["type"].rpartition(":")[2]


def post(body=REPORT, *, token=None, url=URL, method="POST", **headers):
    data = body if isinstance(body, bytes) else msgspec.json.encode(body)
    names = {f"HTTP_{name.upper()}": value for name, value in headers.items()}
    if token:
        names["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    request = RequestFactory().generic(method, url, data, "application/json", **names)
    return Answer({**request.environ, "wsgi.input": io.BytesIO(data)})


@pytest.fixture
def units(db):
    tokens._known.clear()
    forget_numbers()
    return make.town()


@pytest.fixture
def operator(units):
    return make.person("hotline", "operator", units["ZLB"])


@pytest.fixture
def token(operator):
    return Token.issue(operator, "hotline")


# --- what is answered ---


def test_an_opened_case_is_answered_with_all_that_the_caller_needs(token):
    found = post(token=token)
    assert (found.status, found.headers["Content-Type"]) == (201, "application/json")
    case = Case.objects.get()
    assert found.json == {
        "number": case.number,
        "step": "intake",
        "stage": "intake",
        "due_at": case.due_at.isoformat().replace("+00:00", "Z"),
        "owner": "CGJ",
        "owner_name": "區城管局",
        "owner_reason": {
            "lead": "CGJ",
            "assistants": ["S1"],
            "by_category": "matter/06010",
            "by_area": "D",
            "source": "篇2 L95",
            "note": "",
            "conflict": [],
        },
        "repeat": False,
    }
    assert case.tasks.get().unit.code == "ZLB"
    assert Entry.objects.get(subject=case.subject).actor == "hotline"
    assert verify_journal().problems == []


def test_every_answer_tells_its_length_and_is_not_stored_on_the_way(token):
    for found in (post(token=token), post(b"{", token=token), post(), post(method="GET")):
        assert found.headers["Content-Length"] == str(len(found.body))
        assert found.headers["Cache-Control"] == "no-store"


def test_a_repeat_is_answered_with_the_same_case(token):
    first = post(token=token, idempotency_key="a-1")
    again = post(token=token, idempotency_key="a-1")
    other = post(token=token, idempotency_key="a-2")
    assert (first.status, again.status, other.status) == (201, 200, 201)
    assert again.json["number"] == first.json["number"] != other.json["number"]
    assert again.json["repeat"] is True
    assert Case.objects.count() == 2


def test_the_keys_of_two_callers_are_two_keys(token, units):
    stranger = Token.issue(make.person("app", "operator", units["ZLB"]), "app")
    first = post(token=token, idempotency_key="1")
    second = post(token=stranger, idempotency_key="1")
    assert (first.status, second.status) == (201, 201)
    assert first.json["number"] != second.json["number"]


def test_personal_data_is_stored_and_never_answered(token):
    found = post(
        {**REPORT, "reporter_name": "陳女士", "reporter_phone": "13800001234"}, token=token
    )
    assert Reporter.objects.get().phone == "13800001234"
    assert "陳" not in found.body.decode()
    assert "0000" not in found.body.decode().replace(found.json["number"], "")


def test_nobody_on_duty_is_said_and_not_hidden(token):
    found = post({**REPORT, "category": "local/nobody"}, token=token)
    assert (found.status, found.json["owner"], found.json["owner_reason"]["lead"]) == (
        201,
        None,
        None,
    )


# --- who may ---


@pytest.mark.parametrize("given", ["", "Basic eDp5", "Bearer", "Bearer ", "Bearer tk_unknown", "x"])
def test_without_a_known_token_nothing_happens(units, given):
    found = post(authorization=given)
    assert (found.status, found.code) == (401, "no-token")
    assert found.headers["WWW-Authenticate"] == "Bearer"
    assert not Case.objects.exists()


def test_a_closed_token_or_account_ends_within_seconds(token, operator, monkeypatch):
    assert post(token=token).status == 201
    Token.objects.update(closed_at=timezone.now())
    assert post(token=token).status == 201, "remembered for a moment"
    monkeypatch.setattr(tokens, "KEEP_SECONDS", 0.0)
    assert post(token=token).status == 401
    Token.objects.update(closed_at=None)
    User.objects.update(is_active=False)
    assert post(token=token).status == 401
    User.objects.update(is_active=True)
    assert post(token=token).status == 201


def test_a_demonstration_account_speaks_only_in_the_demonstration(token, operator, settings):
    User.objects.filter(pk=operator.pk).update(is_demo=True)
    assert post(token=token).status == 401
    settings.DEMO = True
    assert post(token=token).status == 201


def test_a_role_that_may_not_open_is_refused(units):
    handler = Token.issue(make.person("h", "handler", units["CGJ"]), "h")
    nobody = Token.issue(User.objects.create_user("nobody"), "n")
    for secret in (handler, nobody):
        found = post(token=secret)
        assert (found.status, found.code) == (403, "not-allowed")
    assert not Case.objects.exists()


def test_the_memory_of_tokens_holds_no_secrets_and_stays_small(token, units):
    post(token=token)
    assert token not in str(tokens._known)
    tokens._known.update({str(n): (0.0, tokens.Caller("x", frozenset())) for n in range(1001)})
    post(token=Token.issue(make.person("app", "operator", units["ZLB"]), "app"))
    assert len(tokens._known) == 1


# --- nonsense ---


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"])
def test_only_post(token, method):
    found = post(token=token, method=method)
    assert (found.status, found.headers["Allow"]) == (405, "POST")


@pytest.mark.parametrize("url", ["/api/v1/case", "/api/v1/", "/api/v2/cases", "/api/x"])
def test_nothing_at_other_addresses(units, url):
    found = post(url=url)
    assert (found.status, found.code) == (404, "not-found")
    assert found.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("body", "status", "code", "where"),
    [
        (b"", 422, "not-json", ""),
        ("垃圾".encode(), 422, "not-json", ""),
        (b"{", 422, "not-json", ""),
        (b"[]", 422, "not-valid", ""),
        (b"null", 422, "not-valid", ""),
        ('{"title": "垃圾"}'.encode("gbk"), 422, "not-json", ""),
        (b'{"title": "\xff"}', 422, "not-json", ""),
        (b'{"title": "a", "lon": NaN, "lat": 1}', 422, "not-json", ""),
        (b'{"title": "a", "lon": 1e999, "lat": 1}', 422, "not-valid", "lon"),
        (b'{"title": "\\ud800"}', 422, "not-json", ""),
        (b"[" * 100_000, 422, "not-valid", ""),
        ({}, 422, "not-valid", "title"),
        ({"title": 5}, 422, "not-valid", "title"),
        ({"title": None}, 422, "not-valid", "title"),
        ({"title": ["a"]}, 422, "not-valid", "title"),
        ({**REPORT, "lon": "105"}, 422, "not-valid", "lon"),
        ({**REPORT, "anonymous": "yes"}, 422, "not-valid", "anonymous"),
        ({**REPORT, "status": "closed"}, 422, "not-valid", "status"),
        ({**REPORT, "number": "DX1"}, 422, "not-valid", "number"),
        ({**REPORT, "title": " \n "}, 422, "title-missing", "title"),
        ({**REPORT, "title": "長" * 201}, 422, "title-too-long", "title"),
        ({**REPORT, "text": "長" * 20_001}, 422, "text-too-long", "text"),
        ({**REPORT, "text": "a\x00b"}, 422, "not-text", "text"),
        ({**REPORT, "reporter_name": "a\x00"}, 422, "not-text", "reporter_name"),
        ({**REPORT, "address": "a\x1b[31m"}, 422, "not-text", "address"),
        ({**REPORT, "category": "matter/1"}, 422, "category-unknown", "category"),
        ({**REPORT, "area": "x'; DROP TABLE"}, 422, "area-unknown", "area"),
        ({**REPORT, "lon": 105}, 422, "half-a-point", "lon"),
        ({**REPORT, "text": "x" * BODY_MAX}, 413, "too-large", ""),
        ({**REPORT, "text": "x" * 3_000_000}, 413, "too-large", ""),
    ],
    ids=lambda value: f"{str(value)[-20:]} {len(str(value))}",
)
def test_nonsense_is_refused_in_words_and_leaves_nothing(token, body, status, code, where):
    found = post(body, token=token)
    assert (found.status, found.code, found.json["where"]) == (status, code, where)
    assert found.headers["Content-Type"] == "application/problem+json"
    assert found.json["title"]
    assert found.json["status"] == status
    assert not Case.objects.exists()


def test_a_key_that_is_too_long_is_refused(token):
    found = post(token=token, idempotency_key="k" * 81)
    assert (found.status, found.json["where"]) == (422, "Idempotency-Key")


@pytest.mark.parametrize(
    ("asked", "spoken", "said"),
    [
        ("zh-Hant", "zh-hant", "缺少「title」。"),
        ("zh-HK,zh;q=0.5", "zh-hant", "缺少「title」。"),
        ("zh-CN", "zh-hans", "缺少“title”。"),
        ("en-GB,en;q=0.9", "en", "“title” is missing."),
        ("fr", "zh-hant", "缺少「title」。"),
        (None, "zh-hant", "缺少「title」。"),
    ],
)
def test_refusals_speak_the_language_of_the_caller(token, asked, spoken, said):
    found = post({}, token=token, **({"accept_language": asked} if asked else {}))
    assert found.headers["Content-Language"] == spoken
    assert found.json["title"] == said


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("zh-Hant", "標題有 201 個字，最多 200 個字。"),
        ("zh-Hans", "标题有 201 个字，最多 200 个字。"),
        ("en", "The title has 201 characters; 200 fit."),
    ],
)
def test_the_words_of_the_rules_are_translated_too(token, asked, said):
    found = post({"title": "長" * 201}, token=token, accept_language=asked)
    assert found.json["title"] == said
    wrong = post({"title": 5}, token=token, accept_language=asked).json["title"]
    assert ("must be" in wrong) == (asked == "en")
    assert "str" in wrong


def test_an_error_that_nobody_foresaw_is_json_and_tells_only_a_number(token, monkeypatch, caplog):
    def fail(*_args, **_kwargs):
        raise RuntimeError("password=hunter2 at /srv/secret.py")

    monkeypatch.setattr("townkeeper.web.api.cases.open_case", fail)
    found = post(token=token, accept_language="en")
    assert (found.status, found.code) == (500, "unforeseen")
    assert found.headers["Content-Type"] == "application/problem+json"
    assert "hunter2" not in found.body.decode()
    assert "secret" not in found.body.decode()
    number = found.json["detail"].rstrip(".").rpartition(" ")[2]
    assert number in caplog.text
    assert "hunter2" in caplog.text, "the log has it all"


# --- what it costs ---


@pytest.fixture
def executed(monkeypatch):
    """Every statement that goes to PostgreSQL: through cursors, and straight over libpq."""
    sent = []
    real = psycopg.Cursor.execute

    def counting(self, query, *args, **kwargs):
        sent.append(query.decode() if isinstance(query, bytes) else str(query))
        return real(self, query, *args, **kwargs)

    straight = _wire._run

    def running(link, statement, parameters):
        sent.append(statement)
        return straight(link, statement, parameters)

    monkeypatch.setattr(psycopg.Cursor, "execute", counting)
    monkeypatch.setattr(_wire, "_run", running)
    return sent


@pytest.mark.django_db(transaction=True)
def test_an_opening_is_one_statement_beside_the_number(token, executed, transactional_db):
    for _ in range(2):
        assert post(token=token).status == 201
    executed.clear()
    with CaptureQueriesContext(connection) as seen:
        assert post({**REPORT, "reporter_name": "陳"}, token=token).status == 201
    if connection.vendor == "postgresql":
        assert [sql.split()[0] for sql in executed if "cases_counter" not in sql] == ["WITH"]
        assert len(executed) <= 2
        assert sum("COMMIT" in sql for sql in executed) == 0, "it commits by itself"
    else:
        # begin, number, stamp, five rows, commit
        assert len(seen) <= 9, [q["sql"][:60] for q in seen]


@pytest.mark.django_db(transaction=True)
def test_a_repeat_costs_two_statements_more(token, executed, transactional_db):
    post(token=token, idempotency_key="k")
    executed.clear()
    with CaptureQueriesContext(connection) as seen:
        assert post(token=token, idempotency_key="k").status == 200
    assert len(executed) <= 3
    assert len(seen) <= 9


# --- the server's start ---


def test_the_server_reads_the_registers_before_the_first_caller(units, monkeypatch, caplog):
    closed = []
    monkeypatch.setattr("townkeeper.config.wsgi.connection.close", lambda: closed.append(1))
    warm_up()
    assert (closed, caplog.text) == ([1], "")
    with CaptureQueriesContext(connection) as seen:
        open_case(make.report(), actor="a")
    assert not [q for q in seen if "units_unit" in q["sql"]]


def test_a_server_without_a_database_starts_and_says_so(db, monkeypatch, caplog):
    def broken(**_kwargs):
        raise OSError("no such database")

    monkeypatch.setattr("townkeeper.config.wsgi.connection.close", lambda: None)
    monkeypatch.setattr("townkeeper.cases.desk.registers_stamp", broken)
    warm_up()
    assert "registers are not there yet" in caplog.text
    assert "Traceback" not in caplog.text
