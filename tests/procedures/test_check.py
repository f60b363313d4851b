"""What `check` holds against a procedure: one broken procedure per finding."""

import copy

import pytest
import yaml

from tests.procedures.walk import FILES, ROLES, load
from townkeeper.procedures.check import EVIDENCE_KINDS, check, errors, finding_text
from townkeeper.procedures.language import parse
from townkeeper.procedures.limits import is_limit, is_within
from townkeeper.procedures.model import Branch
from townkeeper.procedures.phrases import FINDINGS

GOOD = """
procedure: p
title: {en: P, zh-Hant: 程序}
start: a
limit: 10wd
kinds: {now: {en: Now}}
steps:
  a: {performer: worker, limit: 2wd, warn: 80%, actions: {go: {to: b, counts: done}, void: {to: z, performer: boss}}}
  b: {performer: judge, not: a, actions: {pass: z, fail: a}}
  z: {final: true, answer: required, revisit: {share: 10%, after: 1d..2d}}
"""  # noqa: E501 - one step on one line
ROLE_NAMES = ("worker", "boss", "judge")


def checked(changes, **given):
    data = copy.deepcopy(yaml.safe_load(GOOD))
    for path, value in yaml.safe_load(changes).items():
        *parents, last = path.split(".")
        place = data
        for parent in parents:
            place = place[parent]
        if value == "-":
            del place[last]
        else:
            place[last] = value
    return check(parse(data), roles=ROLE_NAMES, **given)


def test_a_good_procedure_has_no_findings():
    assert checked("{}") == []


@pytest.mark.parametrize("key", FILES)
def test_the_four_procedures_are_right(key):
    assert check(load(key), roles=ROLES[key]) == []


