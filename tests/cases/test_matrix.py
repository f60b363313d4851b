"""Who may do what: every role, every action of the problem procedure, at every step.

The table is the policy in one view. `yes`: done as it is. `+x`: done once x is supplied (a reason,
evidence, an answer). `-`: not this role's. A case has the two sorts of handlers apart: the unit on
duty, and another unit.
"""

import pytest

from tests import make
from townkeeper.cases.actions import Given, advance_case, decide_ask, options_for
from townkeeper.cases.models import Case, Stage
from townkeeper.journal.models import Entry
from townkeeper.kit import clock
from townkeeper.kit.errors import Problem

ROLES = (
    "operator", "dispatcher", "on duty", "elsewhere", "verifier", "arbiter", "supervisor", "leader",
)  # fmt: skip

# fmt: off
TABLE = """
step        action      operator dispatcher on-duty   elsewhere verifier arbiter supervisor leader
intake      file        yes      -          -         -         -        -       -          -
intake      answer_now  +answer  -          -         -         -        -       -          -
intake      refuse      +reason  -          -         -         -        -       -          -
filed       dispatch    -        yes        -         -         -        -       -          -
filed       send_back   -        +reason    -         -         -        -       -          -
filed       void        -        +reason    -         -         -        -       +reason    -
handling    report      -        -          +evidence not-unit  -        -       -          -
handling    dispute     -        -          +reason   not-unit  -        -       -          -
handling    extend      -        -          +reason   not-unit  -        -       -          -
handling    suspend     -        -          +ground   not-unit  -        -       -          -
handling    resume      -        -          running   not-unit  -        -       running    -
handling    give_up     -        -          +ground   not-unit  -        -       -          -
handling    not_ours    -        -          -         -         -        +reason -          -
handling    redispatch  -        +reason    -         -         -        -       +reason    -
handling    void        -        -          -         -         -        -       +reason    -
verifying   pass        -        -          -         -         +answer  -       -          -
verifying   pass_partly -        -          -         -         +reason  -       -          -
verifying   fail        -        -          -         -         +reason  -       -          -
shelved     resume      -        -          -         -         -        -       +reason    -
shelved     keep        -        -          -         -         -        -       +reason    -
shelved     end         -        -          -         -         -        -       +reason    -
closed      reopen      +reason  -          -         -         -        -       +reason    -
"""
# fmt: on
CODES = {
    "yes": None,
    "-": "not-performer",
    "+reason": "reason-missing",
    "+ground": "ground-missing",
    "+evidence": "evidence-missing",
    "+answer": "answer-missing",
    "not-unit": "not-unit",
    "running": "not-paused",
}
STEPS = ("intake", "filed", "handling", "verifying", "shelved", "closed")
ENDS = ("closed", "refused", "voided")


def wanted():
    """(step, action) → role → code, from the table."""
    _head, *rows = [line.split() for line in TABLE.strip().splitlines()]
    return {
        (step, action): dict(zip(ROLES, (CODES[cell] for cell in cells), strict=True))
        for step, action, *cells in rows
    }


@pytest.fixture
def people(db):
    found = make.staff(make.town())
    return {**found, "on duty": found["CGJ"], "elsewhere": found["GSJ"]}


def brought_to(step, people):
    """A case that stands in a step."""
    case = make.opened()
    road = [
        ("file", "operator", {}),
        ("dispatch", "dispatcher", {}),
        {"shelved": ("give_up", "on duty", {"reason": "無法解決", "ground": "technical"})}.get(
            step, ("report", "on duty", {"evidence": frozenset({"after-photo"})})
        ),
        ("pass", "verifier", {"answer": "已清理"}),
    ]
    for action, who, given in road:
        if case.step == step:
            break
        case = make.do(case, action, people[who], make.MONDAY, **given)
        if action == "give_up":
            with clock.at(make.MONDAY, "live"):
                case = decide_ask(case.asks.get(), accepted=True, actor=people["supervisor"])
    assert case.step == step
    return case


def tried(case, action, who, **given):
    """The code of the refusal, or None."""
    with clock.at(make.MONDAY, "live"):
        try:
            advance_case(case, action, actor=who, given=Given(**given))
        except Problem as problem:
            return problem.code
    return None


def test_the_table_names_every_action_of_every_step():
    procedure = make.problem()
    actions = {(s.name, a) for s in procedure.steps.values() for a in s.actions}
    assert set(wanted()) == actions
    assert {step for step, _action in actions} == set(STEPS)
    assert {s.name for s in procedure.steps.values() if s.final} == set(ENDS)


