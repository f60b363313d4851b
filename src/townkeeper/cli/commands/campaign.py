"""`campaign`: exposure lists and orders to many units, from the list to the closing report."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from townkeeper.cli.console import Outcome, existing, progress, table
from townkeeper.cli.ready import ready
from townkeeper.cli.words import gettext as _
from townkeeper.kit.errors import Problem

if TYPE_CHECKING:
    from townkeeper.accounts.models import User
    from townkeeper.campaigns.models import Campaign
    from townkeeper.campaigns.progress import Progress

EXAMPLES = (
    "./townkeeper campaign import list.xlsx --title 十一月曝光問題整改 --by zhang.min --dry-run",
    "./townkeeper campaign import list.xlsx --title 十一月曝光問題整改 --by zhang.min --due 20:30",
    "./townkeeper campaign order --title 迎檢整治 --units 東興街道,西林街道 --due 3wd --by zhang",
    "./townkeeper campaign progress latest",
    "./townkeeper campaign print latest --out var/out",
    "./townkeeper campaign close latest --note 轉入日常管理",
)  # fmt: skip
ACTOR = "command-line"
SHOWN = 30
TAGS: dict[str, Literal["zh-Hant", "zh-Hans", "en"]] = {
    "zh-hant": "zh-Hant",
    "zh-hans": "zh-Hans",
    "en": "en",
}


def help_text() -> str:
    return _("exposure lists and orders to many units: hand over, follow, print, close")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parts = parser.add_subparsers(dest="part", required=True, metavar=_("WHAT"))
    taken = parts.add_parser("import", help=_("turn a list into cases with units and deadlines"))
    taken.add_argument("file", type=Path, metavar=_("FILE"))
    taken.add_argument("--columns", help=_("names of the columns in order, where no row has them"))
    taken.add_argument("--again", action="store_true", help=_("also if the file was taken before"))
    taken.add_argument(
        "--link", action="store_true", help=_("rows that look like a running case join it")
    )
    taken.add_argument("--dry-run", action="store_true", help=_("check every row, write nothing"))
    order = parts.add_parser("order", help=_("order many units to do one thing"))
    order.add_argument("--units", required=True, help=_("codes or names, with commas"))
    order.add_argument("--text", default="", help=_("what is to be done"))
    for part in (taken, order):
        part.add_argument("--title", required=part is order, default="", help=_("title"))
        part.add_argument("--source", default="", help=_("who exposed or ordered it"))
        part.add_argument("--leader", default="", help=_("leader in charge"))
        part.add_argument("--due", default="", help=_("deadline: 20:30, 11月30日, 3wd"))
        part.add_argument("--by", metavar=_("USERNAME"), help=_("who hands it over"))
    parts.add_parser("list", help=_("all of them"))
    for name, words in (
        ("progress", _("who has done what")),
        ("remind", _("remind of what is not reported yet")),
        ("print", _("write the table as PDF, Word and Excel")),
        ("close", _("close it and write the report")),
        ("resume", _("go on where handing over was broken off")),
    ):
        one = parts.add_parser(name, help=words)
        one.add_argument("key", metavar=_("KEY"), help=_("its key, or latest"))
        if name in {"remind", "close"}:
            one.add_argument("--note", default="", help=_("a remark"))
        if name in {"print", "close"}:
            one.add_argument("--out", type=Path, metavar=_("DIR"), help=_("folder for the files"))
            one.add_argument("--in", dest="in_language", choices=list(TAGS), default="zh-hant",
                             help=_("language of the document"))  # fmt: skip
        if name == "resume":
            one.add_argument("--by", metavar=_("USERNAME"), help=_("who hands it over"))


def run(args: argparse.Namespace) -> Outcome:
    ready()
    parts = {
        "import": _import, "order": _order, "list": _list, "progress": _progress,
        "remind": _remind, "print": _print, "close": _close, "resume": _resume,
    }  # fmt: skip
    return parts[args.part](args)


def _person(username: str | None) -> "User":
    """Return who hands over: cases are dispatched in a person's name, never in nobody's."""
    from townkeeper.accounts.models import User  # noqa: PLC0415 - Django is set up by now
    from townkeeper.units.models import Post  # noqa: PLC0415

    if username:
        found = User.objects.filter(username=username).first()
        if found is None:
            raise Problem("no-such-user", _("There is no user %(name)s.") % {"name": username})
        return found
    names = Post.objects.filter(role__key="dispatcher").values_list("user__username", flat=True)
    raise Problem(
        "by-missing",
        _("Say with --by who hands it over."),
        hint=_("Dispatchers here: %(names)s.") % {"names": ", ".join(names[:5]) or "–"},
    )


def _import(args: argparse.Namespace) -> Outcome:
    existing(args.file)
    from townkeeper.campaigns.actions import ListRefused, check_list, import_list  # noqa: PLC0415

    columns = [name.strip() for name in args.columns.split(",")] if args.columns else []
    if args.dry_run:
        plan = check_list(args.file, due=args.due, columns=columns)
        data = {
            "rows": len(plan.checked.rows),
            "errors": [error.as_dict() for error in plan.checked.errors],
            "repeated": [list(pair) for pair in plan.checked.repeated],
            "alike": [list(hit) for hit in plan.alike],
            "columns": plan.listed.columns,
            "ignored": plan.listed.ignored,
            "before": plan.before.key if plan.before else None,
        }
        return Outcome(data, _checked(data), findings=bool(plan.checked.errors))
    if not args.title:
        raise Problem("title-missing", _("Give it a title with --title."))
    person = _person(args.by)
    try:
        with progress(_("Handing over"), unit=_("rows")) as bar:
            made = import_list(
                args.file, title=args.title, actor=person, source=args.source,
                leader=args.leader, due=args.due, columns=columns, again=args.again,
                link=args.link, progress=bar.update,
            )  # fmt: skip
    except ListRefused as refused:
        errors = [error.as_dict() for error in refused.errors]
        text = "\n".join([str(refused.message), *_errors(errors)])
        return Outcome({"errors": errors}, text, findings=True)
    return _made(made)


def _checked(data: dict[str, Any]) -> str:
    lines = [_("%(n)s rows can be taken.") % {"n": data["rows"]}]
    lines += ["  " + "  ".join(f"{key} ← {name}" for key, name in data["columns"].items())]
    if data["ignored"]:
        lines.append(_("Columns left out: %(names)s.") % {"names": ", ".join(data["ignored"])})
    lines += [
        _("Row %(row)d says the same as row %(first)d: left out.") % {"row": row, "first": first}
        for row, first in data["repeated"][:SHOWN]
    ]
    lines += [
        _("Row %(row)d looks like the running case %(number)s; --link joins it.")
        % {"row": row, "number": number}
        for row, number, _share in data["alike"][:SHOWN]
    ]
    if data["before"]:
        lines.append(_("This file was taken in before, as %(key)s.") % {"key": data["before"]})
    return "\n".join([*lines, *_errors(data["errors"])])


def _errors(errors: list[dict[str, Any]]) -> list[str]:
    words = {
        "problem": _("problem"), "text": _("description"), "place": _("place"), "area": _("area"),
        "category": _("category"), "unit": _("unit"), "assist": _("assisting unit"),
        "leader": _("leader in charge"), "due": _("deadline"), "case": _("case number"),
    }  # fmt: skip
    lines = [
        _("Row %(row)d, %(field)s “%(value)s”: %(message)s %(hint)s")
        % {**error, "field": words.get(error["field"], error["field"])}
        for error in errors[:SHOWN]
    ]
    if len(errors) > SHOWN:
        lines.append(_("… and %(n)d more.") % {"n": len(errors) - SHOWN})
    return lines


def _order(args: argparse.Namespace) -> Outcome:
    from townkeeper.campaigns.actions import ListRefused, issue_order  # noqa: PLC0415

    person = _person(args.by)
    units = [name for name in args.units.replace("、", ",").replace("，", ",").split(",") if name]
    try:
        made = issue_order(
            args.title, text=args.text, units=units, deadline=args.due, actor=person,
            source=args.source, leader=args.leader,
        )  # fmt: skip
    except ListRefused as refused:
        errors = [error.as_dict() for error in refused.errors]
        text = "\n".join([str(refused.message), *_errors(errors)])
        return Outcome({"errors": errors}, text, findings=True)
    return _made(made)


def _resume(args: argparse.Namespace) -> Outcome:
    from townkeeper.campaigns.actions import campaign_by, resume_campaign  # noqa: PLC0415

    return _made(resume_campaign(campaign_by(args.key), actor=_person(args.by)))


def _made(made: "Campaign") -> Outcome:
    from townkeeper.campaigns.progress import progress_of  # noqa: PLC0415

    found = progress_of(made)
    line = _("%(key)s: %(rows)s rows handed over to %(units)s units.") % {
        "key": made.key,
        "rows": found.total.rows,
        "units": len(found.units),
    }
    return Outcome(found.as_dict(), "\n".join([line, _units(found)]))


def _units(found: "Progress") -> str:
    head = [_("unit"), _("rows"), _("in time"), _("late"), _("to verify"), _("running"),
            _("not begun"), _("overdue"), _("hours")]  # fmt: skip
    rows = [
        [u.name, u.rows, u.done_on_time, u.done_late, u.reported, u.running, u.not_begun,
         u.overdue, u.as_dict()["hours"]]
        for u in found.units[:SHOWN * 3]
    ]  # fmt: skip
    return table(rows, head)


def _list(_args: argparse.Namespace) -> Outcome:
    from townkeeper.campaigns.models import Campaign  # noqa: PLC0415

    made = list(Campaign.objects.order_by("-pk")[:100])
    data = {"campaigns": [{"key": c.key, "title": c.title, "status": c.status} for c in made]}
    rows = [[c.key, str(c.get_status_display()), c.title] for c in made]
    return Outcome(data, table(rows, [_("key"), _("state"), _("title")]) if rows else _("None."))


def _progress(args: argparse.Namespace) -> Outcome:
    from townkeeper.campaigns.actions import campaign_by  # noqa: PLC0415
    from townkeeper.campaigns.progress import progress_of  # noqa: PLC0415

    found = progress_of(campaign_by(args.key))
    title = f"{found.campaign.key}  {found.campaign.title}"
    return Outcome(found.as_dict(), "\n".join([title, _units(found)]))


def _remind(args: argparse.Namespace) -> Outcome:
    from townkeeper.campaigns.actions import campaign_by, remind  # noqa: PLC0415

    told = remind(campaign_by(args.key), actor=ACTOR, note=args.note)
    data = {
        "reminded": [{"row": r.item.number, "unit": r.unit, "people": list(r.people)} for r in told]
    }
    lines = [f"{r.item.number}  {r.item.problem[:40]}  {', '.join(r.people) or '–'}" for r in told]
    return Outcome(data, "\n".join(lines) or _("Nobody needs reminding just now."))


def _print(args: argparse.Namespace) -> Outcome:
    from townkeeper.campaigns.actions import campaign_by  # noqa: PLC0415
    from townkeeper.publication.breakdown import print_campaign  # noqa: PLC0415

    campaign = campaign_by(args.key)
    files = print_campaign(
        campaign, actor=ACTOR, language=TAGS[args.in_language],
        out_dir=args.out.resolve() if args.out else None,
    )  # fmt: skip
    data = {kind: str(path) for kind, path in files.items()}
    return Outcome(data, "\n".join(data.values()))


def _close(args: argparse.Namespace) -> Outcome:
    from townkeeper.campaigns.actions import campaign_by, close_campaign  # noqa: PLC0415
    from townkeeper.publication.breakdown import print_campaign  # noqa: PLC0415

    campaign = close_campaign(campaign_by(args.key), actor=ACTOR, note=args.note)
    files = print_campaign(
        campaign, actor=ACTOR, kind="closing", language=TAGS[args.in_language],
        out_dir=args.out.resolve() if args.out else None,
    )  # fmt: skip
    data = {kind: str(path) for kind, path in files.items()}
    return Outcome({"campaign": campaign.key, **data}, "\n".join(data.values()))
