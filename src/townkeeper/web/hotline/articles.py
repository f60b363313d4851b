"""The knowledge base: looked up by everybody at the desk, written by those who keep it."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from townkeeper.accounts.models import User
from townkeeper.journal.models import Entry
from townkeeper.kit import clock
from townkeeper.kit.errors import Problem
from townkeeper.knowledge.actions import Wording, write_article, write_phrase
from townkeeper.knowledge.finding import READ, find_articles, find_phrases
from townkeeper.knowledge.models import Article, Phrase
from townkeeper.units.permissions import Permission as May
from townkeeper.web.access import may, needs

REFUSED = 422
MOST = 200
VERSIONS = 20
reading = needs(May.KNOWLEDGE_ARTICLE_VIEW, May.KNOWLEDGE_ARTICLE_EDIT, May.CASES_CASE_OPEN)
editing = needs(May.KNOWLEDGE_ARTICLE_EDIT)


class ArticleForm(forms.Form):
    """One article."""

    version = forms.IntegerField(required=False, widget=forms.HiddenInput)
    question = forms.CharField(label=_("Question, as callers ask it"), max_length=200)
    wording = forms.CharField(
        label=_("Wording to read aloud"), max_length=4000, widget=forms.Textarea(attrs={"rows": 6})
    )
    words = forms.CharField(
        label=_("Other words for it"), required=False, max_length=300,
        help_text=_("What callers say instead, with spaces between."),
    )  # fmt: skip
    category = forms.CharField(label=_("Kind of matter"), required=False, max_length=60)
    unit = forms.CharField(label=_("Unit that answers for it"), required=False, max_length=40)
    review_on = forms.DateField(
        label=_("To be reviewed by"), required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )  # fmt: skip
    source = forms.CharField(
        label=_("Source"), required=False, max_length=200,
        help_text=_("The rule, notice or speech that says so."),
    )  # fmt: skip
    is_used = forms.BooleanField(label=_("Is read to callers"), required=False, initial=True)

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - as the form's own
        super().__init__(*args, **kwargs)
        for name, what in (("category", "categories"), ("unit", "units")):
            link = reverse("choices", args=[what])
            self.fields[name].widget.attrs |= {"data-combobox": link, "autocomplete": "off"}

    def said(self) -> Wording:
        """Return what the article says."""
        data = self.cleaned_data
        return Wording(
            question=data["question"],
            wording=data["wording"],
            words=data["words"],
            category=data["category"].strip(),
            units=(data["unit"].strip(),) if data["unit"].strip() else (),
            review_on=data["review_on"],
            source=data["source"],
            is_used=data["is_used"],
        )


class PhraseForm(forms.Form):
    """One phrase."""

    key = forms.CharField(label=_("Letters to type"), max_length=20)
    text = forms.CharField(
        label=_("Text"), max_length=500, widget=forms.Textarea(attrs={"rows": 3})
    )
    is_used = forms.BooleanField(label=_("In use"), required=False, initial=True)


@reading
@require_safe
def articles(request: HttpRequest) -> HttpResponse:
    """List the articles, or those that fit a search by words or pinyin letters."""
    typed = request.GET.get("q", "")[:100].strip()
    rows = list(
        Article.objects.visible_to(request.user)
        .select_related("category")
        .order_by("-is_used", "pinyin", "pk")[:READ]
    )
    found = find_articles(rows, words=typed, limit=MOST, strict=True) if typed else rows[:MOST]
    today = clock.today()
    may_edit = may(request, May.KNOWLEDGE_ARTICLE_EDIT)
    context = {
        "q": typed,
        "rows": [(article, article.is_overdue(today)) for article in found],
        "overdue": sum(article.is_overdue(today) for article in rows if article.is_used),
        "may_edit": may_edit,
        "page_actions": _actions() if may_edit else [],
    }
    return render(request, "hotline/articles.html", context)


def _actions() -> list[dict[str, Any]]:
    return [
        {"href": reverse("hotline:phrases"), "icon": "message-square", "label": _now("Phrases")},
        {"href": reverse("hotline:article-new"), "icon": "plus", "label": _now("New article"),
         "primary": True},
    ]  # fmt: skip


@editing
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """Write an article, or its next version."""
    article = None
    if pk is not None:
        article = get_object_or_404(Article.objects.visible_to(request.user), pk=pk)
    form = ArticleForm(request.POST or None, initial=_initial(article))
    if request.method == "POST" and form.is_valid():
        try:
            seen = form.cleaned_data["version"]
            write_article(form.said(), actor=_user(request), article=article, seen_version=seen)
        except Problem as problem:
            _refuse(form, problem, {"units": "unit"})
        else:
            messages.success(request, _now("The article is saved."))
            return redirect("hotline:articles")
    context = {"form": form, "article": article, "versions": _versions(article)}
    status = REFUSED if form.errors else 200
    return render(request, "hotline/article.html", context, status=status)


def _initial(article: Article | None) -> dict[str, Any]:
    if article is None:
        return {}
    unit = article.units.first()
    return {
        "version": article.version,
        "question": article.question,
        "wording": article.wording,
        "words": article.words,
        "category": article.category.key if article.category else "",
        "unit": unit.code if unit else "",
        "review_on": article.review_on,
        "source": article.source,
        "is_used": article.is_used,
    }


def _versions(article: Article | None) -> list[Entry]:
    if article is None:
        return []
    return list(Entry.objects.filter(subject=article.subject).order_by("-seq")[:VERSIONS])


def _refuse(form: forms.Form, problem: Problem, names: dict[str, str]) -> None:
    name = names.get(problem.where, problem.where)
    form.add_error(name if name in form.fields else None, f"{problem.message} {problem.hint}")


@editing
@require_http_methods(["GET", "HEAD", "POST"])
def phrases(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """List the phrases, and write one."""
    phrase = None
    rows = Phrase.objects.visible_to(request.user)
    if pk is not None:
        phrase = get_object_or_404(rows, pk=pk)
    start = {"key": phrase.key, "text": phrase.text, "is_used": phrase.is_used} if phrase else {}
    form = PhraseForm(request.POST or None, initial=start)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            write_phrase(
                data["key"], data["text"], actor=_user(request), phrase=phrase,
                is_used=data["is_used"],
            )  # fmt: skip
        except Problem as problem:
            _refuse(form, problem, {})
        else:
            messages.success(request, _now("The phrase is saved."))
            return redirect("hotline:phrases")
    context = {"form": form, "phrase": phrase, "rows": list(rows.order_by("-is_used", "key"))}
    return render(request, "hotline/phrases.html", context, status=REFUSED if form.errors else 200)


@reading
@require_safe
def find(request: HttpRequest) -> HttpResponse:
    """Answer with the phrases that fit what is typed, for the list at F6."""
    rows = Phrase.objects.visible_to(request.user).filter(is_used=True)
    found = find_phrases(rows, request.GET.get("q", "")[:40])
    return JsonResponse({"items": [{"key": each.key, "text": each.text} for each in found]})


def _user(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise Http404
    return request.user