@pytest.mark.parametrize("step", STEPS)
def test_every_role_and_every_action(people, step):
    case = brought_to(step, people)
    every = sorted({action for _step, action in wanted()})
    found, expected = {}, {}
    for role in ROLES:
        with clock.at(make.MONDAY, "live"):
            shown = {
                a.name: w.code if w else None for a, w in options_for(case, actor=people[role])
            }
        for action in every:
            here = wanted().get((step, action))
            code = here[role] if here else "closed" if step == "closed" else "unknown-action"
            expected[action, role] = code
            if code is None:
                # it would happen, and spoil the case for the others: shown as possible is enough
                found[action, role] = shown[action]
                continue
            found[action, role] = tried(case, action, people[role])
            if here and code != "answer-missing":
                assert shown[action] == code, (action, role)
    assert found == expected
    case.refresh_from_db()
    assert case.step == step, "what was refused has changed nothing"


@pytest.mark.parametrize(
    ("step", "action", "given", "then"),
    [
        ("intake", "file", {}, "filed"),
        ("intake", "refuse", {"reason": "重複"}, "refused"),
        ("filed", "dispatch", {}, "handling"),
        ("filed", "send_back", {"reason": "地址不清"}, "intake"),
        ("filed", "void", {"reason": "誤報"}, "voided"),
        ("handling", "report", {"evidence": frozenset({"after-photo"})}, "verifying"),
        ("handling", "dispute", {"reason": "不屬我局", "clause": "第3條", "other": "GSJ"},
         "handling"),
        ("handling", "extend", {"reason": "量大"}, "handling"),
        ("handling", "suspend", {"reason": "暴雨", "ground": "weather",
                                 "evidence": frozenset({"document"})}, "handling"),
        ("handling", "give_up", {"reason": "無法解決", "ground": "funds"}, "handling"),
        ("handling", "not_ours", {"reason": "屬市局", "clause": "第3條", "answer": "已轉市局"},
         "closed"),
        ("handling", "redispatch", {"reason": "改派"}, "handling"),
        ("handling", "void", {"reason": "誤報"}, "voided"),
        ("verifying", "pass", {"answer": "已清理"}, "closed"),
        ("verifying", "pass_partly", {"reason": "尚餘", "answer": "已清一半"}, "closed"),
        ("verifying", "fail", {"reason": "未清"}, "handling"),
        ("shelved", "resume", {"reason": "有錢了"}, "handling"),
        ("shelved", "keep", {"reason": "仍無錢"}, "shelved"),
        ("shelved", "end", {"reason": "做不到", "answer": "暫無法解決"}, "closed"),
        ("closed", "reopen", {"reason": "又有了"}, "closed"),
    ],
)  # fmt: skip
def test_what_is_allowed_happens_once_everything_is_supplied(people, step, action, given, then):
    """Each role that the table lets, does it on a case of its own; the journal tells it."""
    cells = wanted()[step, action]
    doers = [role for role in ROLES if cells[role] in {None, *NEEDS}]
    assert doers
    for role in doers:
        case = brought_to(step, people)
        assert tried(case, action, people[role], **given) is None, role
        case.refresh_from_db()
        assert case.step == then
        entry = Entry.objects.filter(subject=case.subject).latest("seq")
        assert (entry.act, entry.actor) == (f"case.{action}", people[role].username)


NEEDS = {"reason-missing", "ground-missing", "evidence-missing", "answer-missing"}


@pytest.mark.parametrize(
    ("step", "action", "given"),
    [
        ("intake", "refuse", {"reason": "重複"}),
        ("verifying", "pass", {"answer": "已清理"}),
    ],
)
def test_nothing_is_possible_after_the_end(people, step, action, given):
    case = brought_to(step, people)
    who = people["operator" if step == "intake" else "verifier"]
    assert tried(case, action, who, **given) is None
    for role in ROLES:
        for other in sorted({name for _step, name in wanted()} - {"reopen"}):
            assert tried(case, other, people[role], reason="x", answer="x") == "closed"
    assert Case.objects.get(pk=case.pk).stage in {Stage.CLOSED, Stage.VOIDED}


def test_nobody_without_a_post_or_with_a_closed_account_may_anything(people, django_user_model):
    case = brought_to("handling", people)
    stranger = django_user_model.objects.create_user("stranger")
    gone = people["on duty"]
    gone.is_active = False
    for who in (stranger, gone):
        assert tried(case, "dispute", who, reason="x") == "not-performer"


def test_a_role_that_may_look_but_not_act_cannot_act(people):
    case = brought_to("handling", people)
    role = people["on duty"].posts.get().role
    role.permissions = ["cases:case:view"]
    role.save()
    assert tried(case, "dispute", people["on duty"], reason="x") == "not-performer"
