"""`search`: finds cases by words, and makes or checks the index of words."""

import argparse

from townkeeper.cli.console import Outcome, progress, table
from townkeeper.cli.ready import ready
from townkeeper.cli.words import gettext as _

EXAMPLES = (
    "./townkeeper search 暴露垃圾 大千路",
    "./townkeeper search --check --json",
    "./townkeeper search --rebuild",
)
SHOWN = 20


def help_text() -> str:
    return _("find cases by words; make or check the index of words")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("words", nargs="*", metavar=_("WORD"), help=_("all of them must be there"))
    parser.add_argument("--rebuild", action="store_true", help=_("make the index anew"))
    parser.add_argument("--check", action="store_true", help=_("compare the index with the cases"))


def run(args: argparse.Namespace) -> Outcome:
    ready()
    if args.rebuild:
        return _rebuild()
    return _check() if args.check else _find(" ".join(args.words))


def _rebuild() -> Outcome:
    from townkeeper.cases.search.index import rebuild  # noqa: PLC0415 - Django is set up by now

    with progress(_("cases")) as bar:
        count = rebuild(bar.update)
    return Outcome({"cases": count}, _("%(count)s cases in the index.") % {"count": f"{count:,}"})


def _check() -> Outcome:
    from townkeeper.cases.search.index import check  # noqa: PLC0415 - Django is set up by now

    found = check()
    data = {"cases": found.cases, "missing": found.missing, "extra": found.extra}
    if not found.missing and not found.extra:
        text = _("The index holds all %(count)s cases.") % {"count": f"{found.cases:,}"}
        return Outcome(data, text)
    text = _("The index and the cases do not agree: %(missing)s missing, %(extra)s too many.") % {
        "missing": len(found.missing),
        "extra": len(found.extra),
    }
    hint = _("./townkeeper search --rebuild makes it anew.")
    return Outcome(data, f"{text}\n{hint}", findings=True)


def _find(text: str) -> Outcome:
    from townkeeper.cases.models import Case  # noqa: PLC0415 - Django is set up by now
    from townkeeper.cases.search.find import find_newest  # noqa: PLC0415
    from townkeeper.cases.search.words import parse_query  # noqa: PLC0415

    found = find_newest(parse_query(text), Case.objects.all(), limit=SHOWN)
    cases = Case.objects.filter(pk__in=found.ids).order_by("-pk")
    rows = [[case.number, case.title, case.stage, case.address] for case in cases]
    data = {"cases": [row[0] for row in rows], "more": found.before is not None}
    if not rows:
        return Outcome(data, _("Nothing found."))
    text = table(rows, (_("Number"), _("Title"), _("State"), _("Address")))
    return Outcome(data, f"{text}\n…" if found.before is not None else text)
