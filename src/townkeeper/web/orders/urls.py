"""The addresses of supervision orders, notices and their papers."""

from django.urls import URLPattern, URLResolver, path, register_converter

from townkeeper.web.orders import acting, files, pages

app_name = "orders"


class PaperConverter:
    """`pdf` or `docx`."""

    regex = "pdf|docx"

    def to_python(self, value: str) -> str:
        """Return the form."""
        return value

    def to_url(self, value: str) -> str:
        """Return the form."""
        return value


class ListConverter(PaperConverter):
    """`xlsx` or `csv`."""

    regex = "xlsx|csv"


register_converter(PaperConverter, "order_paper")
register_converter(ListConverter, "order_list")

urlpatterns: list[URLPattern | URLResolver] = [
    path("", pages.order_list, name="list"),
    path("list.<order_list:form>", pages.export, name="export"),
    path("new/", acting.new_order, name="new"),
    path("<int:pk>/", pages.order_page, name="order"),
    path("<int:pk>/paper.<order_paper:form>", files.paper, name="paper"),
    path("<int:pk>/units/<int:part>/receive/", acting.receive, name="receive"),
    path("<int:pk>/units/<int:part>/reply/", acting.reply, name="reply"),
    path("<int:pk>/replies/<int:reply_pk>/decide/", acting.decide, name="decide"),
    path("<int:pk>/follow/", acting.follow_up, name="follow"),
    path("<int:pk>/files/<int:file_pk>/", files.reply_file, name="file"),
    path("sheets/<str:number>.pdf", files.case_sheet, name="sheet"),
]
