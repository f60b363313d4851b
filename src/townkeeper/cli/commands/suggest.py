"""`suggest`: learns from the office's own cases, suggests, and says how good that is."""

import argparse
from dataclasses import asdict
from typing import Any

from townkeeper.cli.console import Outcome, progress, table
from townkeeper.cli.ready import ready
from townkeeper.cli.words import gettext as _

EXAMPLES = (
    "./townkeeper suggest train",
    "./townkeeper suggest try 市場門口垃圾堆積如山",
    "./townkeeper suggest report",
)
ACTOR = "command-line"


def help_text() -> str:
    return _("suggest category and responsible unit from the words of a report")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parts = parser.add_subparsers(dest="part", required=True, metavar=_("WHAT"))
    train = parts.add_parser("train", help=_("learn from the decided cases of this office"))
    train.add_argument(
        "--simulated", action="store_true", help=_("learn from simulated cases too, for a trial")
    )
    attempt = parts.add_parser("try", help=_("suggest for some words"))
    attempt.add_argument("words", metavar=_("TEXT"))
    attempt.add_argument("--area", metavar=_("CODE"), help=_("code of the area"))
    report = parts.add_parser("report", help=_("how often people took what was suggested"))
    report.add_argument("--kind", choices=["category", "owner", "twin"], default="category")


def run(args: argparse.Namespace) -> Outcome:
    ready()
    parts = {"train": _train, "try": _try, "report": _report}
    return parts[args.part](args)


def _train(args: argparse.Namespace) -> Outcome:
    from townkeeper.suggestions.actions import train_model  # noqa: PLC0415 - Django is set up

    with progress(_("Training"), unit=_("steps")) as bar:
        made = train_model(actor=ACTOR, simulated=args.simulated, progress=bar.update)
    measured = asdict(made.measured) if made.measured else {}
    return Outcome({"version": made.version, **measured}, _said(made.version, measured))


def _said(version: str, measured: dict[str, Any]) -> str:
    lines = [
        _("Model %(version)s, from %(cases)s decided cases in %(categories)s categories.")
        % {"version": version, **measured},
        _("Right on cases it had not seen: %(top_1)s first, %(top_3)s among three; "
          "macro-F1 %(f1)s.")
        % {
            "top_1": _share(measured["top_1"]),
            "top_3": _share(measured["top_3"]),
            "f1": f"{measured['macro_f1']:.2f}",
        },
        _("Always guessing “%(name)s” would be right in %(share)s.")
        % {"name": measured["most_frequent"], "share": _share(measured["baseline"])},
    ]  # fmt: skip
    if measured["left_out"]:
        lines.append(
            _("%(n)s categories have too few cases to learn from; their keywords answer.")
            % {"n": measured["left_out"]}
        )
    return "\n".join(lines)


def _try(args: argparse.Namespace) -> Outcome:
    from townkeeper.suggestions.suggest import suggest, suggest_owner  # noqa: PLC0415

    found = suggest(args.words)
    owner = suggest_owner(found[0].category if found else None, area=args.area)
    data = {"categories": [row.as_dict() for row in found], "owner": owner.as_dict()}
    if not found:
        return Outcome(data, _("No category comes to mind."), findings=True)
    rows = [
        [row.category, row.name, "–" if row.confidence is None else _share(row.confidence),
         "、".join(row.reason)]
        for row in found
    ]  # fmt: skip
    head = [_("category"), _("name"), _("confidence"), _("because of")]
    name = owner.name or _("nobody: the duty register has no entry")
    lines = [table(rows, head), "", _("Responsible: %(name)s") % {"name": name}]
    lines += [
        _("%(cases)s of the last %(of)s such cases went to %(name)s.")
        % {"cases": unit.cases, "of": unit.of, "name": unit.name}
        for unit in owner.elsewhere
    ]
    return Outcome(data, "\n".join(lines))


def _report(args: argparse.Namespace) -> Outcome:
    from townkeeper.suggestions.measuring import measure_offers  # noqa: PLC0415

    data = measure_offers(args.kind)
    if not data["offers"]:
        return Outcome(data, _("Nobody has answered a suggestion yet."))
    head = [_("month"), _("offers"), _("first was right"), _("one of them"), _("most frequent")]
    rows = [
        [m["month"], m["offers"], _share(m["top_1"]), _share(m["top_3"]), _share(m["baseline"])]
        for m in [*data["months"], {**data, "month": _("all")}]
    ]
    lines = [table(rows, head)]
    if data["bands"]:
        bands = [
            [f"{_share(b['low'])}–{_share(b['high'])}", b["offers"], _share(b["right"])]
            for b in data["bands"]
        ]
        lines += ["", table(bands, [_("confidence"), _("offers"), _("right")])]
    return Outcome(data, "\n".join(lines))


def _share(value: float) -> str:
    return f"{value:.0%}"
