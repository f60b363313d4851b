"""What each permission lets somebody do, in words that need no manual."""

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from townkeeper.units.permissions import Permission as May
from townkeeper.units.posts import GUARDED

WORDS: Mapping[str, str | Promise] = {
    May.ACCOUNTS_USER_EDIT: _("add people, set their passwords, close accounts"),
    May.ASSESSMENT_ROUND_PUBLISH: _("publish an assessment"),
    May.ASSESSMENT_ROUND_VIEW: _("see published rankings and score sheets"),
    May.ASSESSMENT_ROUND_WORK: _("work on an assessment before it is published"),
    May.CALENDARS_CALENDAR_EDIT: _("change holidays and working hours"),
    May.CAMPAIGNS_CAMPAIGN_RUN: _("run campaigns and exposure lists"),
    May.CASES_CASE_ACT: _("act on cases in the role's own steps"),
    May.CASES_CASE_IMPORT: _("import cases from files"),
    May.CASES_CASE_MERGE: _("merge cases that are the same"),
    May.CASES_CASE_OPEN: _("register a case"),
    May.CASES_CASE_VIEW: _("see the cases of the post's units and areas"),
    May.CASES_REPORTER_VIEW: _("see who reported, with a reason that is written down"),
    May.DUTIES_REGISTER_EDIT: _("change the duty register and the categories"),
    May.JOURNAL_ENTRY_VIEW: _("search the journal"),
    May.JOURNAL_LOOK_VIEW: _("see who looked at personal data"),
    May.KNOWLEDGE_ARTICLE_EDIT: _("write in the knowledge base"),
    May.KNOWLEDGE_ARTICLE_VIEW: _("read the knowledge base"),
    May.PROGRAMS_PROGRAM_LOAD: _("load programs and see the settings"),
    May.PUBLICATION_BULLETIN_MAKE: _("make bulletins"),
    May.RELAPSE_CHAIN_VIEW: _("see what comes back after it was closed"),
    May.RELAPSE_REVISIT_DRAW: _("draw cases for a revisit"),
    May.RELAPSE_REVISIT_WORK: _("do revisits"),
    May.SUPERVISION_BOARD_VIEW: _("watch the board of clocks"),
    May.SUPERVISION_BRIEF_VIEW: _("read the daily brief"),
    May.SUPERVISION_ORDER_ISSUE: _("issue supervision orders"),
    May.SUPERVISION_ORDER_VIEW: _("see supervision orders"),
    May.UNITS_UNIT_EDIT: _("change units, posts and roles"),
}
AREAS: tuple[tuple[str | Promise, frozenset[str]], ...] = (
    (_("Cases"), frozenset({"cases", "knowledge"})),
    (_("Supervision"), frozenset({"supervision", "campaigns", "relapse"})),
    (_("Assessment and bulletins"), frozenset({"assessment", "publication"})),
    (_("Records"), frozenset({"journal"})),
    (
        _("The office itself"),
        frozenset({"accounts", "units", "duties", "calendars", "programs"}),
    ),
)


def permission_words(name: str) -> str:
    """Return what a permission lets somebody do; its name where nobody has described it."""
    return str(WORDS.get(name, name))


def permission_groups(chosen: set[str]) -> list[dict[str, Any]]:
    """Return every permission by area, with whether it is chosen."""
    groups: list[dict[str, Any]] = []
    left = sorted(May)
    for title, areas in AREAS:
        inside = [each for each in left if each.partition(":")[0] in areas]
        groups.append({"title": title, "permissions": [_item(each, chosen) for each in inside]})
        left = [each for each in left if each not in inside]
    if left:
        groups.append(
            {"title": _now("Other"), "permissions": [_item(each, chosen) for each in left]}
        )
    return groups


def _item(permission: May, chosen: set[str]) -> dict[str, Any]:
    return {
        "value": str(permission),
        "words": permission_words(permission),
        "chosen": str(permission) in chosen,
        "guarded": permission in GUARDED,
    }
