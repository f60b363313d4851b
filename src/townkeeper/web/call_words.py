"""Tells in a case's timeline how it was registered, and the calls back to its reporter."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from townkeeper.calls.models import CallBack, Registration, Urgency
from townkeeper.cases.records import Follow
from townkeeper.web.journal_words import Names, Told, telling
from townkeeper.web.wording import full_time


@telling("case.registered")
def _registered(data: Mapping[str, Any], _names: Names) -> Told:
    urgency = str(data.get("urgency", ""))
    results = dict(Registration.Result.choices)
    lines = [str(results.get(str(data.get("result", "")), ""))]
    if urgency and urgency != Urgency.NORMAL:
        word = dict(Urgency.choices).get(urgency, urgency)
        lines.append(_("Urgency: %(word)s") % {"word": word})
    title = _("Registered at the telephone") if data.get("call") else _("Registered by staff")
    return Told(title, [line for line in lines if line], "phone", "", public=False)


@telling("case.called_back")
def _called(data: Mapping[str, Any], _names: Names) -> Told:
    result = str(data.get("result", ""))
    lines = [str(data["note"])] if data.get("note") else []
    if data.get("retry"):
        time = full_time(datetime.fromisoformat(str(data["retry"])))
        lines.append(_("again at %(time)s") % {"time": time})
    word = dict(CallBack.Result.choices).get(result, result)
    title = _("Call back: %(result)s") % {"result": word}
    if data.get("part") == Follow.Part.SUPPORTER:
        title = _("Call back to somebody who has it too: %(result)s") % {"result": word}
    icon = "phone-call" if result == CallBack.Result.REACHED else "phone-off"
    return Told(title, lines, icon, "", public=False)
