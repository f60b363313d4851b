"""Names that are missing in a language: units, categories, roles; to be filled in one table."""

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from townkeeper.cases.models import ProcedureVersion
from townkeeper.cases.search.folding import pairs, variants
from townkeeper.duties.models import Category
from townkeeper.duties.naming import translate_name
from townkeeper.kit import clock
from townkeeper.kit.errors import Problem
from townkeeper.kit.schema import LANGUAGES
from townkeeper.units.models import Role, Unit
from townkeeper.units.permissions import Permission
from townkeeper.web.access import needs
from townkeeper.web.administration.forms import REFUSED
from townkeeper.web.administration.pages import person, place_after

edits = needs(Permission.PROGRAMS_PROGRAM_LOAD, Permission.UNITS_UNIT_EDIT)
PAGE = 40
SORTS = ("unit", "category", "role")


@dataclass(frozen=True, slots=True)
class Gap:
    """A record with a name missing in some language."""

    sort: str
    key: str
    shown: str
    names: dict[str, str]

    @property
    def fields(self) -> list[dict[str, Any]]:
        """Return a field for each language: what is there, or what the other script comes to."""
        return [
            {
                "tag": tag,
                "name": f"{self.sort}|{self.key}|{tag}",
                "value": self.names.get(tag, ""),
                "derived": "" if self.names.get(tag) else other_script(self.names, tag),
            }
            for tag in LANGUAGES
        ]


def other_script(names: dict[str, str], tag: str) -> str:
    """Return a Chinese name in the other script, where every character says which it is.

    Traditional to Simplified is certain, character by character; back again it is not where
    several characters became one, and then a person writes it.
    """
    if tag == "zh-Hans" and names.get("zh-Hant"):
        return names["zh-Hant"].translate({ord(old): new for old, new in pairs().items()})
    simplified = names.get("zh-Hans", "")
    if tag != "zh-Hant" or any(letter in MERGED for letter in simplified):
        return ""
    return "".join(_traditional(letter) for letter in simplified)


MERGED = frozenset((files("townkeeper.web.administration") / "merged.txt").read_text("utf-8")) - {
    "\n"
}
"""Characters in which Simplified merged several: only a person knows which one is meant."""


def _traditional(letter: str) -> str:
    """Return the one Traditional character, or the letter where it is used in both scripts."""
    others = [each for each in variants(letter) if each != letter] if letter > "~" else []
    if not others:
        return letter
    try:
        letter.encode("big5")
    except UnicodeEncodeError:
        return others[0]
    return letter


def _incomplete(sort: str) -> Iterator[Gap]:
    model, key = {
        "unit": (Unit, "code"), "category": (Category, "key"), "role": (Role, "key"),
    }[sort]  # fmt: skip
    rows: Any = model._default_manager.all()  # noqa: SLF001 - Django's public name for it
    if sort == "unit":
        rows = Unit.objects.existing(clock.today()).defer("outline").order_by("path")
    elif sort == "category":
        rows = Category.objects.filter(is_used=True).order_by("key")
    for row in rows:
        names = {tag: text for tag, text in row.names.items() if tag in LANGUAGES}
        if any(not names.get(tag) for tag in LANGUAGES):
            yield Gap(sort, getattr(row, key), getattr(row, "name", "") or row.title, names)


def _procedures() -> list[tuple[str, list[str]]]:
    """Return the procedures whose own titles lack a language; they change by a new version."""
    found = []
    for row in ProcedureVersion.objects.filter(is_current=True):
        title = row.definition.get("title") or row.definition.get("name") or {}
        have = title if isinstance(title, dict) else {}
        missing = [tag for tag in LANGUAGES if not have.get(tag)]
        if missing:
            found.append((str(row), missing))
    return found


@edits
@require_safe
def translation_page(request: HttpRequest) -> HttpResponse:
    """Show what is missing, sort by sort."""
    return _page(request, {}, status=200)


def _page(request: HttpRequest, typed: dict[str, str], *, status: int) -> HttpResponse:
    sort = request.GET.get("sort", "")
    counts = {each: len(list(_incomplete(each))) for each in SORTS}
    sort = sort if sort in SORTS else next((each for each in SORTS if counts[each]), "unit")
    after = place_after(request)
    gaps = list(_incomplete(sort))[after : after + PAGE]
    address = reverse("administration:translations")
    labels = {"unit": _("Units"), "category": _("Categories"), "role": _("Roles")}
    context = {
        "tabs": [
            {"href": f"{address}?sort={each}", "label": labels[each], "current": each == sort,
             "count": counts[each]}
            for each in SORTS
        ],
        "sort": sort, "gaps": gaps, "typed": typed, "after": after,
        "procedures": _procedures(),
        "next_url": f"{address}?sort={sort}&after={after + PAGE}"
        if counts[sort] > after + PAGE else "",
        "first_url": f"{address}?sort={sort}" if after else "",
        "tags": LANGUAGES,
    }  # fmt: skip
    return render(request, "administration/translations.html", context, status=status)


@edits
@require_POST
def translate(request: HttpRequest) -> HttpResponse:
    """Save the names that were filled in; what is there already stays as it is."""
    given: dict[tuple[str, str], dict[str, str]] = {}
    for field, text in request.POST.items():
        sort, _bar, rest = field.partition("|")
        key, _bar, tag = rest.rpartition("|")
        if sort in SORTS and tag in LANGUAGES and isinstance(text, str) and text.strip():
            given.setdefault((sort, key), {})[tag] = text.strip()[:120]
    count = 0
    try:
        for (sort, key), names in given.items():
            count += translate_name(sort, key, names, actor=person(request).username)
    except Problem as problem:
        messages.error(request, str(problem))
        return _page(request, {k: str(v) for k, v in request.POST.items()}, status=REFUSED)
    messages.success(request, _("%(count)s names were completed.") % {"count": count})
    sort = request.POST.get("sort", "")
    query = f"?sort={sort}" if sort in SORTS else ""
    return redirect(reverse("administration:translations") + query)
