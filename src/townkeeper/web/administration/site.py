"""Settings: what the environment says, where it comes from; what the office sets here itself."""

import os
from dataclasses import dataclass
from typing import Any

from django import forms
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from townkeeper.journal.seen import history_length
from townkeeper.kit.names import say
from townkeeper.units.models import SiteSetting
from townkeeper.units.permissions import Permission
from townkeeper.units.site import BY_KEY, KNOWN, TEXT_MAX, Known, set_site_value
from townkeeper.web.access import needs
from townkeeper.web.administration.forms import TAGS, AdminForm
from townkeeper.web.administration.pages import crumbs, form_page, history, person

edits = needs(Permission.PROGRAMS_PROGRAM_LOAD)
LOCAL_HOSTS = {"localhost", "127.0.0.1", "[::1]"}
LANGUAGE_LABELS = {
    "zh-Hant": _("In Traditional Chinese"),
    "zh-Hans": _("In Simplified Chinese"),
    "en": _("In English"),
}


@dataclass(frozen=True, slots=True)
class Variable:
    """A setting of the environment as the page shows it."""

    name: str
    value: str
    meaning: str | Promise
    is_set: bool
    problem: str = ""


MEANINGS: dict[str, str | Promise] = {
    "TOWNKEEPER_HOME": _("folder of the database, files, keys and logs"),
    "DATABASE_URL": _("the database; without it SQLite in the home folder"),
    "TOWNKEEPER_HOSTS": _("names under which people reach the server"),
    "TOWNKEEPER_ORIGINS": _("origins from which forms may come through a proxy"),
    "TOWNKEEPER_HTTPS": _("cookies are sent over HTTPS only"),
    "TOWNKEEPER_SECRET_KEY": _("signs sessions; without it a key in the home folder"),
    "TOWNKEEPER_LANGUAGE": _("language for people who have chosen none"),
    "TOWNKEEPER_TIME_ZONE": _("the one time zone of the place"),
    "TOWNKEEPER_FONT_DIR": _("fonts for official documents"),
    "TOWNKEEPER_UPLOAD_LIMIT_MB": _("largest uploaded file, in MB"),
    "TOWNKEEPER_IMPORT_LIMIT_MB": _("largest spreadsheet of an import, in MB"),
    "TOWNKEEPER_PHOTO_METRES": _("how far from its case a photo may be before that is said"),
    "TOWNKEEPER_PHOTO_DAYS": _("how much older than its case a photo may be before that is said"),
    "TOWNKEEPER_MAP_TILES": _("address of map tiles; without it maps show outlines only"),
    "TOWNKEEPER_MAP_APPROVAL_NO": _("approval number of the map, where the office has set none"),
    "TOWNKEEPER_HOTLINE": _("telephone of the hotline, where the office has set none"),
    "TOWNKEEPER_REPORTS_PER_HOUR": _("how many reports one network address may send in an hour"),
    "TOWNKEEPER_BEHIND_PROXY": _("a proxy of your own names the visitor's address"),
    "TOWNKEEPER_LOG": _("how much is logged"),
    "TOWNKEEPER_DEMO": _("made-up people of a demonstration may sign in"),
}


def variables() -> list[Variable]:
    """Return every setting of the environment: value, whether it is set, what is wrong with it."""
    values = _values()
    return [
        Variable(name, values.get(name, _plain(name)), meaning, name in os.environ, _problem(name))
        for name, meaning in MEANINGS.items()
    ]


def _plain(name: str) -> str:
    """Return a setting that has the name of its variable."""
    return str(getattr(settings, name.removeprefix("TOWNKEEPER_"), ""))


def log_level() -> str:
    """Return how much is logged."""
    return os.environ.get("TOWNKEEPER_LOG", "WARNING")


def _values() -> dict[str, str]:
    database = settings.DATABASES["default"]
    engine = "PostgreSQL" if "postgres" in str(database["ENGINE"]) else "SQLite"
    return {
        "TOWNKEEPER_HOME": str(settings.HOME),
        # never with its password
        "DATABASE_URL": f"{engine} {os.path.basename(str(database.get('NAME', '')))}",  # noqa: PTH119 - a name or a path
        "TOWNKEEPER_HOSTS": ", ".join(settings.ALLOWED_HOSTS),
        "TOWNKEEPER_ORIGINS": ", ".join(settings.CSRF_TRUSTED_ORIGINS),
        "TOWNKEEPER_HTTPS": _yes(value=settings.SESSION_COOKIE_SECURE),
        "TOWNKEEPER_SECRET_KEY": _now("set, not shown"),
        "TOWNKEEPER_LANGUAGE": settings.LANGUAGE_CODE,
        "TOWNKEEPER_TIME_ZONE": settings.TIME_ZONE,
        "TOWNKEEPER_FONT_DIR": settings.FONT_DIR,
        "TOWNKEEPER_BEHIND_PROXY": _yes(value=settings.BEHIND_PROXY),
        "TOWNKEEPER_LOG": log_level(),
        "TOWNKEEPER_DEMO": _yes(value=settings.DEMO),
    }


