"""The addresses of leaders."""

from datetime import date

from django.urls import URLPattern, URLResolver, path, register_converter

from townkeeper.web.leader import pages

app_name = "leader"


class DayConverter:
    """`2026-11-22`."""

    regex = r"\d{4}-\d{2}-\d{2}"

    def to_python(self, value: str) -> date:
        """Return the day. Errors: ValueError for none, which means no such page."""
        return date.fromisoformat(value)

    def to_url(self, value: date | str) -> str:
        """Return the day in the address."""
        return str(value)


register_converter(DayConverter, "brief_day")

urlpatterns: list[URLPattern | URLResolver] = [
    path("", pages.brief, name="brief"),
    path("screen/", pages.screen, name="screen"),
    path("<brief_day:day>/", pages.brief, name="edition"),
    path("<brief_day:day>/cases/<str:key>/", pages.cases, name="cases"),
    path("<brief_day:day>/areas/<str:code>/", pages.area, name="area"),
]