@pytest.mark.parametrize(
    ("changes", "code", "path"),
    [
        ("{start: aa}", "start-unknown", "start"),
        ("{start: z}", "start-final", "start"),
        ("{steps.a.unit: same}", "same-at-start", "steps.a.unit"),
        ("{steps.z: {performer: boss, actions: {again: a}}}", "no-final", "steps"),
        ("{steps.c: {performer: boss, actions: {go: z}}}", "step-unreachable", "steps.c"),
        ("{steps.b: {performer: judge, actions: {note: {}}}}", "dead-end", "steps.b"),
        ("{steps.b: {performer: judge, actions: {again: b}}}", "dead-end", "steps.b"),
        ("{steps.a.actions.void: -, steps.b.actions.pass: a}", "no-way-out", "steps.a"),
        ("{steps.z.actions: {again: a}}", "final-with-actions", "steps.z.actions.again"),
        ("{steps.z.actions: {again: {ask: boss, performer: judge}}}", "final-with-actions",
         "steps.z.actions.again"),
        ("{steps.z.actions: {again: {to: z, ask: boss, performer: judge}}}", "final-with-actions",
         "steps.z.actions.again"),
        ("{steps.z.actions: {again: {to: a, ask: boss}}}", "performer-missing",
         "steps.z.actions.again.performers"),
        ("{steps.z.actions: {again: {to: a, ask: boss, performer: judge}}}", "end-never-sure",
         "steps.z.actions.again"),
        ("{steps.z.branches: {x: {}}}", "final-with-branches", "steps.z"),
        ("{steps.z.judge: soon}", "within-invalid", "steps.z.judge"),
        ("{steps.z.answer: false, steps.z.judge: 5d}", "judge-without-answer", "steps.z.judge"),
        ("{steps.b.judge: 5d}", "judge-without-answer", "steps.b.judge"),
        ("{steps.b.stage: shelved}", "shelved-without-date", "steps.b.limit"),
        ("{steps.z.stage: shelved}", "shelved-without-date", "steps.z.limit"),
        ("{steps.a.actions.go.effect: disputing}", "effect-unknown", "steps.a.actions.go.effect"),
        ("{steps.a.actions.go.effect: reopening}", "reopening-not-final",
         "steps.a.actions.go.effect"),
        ("{steps.a.actions.go.performer: reporter}", "reporter-misplaced",
         "steps.a.actions.go.performers"),
        ("{steps.a.actions.go.ask: reporter}", "decider-unknown", "steps.a.actions.go.ask"),
        ("{steps.a.actions.go.ask: worker}", "ask-own", "steps.a.actions.go.ask"),
        ("{steps.a.actions.go.ask: {by: boss, limit: soon}}", "limit-invalid",
         "steps.a.actions.go.ask.limit"),
        ("{steps.a.actions.go.within: by-category}", "within-invalid",
         "steps.a.actions.go.within"),
        ("{steps.a.actions.go: {to: a, ask: boss, effect: dispute, reason: required}}",
         "dispute-not-asked", "steps.a.actions.go"),
        ("{steps.a.unit: duty, steps.a.actions.go: {to: a, effect: dispute}}",
         "dispute-not-asked", "steps.a.actions.go"),
        ("{steps.a.unit: duty, steps.a.actions.no: {to: a, ask: boss, effect: dispute}}",
         "dispute-without-reason", "steps.a.actions.no"),
        ("{steps.a.actions.go: {to: b, effect: dispute, within: 3wd}}", "within-too-long",
         "steps.a.actions.go.within"),
        ("{ladder: [{at: 120%, tell: boss}]}", "rung-invalid", "ladder[0].at"),
        ("{ladder: [{at: due+20:30, tell: boss}]}", "rung-invalid", "ladder[0].at"),
        ("{ladder: [{at: due, tell: bos}]}", "role-unknown", "ladder[0].tell"),
        ("{ladder: [{at: due}]}", "rung-silent", "ladder[0]"),
        ("{steps.a.ladder: [{at: due, tell: boss}, {at: 80%, tell: boss}]}", "ladder-order",
         "steps.a.ladder[1].at"),
        ("{steps.z.ladder: [{at: due, tell: boss}]}", "ladder-without-limit", "steps.z.ladder"),
        ("{steps.a.actions.hold: {pauses: true}}", "stop-without-grounds",
         "steps.a.actions.hold"),
        ("{steps.a.actions.go.grounds: {x: {evidence: paper}}}", "evidence-unknown",
         "steps.a.actions.go.grounds.x.evidence"),
        ("{steps.a.actions.go.grounds: {x: {title: {en: X}}}}", "title-language",
         "steps.a.actions.go.grounds.x.title"),
        ("{steps.b.answer: true}", "answer-not-final", "steps.b.answer"),
        ("{steps.b.revisit: {share: 5%, after: 1d}}", "revisit-not-final", "steps.b.revisit"),
        ("{steps.z.revisit.performer: nobody}", "role-unknown", "steps.z.revisit.performer"),
        ("{steps.z.revisit.share: 0%}", "share-range", "steps.z.revisit.share"),
        ("{steps.z.revisit.share: 101%}", "share-range", "steps.z.revisit.share"),
        ("{steps.z.revisit.after: 5d..2d}", "revisit-order", "steps.z.revisit.after"),
        ("{steps.a.performer: worke}", "role-unknown", "steps.a.performer"),
        ("{steps.a.performer: -}", "performer-missing", "steps.a.performer"),
        ("{steps.a.performer: -, steps.a.branches: {x: {}}}", "performer-missing",
         "steps.a.performer"),
        ("{steps.a.actions.void.performer: bos}", "role-unknown",
         "steps.a.actions.void.performers"),
        ("{steps.a.warn: 100%}", "warn-range", "steps.a.warn"),
        ("{steps.a.warn: 0}", "warn-range", "steps.a.warn"),
        ("{steps.a.warn: .nan}", "warn-range", "steps.a.warn"),
        ("{steps.b.warn: 50%}", "warn-without-limit", "steps.b.warn"),
        ("{steps.b.unit: duty}", "no-rescue", "steps.b"),
        ("{steps.b.title: {en: B}}", "title-language", "steps.b.title"),
        ("{steps.a.actions.go.title: {en: Go}}", "title-language", "steps.a.actions.go.title"),
        ("{steps.a.stage: handeling}", "stage-unknown", "steps.a.stage"),
        ("{steps.a.actions.go.to: bb}", "target-unknown", "steps.a.actions.go.to"),
        ("{steps.a.actions.go.ask: clerk}", "decider-unknown", "steps.a.actions.go.ask"),
        ("{steps.a.actions.go.evidence: smell}", "evidence-unknown",
         "steps.a.actions.go.evidence"),
        ("{steps.a.branches: {x: {evidence: smell}}}", "evidence-unknown",
         "steps.a.branches.x.evidence"),
        ("{steps.a.actions.go.kinds: [nov]}", "kind-unknown", "steps.a.actions.go.kinds"),
        ("{steps.a.actions.go.becomes: then}", "kind-unknown", "steps.a.actions.go.kinds"),
        ("{steps.a.actions.go.pauses: true}", "clock-and-leave", "steps.a.actions.go.to"),
        ("{steps.a.actions.go.extends: same}", "clock-and-leave", "steps.a.actions.go.to"),
        ("{steps.a.actions.x: {pauses: true, resumes: true}}", "pauses-and-resumes",
         "steps.a.actions.x"),
        ("{steps.a.actions.x: {pauses: true, resumes: true}}", "pause-for-ever",
         "steps.a.actions.x"),
        ("{steps.a.actions.x: {pauses: true}}", "pause-for-ever", "steps.a.actions.x"),
        ("{steps.a.actions.x: {resumes: true}}", "resume-nothing", "steps.a.actions.x"),
        ("{steps.a.actions.go.outcome: good}", "outcome-not-final",
         "steps.a.actions.go.outcome"),
        ("{limit: soon}", "limit-invalid", "limit"),
        ("{steps.a.limit: 4 hours}", "limit-invalid", "steps.a.limit"),
        ("{steps.a.limit: 0wh}", "limit-invalid", "steps.a.limit"),
        ("{steps.a.limit: '24:00'}", "limit-invalid", "steps.a.limit"),
        ("{steps.a.actions.x: {extends: later}}", "limit-invalid", "steps.a.actions.x.extends"),
        ("{steps.a.limit: 11wd}", "limit-too-long", "steps.a.limit"),
        ("{steps.a.limit: 81wh}", "limit-too-long", "steps.a.limit"),
        ("{steps.a.branches: {x: {limit: 3wd}}}", "limit-too-long", "steps.a.branches.x.limit"),
        ("{steps.b.branches: {x: {limit: 12wd}}}", "limit-too-long", "steps.b.branches.x.limit"),
        ("{steps.b.not: c}", "not-unknown", "steps.b.not"),
        ("{steps.b.not: b}", "not-self", "steps.b.not"),
        ("{steps.b.performer: worker}", "not-everyone", "steps.b.not"),
        ("{steps.a.branches: {x: {performer: workr}}}", "role-unknown",
         "steps.a.branches.x.performer"),
        ("{steps.a.branches: {x: {}}, steps.a.actions: {void: {to: z, ends: step}}}",
         "join-missing", "steps.a.join"),
        ("{steps.a.branches: {x: {}}, steps.a.join: lead}", "lead-missing", "steps.a.join"),
    ],
)  # fmt: skip
def test_findings(changes, code, path):
    found = checked(changes)
    assert (code, path) in [(finding.code, finding.path) for finding in found]
    for finding in found:
        for lang in ("en", "zh-Hans", "zh-Hant"):
            said = finding_text(finding, lang)
            assert said
            assert "{" not in said