def _yes(*, value: bool) -> str:
    return _now("on") if value else _now("off")


def _problem(name: str) -> str:
    """Say what is doubtful about a setting, in words."""
    hosts = {host.strip() for host in settings.ALLOWED_HOSTS}
    found = {
        "TOWNKEEPER_HOSTS": (
            "*" in hosts,
            _now("“*” lets anybody pretend to be this server: name the hosts."),
        ),
        "TOWNKEEPER_HTTPS": (
            bool(hosts - LOCAL_HOSTS) and not settings.SESSION_COOKIE_SECURE,
            _now("People reach this server by name, but without HTTPS: passwords can be read "
                 "on the way."),
        ),
        "TOWNKEEPER_FONT_DIR": (
            bool(settings.FONT_DIR) and not os.path.isdir(settings.FONT_DIR),  # noqa: PTH112 - a setting's text
            _now("There is no such folder."),
        ),
        "TOWNKEEPER_DEMO": (
            settings.DEMO,
            _now("This is a demonstration: never for real work."),
        ),
        "TOWNKEEPER_ORIGINS": (
            any(not each.startswith(("http://", "https://"))
                for each in settings.CSRF_TRUSTED_ORIGINS),
            _now("An origin begins with https://."),
        ),
        "TOWNKEEPER_LOG": (
            log_level() not in
            {"DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"},
            _now("It is one of DEBUG, INFO, WARNING, ERROR."),
        ),
    }  # fmt: skip
    is_wrong, words = found.get(name, (False, ""))
    return words if is_wrong else ""


@edits
@require_safe
def settings_page(request: HttpRequest) -> HttpResponse:
    """Show what the office has set, and what the environment says."""
    rows = {row.key: row for row in SiteSetting.objects.all()}
    own = [
        {
            "known": known,
            "row": rows.get(known.key),
            "value": say(rows[known.key].value) if known.key in rows else "",
        }
        for known in KNOWN
    ]
    zone = timezone.get_default_timezone_name()
    context = {"own": own, "variables": variables(), "zone": zone}
    return render(request, "administration/settings.html", context)


class SettingForm(AdminForm):
    """One setting, in each language where it is a text."""

    def __init__(self, data: Any = None, *, known: Known, value: dict[str, str]) -> None:  # noqa: ANN401 - a query dict
        super().__init__(data, initial={"seen": history_length(f"setting:{known.key}")})
        self.known = known
        if not known.by_language:
            self.fields["value"] = forms.CharField(
                label=str(known.label), help_text=str(known.hint), max_length=TEXT_MAX,
                initial=value.get("", ""), required=False,
            )  # fmt: skip
            return
        for field, tag in TAGS.items():
            self.fields[field] = forms.CharField(
                label=LANGUAGE_LABELS[tag], max_length=TEXT_MAX, required=False,
                initial=value.get(tag, ""), widget=forms.TextInput(attrs={"lang": tag}),
            )  # fmt: skip

    def texts(self) -> dict[str, str]:
        """Return what was entered, by language."""
        if not self.known.by_language:
            return {"": self.cleaned_data["value"]}
        return {tag: self.cleaned_data[field] for field, tag in TAGS.items()}


@edits
@require_http_methods(["GET", "HEAD", "POST"])
def setting_edit(request: HttpRequest, key: str) -> HttpResponse:
    """Change what the office sets itself."""
    known = BY_KEY.get(key)
    if known is None:
        raise Http404
    row = SiteSetting.objects.filter(key=key).first()
    form = SettingForm(request.POST or None, known=known, value=row.value if row else {})

    def do() -> None:
        actor = person(request).username
        set_site_value(key, form.texts(), actor=actor, seen=form.seen_state)

    back = reverse("administration:settings")
    return form_page(
        request, form, title=str(known.label), back=back, do=do, note=known.hint,
        crumbs=crumbs((_now("Settings"), back)), entries=history([f"setting:{key}"]),
    )  # fmt: skip
