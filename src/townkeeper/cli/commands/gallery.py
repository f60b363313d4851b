"""`gallery`: every page of the demonstration district as a picture, and what is wrong with it."""

import argparse
import os
from pathlib import Path

from townkeeper.cli.console import Outcome
from townkeeper.cli.ready import ROOT, set_up
from townkeeper.cli.words import gettext as _

EXAMPLES = (
    "./townkeeper gallery",
    "./townkeeper gallery --face portal --width 390 --theme light --theme dark",
)


def help_text() -> str:
    return _("draw all pages of the demonstration district and check them in a browser")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", type=Path, help=_("folder of the pictures (default: in the home)"))
    parser.add_argument("--face", action="append", help=_("only this face; may be repeated"))
    parser.add_argument("--page", action="append", help=_("only the page of this name"))
    parser.add_argument("--width", action="append", type=int, help=_("pixels (1440 and 390)"))
    parser.add_argument("--theme", action="append", choices=("light", "dark"))
    parser.add_argument("--page-language", action="append", choices=("zh-hans", "zh-hant", "en"))
    parser.add_argument("--no-axe", action="store_true", help=_("without the search for barriers"))


def run(args: argparse.Namespace) -> Outcome:
    os.environ.setdefault("TOWNKEEPER_HOME", str(ROOT / "var" / "demo"))
    os.environ["TOWNKEEPER_DEMO"] = "1"
    os.environ.pop("DATABASE_URL", "")
    home = set_up()
    from townkeeper.cli import gallery  # noqa: PLC0415 - Django is set up by now
    from townkeeper.cli.demonstration import prepare  # noqa: PLC0415
    from townkeeper.kit import clock  # noqa: PLC0415

    prepare(home, clock.today())
    known = gallery.Wish()
    wish = gallery.Wish(
        faces=tuple(args.face or ()),
        names=tuple(args.page or ()),
        widths=tuple(args.width or known.widths),
        themes=tuple(args.theme or known.themes),
        languages=tuple(args.page_language or known.languages),
        axe=not args.no_axe,
    )
    out = (args.out or home / "gallery").resolve()
    drawn = gallery.draw(home, out, wish)
    index = gallery.write_index(out, drawn.pictures)
    lines = [
        *drawn.faults,
        *(_("no example: %(name)s") % {"name": n} for n in drawn.without_example),
    ]
    lines.append(
        _("%(pictures)d pictures, %(faults)d faults: %(index)s")
        % {"pictures": len(drawn.pictures), "faults": len(drawn.faults), "index": index}
    )
    data = {
        "pictures": len(drawn.pictures),
        "faults": drawn.faults,
        "without_example": drawn.without_example,
        "index": str(index),
    }
    return Outcome(data, "\n".join(lines), findings=bool(drawn.faults))