def test_two_branches_of_one_name():
    procedure = parse(yaml.safe_load(GOOD))
    step = procedure.steps["a"]
    object.__setattr__(step, "branches", (Branch("x"), Branch("x")))
    assert [f.code for f in check(procedure, roles=ROLE_NAMES)] == ["branch-twice"] * 2


def test_counters_that_nothing_raises():
    (finding,) = checked("{}", counters=("done", "rewrok"))
    assert (finding.code, finding.params["counter"]) == ("counter-never-raised", "rewrok")


def test_advice_does_not_stop_loading():
    found = checked("{steps.b.unit: duty, steps.c: {final: true}}")
    assert {finding.code for finding in found} == {"no-rescue", "step-unreachable"}
    assert [finding.code for finding in errors(found)] == ["step-unreachable"]


def test_a_meant_word_is_proposed():
    (finding,) = checked("{steps.a.performer: worke}")
    assert finding_text(finding, "en").endswith("Did you mean “worker”?")
    assert finding_text(finding, "zh-Hans").endswith("是否指“worker”？")


def test_evidence_kinds_are_the_callers():
    kinds = EVIDENCE_KINDS | {"smell"}
    assert checked("{steps.a.actions.go.evidence: smell}", evidence_kinds=kinds) == []


def test_limits_are_compared_by_the_callers_calendar():
    hours = {"2wd": 99.0, "10wd": 70.0}
    (finding,) = checked("{}", limit_hours=hours.get)
    assert finding.code == "limit-too-long"
    assert "2wd" in finding_text(finding, "zh-Hant")


@pytest.mark.parametrize(
    ("part", "whole", "within"),
    [
        ("90wmin", "2wh", True),
        ("121wmin", "2wh", False),
        ("9wh", "1wd", False),
        ("2d", "48h", True),
        ("49h", "2d", False),
        ("30min", "0.5h", True),
        ("100h", "1wd", True),
        ("by-category", "1wh", True),
        ("9wd", "20:30", True),
    ],
)
def test_without_calendar_only_like_is_compared_with_like(part, whole, within):
    assert is_limit(part)
    assert is_limit(whole)
    assert is_within(part, whole, None) is within


@pytest.mark.parametrize(("part", "within"), [("1wd", True), ("3wd", False), ("9wd", True)])
def test_unknown_hours_are_not_held_against_anybody(part, within):
    assert is_within(part, "2wd", {"1wd": 8.0, "2wd": 16.0, "3wd": 24.0}.get) is within
    assert is_within(part, "7wd", {"1wd": 8.0}.get)


def test_every_finding_has_three_sentences():
    for said in FINDINGS.values():
        assert len(set(said)) >= 2
        assert all(said)
