"""The left rail and the bar at the foot of a phone: each person sees what their posts allow."""

from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from townkeeper.units.permissions import Permission as May
from townkeeper.web.access import may, posts_for
from townkeeper.web.addresses import address


@dataclass(frozen=True, slots=True)
class Item:
    """One entry: where it leads, and who sees it (holders of any of the permissions, or all)."""

    label: str | Promise
    icon: str
    name: str
    to: tuple[May, ...] = ()
    roles: frozenset[str] = field(default_factory=frozenset)
    """Roles for whose daily work it is; empty: everybody who may."""
    short: str | Promise = ""
    """What it is called where there is little room."""


def _for(*roles: str) -> frozenset[str]:
    return frozenset({*roles, "administrator"})


GROUPS: tuple[tuple[str | Promise, tuple[Item, ...]], ...] = (
    (
        _("Casework"),
        (
            Item(
                _("Hotline desk"), "phone", "hotline:desk", (May.CASES_CASE_OPEN,), _for("operator")
            ),
            Item(
                _("Call-backs"),
                "phone-call",
                "hotline:callbacks",
                (May.CASES_CASE_OPEN,),
                _for("operator"),
            ),
            Item(_("My tasks"), "inbox", "field:tasks", (May.CASES_CASE_ACT,), _for("handler")),
            Item(_("Work list"), "list-checks", "office:cases", (May.CASES_CASE_VIEW,)),
            Item(_("Map"), "map", "dispatch:map", (May.CASES_CASE_VIEW,)),
            Item(
                _("Disputes"),
                "scale",
                "dispatch:disputes",
                (May.CASES_CASE_ACT,),
                _for("dispatcher", "arbiter", "supervisor"),
            ),
            Item(
                _("Requests"),
                "hourglass",
                "dispatch:requests",
                (May.CASES_CASE_ACT,),
                _for("dispatcher", "supervisor"),
            ),
            Item(
                _("Duplicates"),
                "git-merge",
                "dispatch:duplicates",
                (May.CASES_CASE_MERGE,),
                _for("dispatcher", "operator"),
            ),
            Item(
                _("Photos for the public"),
                "images",
                "portal:release",
                (May.CASES_CASE_ACT,),
                _for("dispatcher", "operator"),
            ),
        ),
    ),
    (
        _("Inspection"),
        (
            Item(
                _("Verifications"),
                "clipboard-check",
                "field:verifications",
                (May.CASES_CASE_ACT,),
                _for("inspector", "verifier"),
            ),
            Item(_("Revisits"), "footprints", "field:revisits", (May.RELAPSE_REVISIT_WORK,)),
            Item(
                _("Register a problem"),
                "camera",
                "hotline:register",
                (May.CASES_CASE_OPEN,),
                _for("inspector", "verifier"),
                _("Report"),
            ),
        ),
    ),
    (
        _("Supervision"),
        (
            Item(_("Brief"), "newspaper", "leader:brief", (May.SUPERVISION_BRIEF_VIEW,)),
            Item(
                _("Supervision board"),
                "shield-alert",
                "board:clocks",
                (May.SUPERVISION_BOARD_VIEW,),
            ),
            Item(_("Orders"), "file-warning", "orders:list", (May.SUPERVISION_ORDER_VIEW,)),
            Item(_("Campaigns"), "megaphone", "board:campaigns", (May.CAMPAIGNS_CAMPAIGN_RUN,)),
            Item(_("Recurrence"), "repeat", "board:chains", (May.RELAPSE_CHAIN_VIEW,)),
            Item(_("Revisit draws"), "dices", "board:draws", (May.RELAPSE_REVISIT_DRAW,)),
            Item(
                _("Rulings"),
                "gavel",
                "board:rulings",
                (May.SUPERVISION_BOARD_VIEW,),
                _for("supervisor", "arbiter"),
            ),
            Item(
                _("Cannot be solved"),
                "archive-restore",
                "board:ledger",
                (May.SUPERVISION_BOARD_VIEW,),
                _for("supervisor"),
            ),
            Item(
                _("Warning rules"),
                "sliders-horizontal",
                "board:rules",
                (May.SUPERVISION_BOARD_VIEW,),
                _for("supervisor"),
            ),
            Item(_("Data quality"), "activity", "board:quality", (May.JOURNAL_LOOK_VIEW,)),
            Item(_("Personal data"), "eye", "board:looks", (May.JOURNAL_LOOK_VIEW,)),
        ),
    ),
    (
        _("Assessment"),
        (
            Item(
                _("Unit board"),
                "chart-column",
                "field:board",
                (May.CASES_CASE_VIEW,),
                _for("handler", "leader"),
            ),
            Item(_("Rankings"), "trophy", "office:rankings"),
        ),
    ),
    (
        _("Administration"),
        (
            Item(
                _("Units and people"), "building-2", "administration:units", (May.UNITS_UNIT_EDIT,)
            ),
            Item(_("Users"), "users", "administration:users", (May.ACCOUNTS_USER_EDIT,)),
            Item(
                _("Duty register"),
                "table-properties",
                "administration:duties",
                (May.DUTIES_REGISTER_EDIT,),
            ),
            Item(_("Categories"), "tags", "administration:categories", (May.DUTIES_REGISTER_EDIT,)),
            Item(
                _("Calendars"),
                "calendar-days",
                "administration:calendars",
                (May.CALENDARS_CALENDAR_EDIT,),
            ),
            Item(
                _("Knowledge base"), "book-open", "hotline:articles", (May.KNOWLEDGE_ARTICLE_EDIT,)
            ),
            Item(_("Procedures"), "workflow", "workshop:procedures", (May.PROGRAMS_PROGRAM_LOAD,)),
            Item(_("Programs"), "package", "workshop:programs", (May.PROGRAMS_PROGRAM_LOAD,)),
            Item(_("Imports"), "file-input", "workshop:imports", (May.CASES_CASE_IMPORT,)),
            Item(
                _("Suggestions"), "sparkles", "workshop:suggestions", (May.PROGRAMS_PROGRAM_LOAD,)
            ),
            Item(
                _("Journal"),
                "scroll-text",
                "workshop:journal",
                (May.JOURNAL_ENTRY_VIEW,),
                _for("supervisor"),
            ),
            Item(_("Jobs"), "loader", "workshop:jobs", (May.PROGRAMS_PROGRAM_LOAD,)),
            Item(
                _("Settings"), "settings", "administration:settings", (May.PROGRAMS_PROGRAM_LOAD,)
            ),
        ),
    ),
)
"""Everything there is to go to, in the order of the rail."""

