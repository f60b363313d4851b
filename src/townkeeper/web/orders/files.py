"""What leaves as a file: letters of orders, case sheets, and the evidence of replies."""

from pathlib import Path

from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from townkeeper.cases.models import Case
from townkeeper.files.actions import path_of
from townkeeper.kit.errors import Problem
from townkeeper.publication.papers import PaperForm, language_of, paper_of
from townkeeper.publication.sheets import print_sheet
from townkeeper.supervision.models import ReplyFile
from townkeeper.units.permissions import Permission
from townkeeper.web.access import needs, signed_in
from townkeeper.web.orders.pages import find_order

REFUSED = 422
MEDIA = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}


@needs(Permission.SUPERVISION_ORDER_VIEW)
@require_safe
def paper(request: HttpRequest, pk: int, form: PaperForm) -> HttpResponseBase:
    """Send the letter of an order: the same bytes to everybody, each printing in the journal."""
    order, user = find_order(request, pk)
    try:
        language = language_of(request.GET.get("language", ""))
        path = paper_of(order, form, language, actor=user.username)
    except Problem as problem:
        return _refused(request, problem)
    return _sent(path, form, f"order-{order.year}-{order.pk}.{form}")


@signed_in
@require_safe
def case_sheet(request: HttpRequest, number: str) -> HttpResponseBase:
    """Send the printed sheet of a case as it stands; the printing goes into its history."""
    number = number.replace("\x00", "")  # no number holds it, and PostgreSQL refuses it
    case = Case.objects.visible_to(request.user).filter(number=number).first()
    if case is None:
        raise Http404
    try:
        # a letter speaks the office's language, a sheet that of whoever prints it
        language = language_of(request.GET.get("language", "") or get_language() or "")
        path = print_sheet(case, language, actor=request.user.get_username())
    except Problem as problem:
        return _refused(request, problem)
    return _sent(path, "pdf", f"case-{case.number}.pdf")


@needs(Permission.SUPERVISION_ORDER_VIEW)
@require_safe
def reply_file(request: HttpRequest, pk: int, file_pk: int) -> HttpResponseBase:
    """Send a file of a reply: a picture without position data, a paper as a download."""
    order, _user = find_order(request, pk)
    rows = ReplyFile.objects.filter(pk=file_pk, reply__addressee__order=order)
    found = rows.select_related("file").first()
    if found is None:
        raise Http404
    if found.file.has_public_copy:
        return _sent(path_of(found.file.sha256, public=True), "jpg", f"{found.pk}.jpg")
    path = path_of(found.file.sha256)
    if not path.is_file():
        raise Http404
    response = FileResponse(
        path.open("rb"), as_attachment=True, filename=found.name,
        content_type="application/octet-stream",
    )  # fmt: skip
    response.headers["Cache-Control"] = "private, no-cache"
    return response


def _sent(path: Path, form: str, name: str) -> HttpResponseBase:
    if not path.is_file():
        raise Http404
    response = FileResponse(
        path.open("rb"), filename=name, as_attachment=form == "docx",
        content_type=MEDIA.get(form, "image/jpeg"),
    )  # fmt: skip
    response.headers["Cache-Control"] = "private, no-cache"
    return response


def _refused(request: HttpRequest, problem: Problem) -> HttpResponse:
    context = {"message": str(problem.message), "hint": str(problem.hint)}
    return render(request, "orders/refused.html", context, status=REFUSED)
