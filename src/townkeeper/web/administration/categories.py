"""Kinds of matters: the tree, what is said of each, and what another limit would move."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from townkeeper.calendars.limits import Limit, LimitError
from townkeeper.cases.effects import limit_effects
from townkeeper.cases.recompute import Recount
from townkeeper.duties.kinds import SPOKEN, add_category, change_category
from townkeeper.duties.models import Category, Duty
from townkeeper.journal.seen import history_length
from townkeeper.kit import clock
from townkeeper.publication.typeset.document import Column
from townkeeper.units.permissions import Permission
from townkeeper.web.access import needs
from townkeeper.web.administration.forms import (
    AdminForm,
    CategoryField,
    add_names,
    names_from,
    names_of,
)
from townkeeper.web.administration.pages import (
    crumbs,
    form_page,
    history,
    person,
    previewed_page,
)
from townkeeper.web.exports import Sheet, links, send_sheet
from townkeeper.web.wording import full_time, span

edits = needs(Permission.DUTIES_REGISTER_EDIT)
LIMIT_HINT = _(
    "4wh working hours, 2wd working days, 24h hours, 7d days, same-day, 20:30, none; "
    "empty takes the limit above."
)
MOST_WORDS = 60


@dataclass
class Node:
    """A kind in the tree, with what it takes from above."""

    row: Category
    below: list["Node"]
    limit: str
    promise: str
    own_limit: bool
    is_shown: bool = True


@edits
@require_safe
def category_tree(request: HttpRequest) -> HttpResponse:
    """Show the kinds in use, or all of them, or what a search finds."""
    typed = request.GET.get("q", "").strip()[:60]
    everything = request.GET.get("all") == "1"
    tree, known = _tree()
    found = [node for node in known.values() if _fits(node.row, typed)] if typed else []
    shown = tree if everything else _used(tree)
    context = {
        "typed": typed,
        "all": everything,
        "found": sorted(found, key=lambda node: (not node.row.is_used, node.row.key))[:100],
        "tree": [] if typed else shown,
        "limits": {node.row.pk: limit_words(node.limit) for node in known.values()},
        "count": sum(node.row.is_used for node in known.values()),
        "page_actions": [
            *links(
                reverse("administration:categories-export", args=["xlsx"]),
                reverse("administration:categories-export", args=["csv"]),
            ),
            {"href": reverse("administration:category-add"), "icon": "plus",
             "label": _now("Add a category"), "primary": True},
        ],
    }  # fmt: skip
    return render(request, "administration/categories.html", context)


def _tree() -> tuple[list[Node], dict[int, Node]]:
    rows = list(Category.objects.order_by("key"))
    known = {row.pk: Node(row, [], row.limit, row.promise, bool(row.limit)) for row in rows}
    tops: list[Node] = []
    for row in rows:
        parent = known.get(row.parent_id or 0)
        (parent.below if parent else tops).append(known[row.pk])
    waiting = list(tops)
    while waiting:
        node = waiting.pop()
        for child in node.below:
            child.limit = child.limit or node.limit
            child.promise = child.promise or node.promise
        waiting += node.below
    return tops, known


def _used(nodes: list[Node]) -> list[Node]:
    """Return the tree without what is not offered."""
    found = []
    for node in nodes:
        node.below = _used(node.below)
        if node.row.is_used or node.below:
            found.append(node)
    return found


def _fits(row: Category, typed: str) -> bool:
    wanted = typed.casefold()
    texts = [row.key, row.key.rpartition("/")[2], row.name, *row.names.values()]
    texts += [*row.aliases, *row.keywords]
    pinyin = row.sort_key.split(" ", 1)
    return any(wanted in text.casefold() for text in texts) or any(
        part.startswith(wanted) for part in pinyin
    )


def limit_words(text: str) -> str:
    """Return a limit in the language of the page; as it is written where it cannot be read."""
    if not text:
        return ""
    try:
        return Limit.parse(text).title(SPOKEN.get(get_language() or "", "en"))
    except LimitError:
        return text


@edits
@require_safe
def categories_export(request: HttpRequest, form: str) -> HttpResponse:
    """Send the categories as a spreadsheet."""
    titles = (
        _now("Code"), _now("Name"), "zh-Hant", "zh-Hans", "en", _now("Parent"), _now("Offered"),
        _now("Limit"), _now("Limit that counts"), _now("Promise"), _now("Relapse within days"),
        _now("Relapse within metres"), _now("Source"),
    )  # fmt: skip
    _tops, known = _tree()
    lines = (
        [
            row.key, row.name, *(row.names.get(tag, "") for tag in ("zh-Hant", "zh-Hans", "en")),
            known[row.parent_id].row.key if row.parent_id else "", int(row.is_used), row.limit,
            node.limit, row.promise, row.relapse_days, row.relapse_metres, row.source,
        ]
        for node in known.values() for row in (node.row,)
    )  # fmt: skip
    sheet = Sheet("categories", _now("Categories"), [Column(title) for title in titles], lines)
    return send_sheet(request, sheet, form, back=reverse("administration:categories"))  # type: ignore[return-value]


class CategoryForm(AdminForm):
    """What is said of a kind."""

    limit = forms.CharField(
        label=_("Time limit for handling"), required=False, max_length=20, help_text=LIMIT_HINT
    )
    promise = forms.CharField(
        label=_("Promise to the public"), required=False, max_length=20,
        help_text=_("For the whole case; empty takes the one above."),
    )  # fmt: skip
    open_too = forms.BooleanField(
        label=_("Open cases follow the new limit (counted anew in the background)"), required=False
    )
    relapse_days = forms.IntegerField(
        label=_("Relapse window in days"), required=False, min_value=1,
        help_text=_("The same matter at the same place within so many days after closing."),
    )  # fmt: skip
    relapse_metres = forms.IntegerField(
        label=_("Same place within metres"), required=False, min_value=1
    )
    relapse_as_one = forms.BooleanField(
        label=_("All kinds below count as the same kind when one comes back"), required=False
    )
    keywords = forms.CharField(
        label=_("Words that people use for it"), required=False, max_length=1000,
        help_text=_("Separated by commas; the suggestion of kinds reads them."),
    )  # fmt: skip
    is_used = forms.BooleanField(label=_("Offered when a case is registered"), required=False)

    def __init__(self, data: Any = None, *, category: Category) -> None:  # noqa: ANN401 - a query dict
        names = ("limit", "promise", "relapse_days", "relapse_metres", "relapse_as_one", "is_used")
        initial = {name: getattr(category, name) for name in names}
        initial["keywords"] = ", ".join(category.keywords)
        initial["seen"] = history_length(f"category:{category.key}")
        super().__init__(data, initial=initial)
        add_names(self, names_of(category), most=160)
        self.order_fields(["zh_hant", "zh_hans", "en"])

    def words(self) -> list[str]:
        """Return the words, each once."""
        text = self.cleaned_data["keywords"].replace("，", ",").replace("、", ",")
        parts = [part.strip() for part in text.split(",") if part.strip()]
        return list(dict.fromkeys(parts))[:MOST_WORDS]


@edits
@require_http_methods(["GET", "HEAD", "POST"])
def category_page(request: HttpRequest, key: str) -> HttpResponse:
    """Show a kind and change it; another limit is tried on open cases first."""
    category = Category.objects.select_related("parent").filter(key=key).first()
    if category is None:
        raise Http404
    form = CategoryForm(request.POST or None, category=category)

    def look() -> dict[str, Any] | None:
        return shown_recount(limit_effects(category, form.cleaned_data["limit"]))

    def do() -> None:
        data = form.cleaned_data
        change_category(
            category, names=names_from(form), limit=data["limit"], promise=data["promise"],
            relapse_days=data["relapse_days"], relapse_metres=data["relapse_metres"],
            relapse_as_one=data["relapse_as_one"], is_used=data["is_used"],
            keywords=form.words(), open_too=data["open_too"], seen=form.seen_state,
            actor=person(request).username,
        )  # fmt: skip

    node = _tree()[1][category.pk]
    duties = Duty.objects.filter(Duty.valid_on(clock.today()), category=category)
    return previewed_page(
        request, form, look=look, do=do, title=category.title,
        back=reverse("administration:category", args=[key]), submit=_now("Save"),
        crumbs=_way(category), template="administration/category.html", category=category,
        limit=limit_words(node.limit), own_limit=node.own_limit, promise=limit_words(node.promise),
        duty_count=duties.count(), below=len(node.below),
        entries=history([f"category:{category.key}"]),
    )  # fmt: skip


def _way(category: Category) -> list[dict[str, str]]:
    way = crumbs((_now("Categories"), reverse("administration:categories")))
    if category.parent:
        href = reverse("administration:category", args=[category.parent.key])
        way += crumbs((category.parent.title, href))
    return way


def shown_recount(found: Recount | None) -> dict[str, Any] | None:
    """Return what a preview found, for a page: how many move, by how much, and examples."""
    if found is None:
        return None
    return {
        "cases": found.cases,
        "moved": found.moved,
        "clocks": found.clocks,
        "earlier": found.earlier,
        "later": found.later,
        "most_earlier": span(-found.most_earlier) if found.earlier else "",
        "most_later": span(found.most_later) if found.later else "",
        "first": [
            {
                "number": each.number,
                "what": {
                    "task": _now("task"),
                    "ask": _now("request"),
                    "promise": _now("promise"),
                }[each.what],
                "old": full_time(each.old) if each.old else "–",
                "new": full_time(each.new) if each.new else "–",
            }
            for each in found.first[:10]
        ],
    }


class NewCategory(AdminForm):
    """A kind of the place's own."""

    key = forms.CharField(
        label=_("Code"), max_length=60, initial="local/",
        help_text=_("Begins with local/: a kind of the place's own beside the national list."),
    )  # fmt: skip
    parent = CategoryField(label=_("Parent"), required=False)
    limit = forms.CharField(
        label=_("Time limit for handling"), required=False, max_length=20, help_text=LIMIT_HINT
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - passed on
        super().__init__(*args, **kwargs)
        add_names(self, most=160)
        self.order_fields(["key", "zh_hant", "zh_hans", "en", "parent", "limit"])


@edits
@require_http_methods(["GET", "HEAD", "POST"])
def category_add(request: HttpRequest) -> HttpResponse:
    """Add a local kind."""
    form = NewCategory(request.POST or None)

    def do() -> str:
        data = form.cleaned_data
        category = add_category(
            data["key"], names=names_from(form), parent=data["parent"], limit=data["limit"],
            actor=person(request).username,
        )  # fmt: skip
        return reverse("administration:category", args=[category.key])

    back = reverse("administration:categories")
    return form_page(
        request, form, title=_now("Add a category"), back=back, do=do, submit=_now("Add"),
        done=_now("The category was added. Say in the duty register who leads it."),
        crumbs=crumbs((_now("Categories"), back)),
    )  # fmt: skip