PHONE = (
    "hotline:desk", "leader:brief", "field:tasks", "field:verifications", "board:clocks",
    "field:revisits", "hotline:register", "office:cases", "dispatch:map", "field:board",
    "dispatch:disputes", "orders:list", "office:rankings",
)  # fmt: skip
"""What comes first at the foot of a phone; four of them and `Me` have room, the rest is below."""
PHONE_ROOM = 4


def address_of(name: str) -> str | None:
    """Return the address of a page; none where this build does not have it."""
    try:
        return address(name)
    except NoReverseMatch:
        return None


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the groups of the left rail with the entries that the person's posts allow."""
    roles = {post.role.key for post in posts_for(request)}
    groups = []
    every: list[dict[str, Any]] = []
    for title, items in GROUPS:
        shown = [_shown(item, request) for item in items if _is_for(item, request, roles)]
        entries = [each for each in shown if each["href"]]
        if entries:
            groups.append({"title": title, "items_list": entries})
            every += entries
    _keep_nearest(every)
    return groups


def _keep_nearest(entries: list[dict[str, Any]]) -> None:
    """Mark only the longest address that leads here: one page may lie below another."""
    here = [entry for entry in entries if entry["current"]]
    for entry in here:
        entry["current"] = len(entry["href"]) == max(len(each["href"]) for each in here)


def phone_bar(groups: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the few entries that fit at the foot of a phone."""
    by_name = {item["name"]: item for group in groups for item in group["items_list"]}
    return [by_name[name] for name in PHONE if name in by_name][:PHONE_ROOM]


def _is_for(item: Item, request: HttpRequest, roles: set[str]) -> bool:
    known = not item.roles or bool(item.roles & roles)
    return known and may(request, *item.to)


def _shown(item: Item, request: HttpRequest) -> dict[str, Any]:
    href = address_of(item.name)
    current = href is not None and request.path.startswith(href)
    return {
        "name": item.name,
        "label": item.label,
        "short": item.short or item.label,
        "icon": item.icon,
        "href": href,
        "current": current,
    }
