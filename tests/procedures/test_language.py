"""Reading procedures as people write them, and telling them everything that is wrong."""

import json

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.procedures.walk import FILES, load
from townkeeper.procedures.language import ProcedureSyntaxError, digest, parse, to_data
from townkeeper.procedures.model import (
    Action,
    Ask,
    Branch,
    Ground,
    Procedure,
    Revisit,
    Rung,
    Step,
)
from townkeeper.procedures.phrases import SYNTAX
from townkeeper.procedures.wording import syntax_text, title

DESIGN = """
procedure: problem
title: {zh-Hant: 城鄉環境問題處置, en: Town problem}
start: intake
steps:
  intake:    {performer: operator, limit: 30wmin, actions: {file: handling, refuse: {to: closed, reason: required}}}
  handling:
    performer: handler
    unit: duty
    limit: by-category
    warn: 80%
    actions:
      report:  {to: verifying, evidence: [after-photo]}
      dispute: {to: intake, reason: required, counts: evasion}
      extend:  {ask: supervisor, once: true}
      suspend: {ask: supervisor, reason: required}
  verifying: {performer: verifier, not: handling, limit: 4wh, actions: {pass: closed, fail: {to: handling, counts: rework}}}
  closed:    {final: true, answer: required, revisit: {share: 10%, after: 10d..45d}}
"""  # noqa: E501 - as in the design


def wrong(data, **changes):
    with pytest.raises(ProcedureSyntaxError) as caught:
        parse(data if not isinstance(data, str) else yaml.safe_load(data), **changes)
    return caught.value


def in_step(text):
    return f"{{procedure: p, start: a, steps: {{a: {text}}}}}"


def in_action(text):
    return in_step(f"{{actions: {{go: {text}}}}}")


def test_the_form_of_the_design_is_read():
    steps = parse(yaml.safe_load(DESIGN)).steps
    assert steps["intake"].actions["file"] == Action("file", to="handling")
    assert steps["intake"].actions["refuse"].reason
    handling = steps["handling"]
    assert (handling.unit, handling.join, handling.warn) == ("duty", "lead", 0.8)
    assert handling.actions["report"].evidence == ("after-photo",)
    assert (handling.actions["report"].ends, handling.actions["dispute"].ends) == ("task", "step")
    assert handling.actions["extend"].ask == Ask("supervisor", 1)
    assert handling.actions["suspend"].ask == Ask("supervisor", None)
    assert steps["verifying"].not_performers_of == ("handling",)
    closed = steps["closed"]
    assert (closed.final, closed.answer_required) == (True, True)
    assert closed.revisit == Revisit(0.1, 10, 45)


def test_titles_in_one_place_and_branches_either_way():
    procedure = parse(
        yaml.safe_load("""
        {procedure: p, title: Plain, start: a, limit: 9wd, kinds: {now: {en: Now}}, source: L1,
         titles: {a: {en: First}},
         steps: {a: {titles: {go: {en: Go}}, actions: {go: b, note: },
                     branches: [{name: x, role: lead}, {name: y, unit: U, limit: 2wd}]},
                 b: {final: true, revisit: {share: 0.5, after: 30d}}}}
        """)
    )
    assert procedure.title == {"und": "Plain"}
    assert procedure.steps["a"].title == {"en": "First"}
    assert procedure.steps["a"].actions["go"].title == {"en": "Go"}
    assert procedure.steps["a"].actions["note"] == Action("note")
    assert procedure.steps["a"].branches == (
        Branch("x", role="lead"),
        Branch("y", unit="U", limit="2wd"),
    )
    assert procedure.steps["b"].revisit == Revisit(0.5, 30, 30)
    assert procedure.kinds == {"now": {"en": "Now"}}


@pytest.mark.parametrize(
    ("text", "path", "code"),
    [
        ("[1, 2]", "", "not-mapping"),
        ("{procedure: p, start: a}", "steps", "key-missing"),
        ("{procedure: p, start: a, steps: {}, step: 1}", "step", "key-unknown"),
        ("{procedure: P!, start: a, steps: {}}", "procedure", "name-invalid"),
        ("{procedure: p, start: a, steps: {}, kinds: {A B: x}}", "kinds.A B", "name-invalid"),
        ("{procedure: p, start: a, steps: {}, title: {chinese: x}}", "title.chinese",
         "language-invalid"),
        ("{procedure: p, start: a, steps: {}, title: [x]}", "title", "not-mapping"),
        ("{procedure: p, start: a, steps: {}, titles: {b: x}}", "titles.b", "key-unknown"),
        ("{procedure: p, start: a, titles: {a: x}, steps: {a: {title: y}}}", "steps.a.title",
         "title-twice"),
        ("{procedure: p, start: a, steps: [{name: a}, {name: a}]}", "steps.a", "name-twice"),
        ("{procedure: p, start: a, steps: [{final: true}]}", "steps[0].name", "not-text"),
        ("{procedure: p, start: a, steps: {no: {}}}", "steps", "key-not-text"),
        ("{procedure: p, start: a, steps: {受理: {}}}", "steps.受理", "name-invalid"),
        ("{procedure: p, start: a, steps: 0}", "steps", "not-mapping"),
        ("{procedure: p, start: 7, steps: {}}", "start", "not-text"),
        (in_step("{performer: 'Big Boss'}"), "steps.a.performer", "name-invalid"),
        (in_step("{performers: b}"), "steps.a.performers", "key-unknown"),
        (in_step("{limit: 20:30}"), "steps.a.limit", "limit-not-text"),
        (in_step("{limit: 4}"), "steps.a.limit", "limit-not-text"),
        (in_step("{limit: true}"), "steps.a.limit", "not-text"),
        (in_step("{warn: much}"), "steps.a.warn", "not-share"),
        (in_step("{warn: true}"), "steps.a.warn", "not-share"),
        (in_step("{join: most}"), "steps.a.join", "value-unknown"),
        (in_step("{final: maybe}"), "steps.a.final", "not-flag"),
        (in_step("{answer: sure}"), "steps.a.answer", "not-flag"),
        (in_step("{not: [b, 3]}"), "steps.a.not[1]", "not-text"),
        (in_step("{revisit: {share: 10%}}"), "steps.a.revisit.after", "key-missing"),
        (in_step("{revisit: {share: 10%, after: soon}}"), "steps.a.revisit.after", "not-days"),
        (in_step("{revisit: {share: 10%, after: 3}}"), "steps.a.revisit.after", "not-days"),
        (in_step("{revisit: {share: 10%, after: 3d, relapsed: -1}}"), "steps.a.revisit.relapsed",
         "not-factor"),
        (in_step("{revisit: {share: 10%, after: 3d, kinds: {x: often}}}"),
         "steps.a.revisit.kinds.x", "not-factor"),
        (in_step("{branches: {x: {role: chief}}}"), "steps.a.branches.x.role", "value-unknown"),
        (in_step("{actions: report}"), "steps.a.actions", "not-mapping"),
        (in_action("3"), "steps.a.actions.go", "not-mapping"),
        (in_action("{too: b}"), "steps.a.actions.go.too", "key-unknown"),
        (in_action("{to: b, ends: later}"), "steps.a.actions.go.ends", "value-unknown"),
        (in_action("{times: 0}"), "steps.a.actions.go.times", "not-count"),
        (in_action("{times: yes}"), "steps.a.actions.go.times", "not-count"),
        (in_action("{times: 2, once: true}"), "steps.a.actions.go.times", "both-given"),
        (in_action("{performer: b, performers: [c]}"), "steps.a.actions.go.performers",
         "both-given"),
        (in_action("{ask: {limit: 4wh}}"), "steps.a.actions.go.ask.by", "key-missing"),
        (in_action("{ask: {by: b, till: 4wh}}"), "steps.a.actions.go.ask.till", "key-unknown"),
        (in_action("{times: 2, ask: {by: b, times: 2}}"), "steps.a.actions.go.ask.times",
         "both-given"),
        (in_action("{ask: [b]}"), "steps.a.actions.go.ask", "not-text"),
        (in_action("{unit: CG}"), "steps.a.actions.go.unit", "value-unknown"),
        (in_action("{clause: some}"), "steps.a.actions.go.clause", "not-flag"),
        (in_action("{within: 15}"), "steps.a.actions.go.within", "limit-not-text"),
        (in_action("{grounds: [rain, rain]}"), "steps.a.actions.go.grounds.rain", "name-twice"),
        (in_action("{grounds: [3]}"), "steps.a.actions.go.grounds[0]", "not-mapping"),
        (in_action("{grounds: {rain: {proof: x}}}"), "steps.a.actions.go.grounds.rain.proof",
         "key-unknown"),
        (in_step("{ladder: due}"), "steps.a.ladder", "not-list"),
        (in_step("{ladder: [due]}"), "steps.a.ladder[0]", "not-mapping"),
        (in_step("{ladder: [{tell: b}]}"), "steps.a.ladder[0].at", "key-missing"),
        (in_step("{ladder: [{at: due, card: green}]}"), "steps.a.ladder[0].card",
         "value-unknown"),
        (in_action("{extends: 10}"), "steps.a.actions.go.extends", "limit-not-text"),
        (in_action("{evidence: [After Photo]}"), "steps.a.actions.go.evidence", "name-invalid"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_its_place(text, path, code):
    problems = wrong(text).problems
    assert (path, code) in [(found.path, found.code) for found in problems]
    for found in problems:
        for lang in ("en", "zh-Hans", "zh-Hant", "fr"):
            assert "{" not in syntax_text(found, lang)


def test_every_problem_is_told_at_once_with_the_source():
    error = wrong("{procedur: p, steps: {a: {performr: x, actions: {go: {reson: required}}}}}")
    assert [found.code for found in error.problems] == [
        "key-unknown", "key-missing", "key-missing", "key-unknown", "key-unknown",
    ]  # fmt: skip
    assert error.problems[0].params["near"] == "procedure"
    assert "Did you mean “performer”?" in syntax_text(error.problems[3], "en")
    assert "是否指「performer」？" in syntax_text(error.problems[3], "zh-Hant")
    told = str(wrong([], source="problem.yaml"))
    assert told.startswith("problem.yaml: ")


def test_a_bare_time_of_day_is_recognised():
    (found,) = wrong(in_step("{limit: 20:30}")).problems
    assert found.params == {"value": 1230, "clock": "20:30"}


def test_a_long_wrong_value_is_shown_short():
    (found,) = wrong(in_step(f"{{warn: {'x' * 500}}}")).problems
    assert len(str(found.params["value"])) == 58


def test_every_sentence_exists_in_three_languages():
    assert all(len(said) == 3 and all(said) for said in SYNTAX.values())


@pytest.mark.parametrize("key", FILES)
def test_files_make_the_round_trip(key):
    procedure = load(key)
    assert parse(to_data(procedure)) == procedure
    assert parse(to_data(procedure, brief=True)) == procedure
    sorted_by_database = json.loads(json.dumps(to_data(procedure), sort_keys=True))
    assert list(parse(sorted_by_database).steps) == list(procedure.steps)


def test_a_file_as_people_write_it_comes_back_short():
    data = to_data(load("problem"), brief=True)
    assert data["steps"]["intake"]["actions"]["file"]["to"] == "filed"
    plain = {"procedure": "p", "start": "a", "steps": {"a": {"actions": {"go": "b"}}, "b": {}}}
    assert to_data(parse(plain), brief=True) == plain


def test_the_digest_changes_with_the_rules_and_only_with_them():
    first = yaml.safe_load(DESIGN)
    again = yaml.safe_load(DESIGN.replace("limit: 30wmin", 'limit: "30wmin"'))
    other = yaml.safe_load(DESIGN.replace("30wmin", "45wmin"))
    assert digest(parse(first)) == digest(parse(again))
    assert digest(parse(first)) != digest(parse(other))
    assert len(digest(parse(first))) == 64


@pytest.mark.parametrize(
    ("text", "lang", "said"),
    [
        ({"zh-Hant": "核查", "en": "Verify"}, "zh-Hant", "核查"),
        ({"zh-Hant": "核查", "en": "Verify"}, "zh-Hans", "核查"),
        ({"zh-Hant": "核查", "en": "Verify"}, "fr", "Verify"),
        ({"und": "核查"}, "en", "核查"),
        ({"fr": "vérifier"}, "zh-Hans", "vérifier"),
        ({}, "en", "verify"),
    ],
)
def test_titles_fall_back(text, lang, said):
    assert title(text, lang, "verify") == said


NAMES = st.sampled_from(["a", "b2", "go-on", "give_up", "x" * 30, "end", "name", "to"])
WORDS = st.sampled_from(["核查", "Check: it, [now]", "{x}", "null", "20:30", 'é–"quoted"'])
TEXTS = st.dictionaries(st.sampled_from(["zh-Hant", "zh-Hans", "en", "und"]), WORDS, max_size=3)
LIMITS = st.none() | st.sampled_from(["4wh", "2wd", "20:30", "by-category"])
CODES = st.lists(NAMES, max_size=2).map(tuple)
MAYBE = st.none() | NAMES
GROUNDS = st.lists(st.builds(Ground, NAMES, TEXTS, CODES), max_size=2, unique_by=lambda g: g.name)
LADDERS = st.lists(
    st.builds(
        Rung, st.sampled_from(["80%", "due", "due+4wh"]), CODES,
        st.sampled_from(["", "yellow", "red"]), MAYBE,
    ),
    max_size=2,
).map(tuple)  # fmt: skip


@st.composite
def actions(draw, name):
    ask = draw(st.none() | st.builds(Ask, NAMES, st.none() | st.integers(1, 9), LIMITS))
    return Action(
        name=name, to=draw(MAYBE), title=draw(TEXTS), performers=draw(CODES),
        reason=draw(st.booleans()), evidence=draw(CODES), counts=draw(MAYBE), ask=ask,
        pauses=draw(st.booleans()), resumes=draw(st.booleans()),
        grounds={ground.name: ground for ground in draw(GROUNDS)},
        outcome=draw(MAYBE), times=None if ask else draw(st.none() | st.integers(1, 9)),
        ends=draw(st.sampled_from(["task", "step"])), extends=draw(LIMITS), kinds=draw(CODES),
        becomes=draw(MAYBE), within=draw(LIMITS), effect=draw(MAYBE), clause=draw(st.booleans()),
        names=draw(st.booleans()),
    )  # fmt: skip


def revisits(first, last):
    factors = st.dictionaries(NAMES, st.floats(0, 9), max_size=2)
    return st.builds(
        Revisit, st.floats(0, 1), st.just(first), st.just(last), MAYBE.map(lambda said: said or ""),
        st.floats(0, 9), factors, factors,
    )  # fmt: skip


@st.composite
def steps(draw, name):
    names = draw(st.lists(NAMES, max_size=3, unique=True))
    branches = st.builds(
        Branch, NAMES, TEXTS, MAYBE.map(lambda said: said or ""), st.just(""),
        st.sampled_from(["lead", "assist"]), LIMITS, CODES,
    )  # fmt: skip
    days = sorted(draw(st.lists(st.integers(0, 400), min_size=2, max_size=2)))
    return Step(
        name=name, title=draw(TEXTS), performer=draw(MAYBE) or "",
        unit=draw(st.sampled_from(["office", "duty", "same", "opener", "511011"])),
        limit=draw(LIMITS), warn=draw(st.none() | st.floats(0, 1)),
        actions={act: draw(actions(act)) for act in names},
        branches=tuple(draw(st.lists(branches, max_size=3, unique_by=lambda b: b.name))),
        join=draw(st.sampled_from(["all", "any", "lead"])), not_performers_of=draw(CODES),
        final=draw(st.booleans()), outcome=draw(MAYBE), answer_required=draw(st.booleans()),
        revisit=draw(st.none() | revisits(*days)),
        judge=draw(LIMITS), stage=draw(MAYBE) or "", source=draw(st.just("") | WORDS),
        ladder=draw(LADDERS),
    )  # fmt: skip


@st.composite
def procedures(draw):
    names = draw(st.lists(NAMES, max_size=4, unique=True))
    return Procedure(
        key=draw(NAMES), title=draw(TEXTS), start=draw(NAMES),
        steps={name: draw(steps(name)) for name in names}, limit=draw(LIMITS),
        kinds=draw(st.dictionaries(NAMES, TEXTS, max_size=2)), source=draw(st.just("") | WORDS),
        ladder=draw(LADDERS),
    )  # fmt: skip


@settings(max_examples=30, deadline=None)
@given(procedures(), st.booleans())
def test_any_procedure_makes_the_round_trip_through_json(procedure, brief):
    data = json.loads(json.dumps(to_data(procedure, brief=brief)))
    assert parse(data) == procedure


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(["procedure", "start", "steps", "actions", "a", "to", "not", "revisit",
                         "name", "limit", "titles", "branches", "kinds", "ask", "share"])
        | st.integers(), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@given(JSON)
def test_any_rubbish_is_a_told_error_never_a_crash(data):
    try:
        parse(data)
    except ProcedureSyntaxError as error:
        for found in error.problems:
            assert syntax_text(found, "zh-Hant")
