"""How stages look (colour and icon of the tag) and what channels are called."""

from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Look(NamedTuple):
    """Colour, icon and the plain word for a stage without a title of its own."""

    kind: str
    icon: str
    word: str | Promise


CHANNELS: dict[str, str | Promise] = {
    "api": _("program"),
    "hotline": _("hotline"),
    "inspection": _("inspection"),
    "patrol": _("patrol"),
    "portal": _("public page"),
    "window": _("service window"),
    "media": _("media"),
    "letter": _("letter"),
    "exposure": _("exposure list"),
    "order": _("order to units"),
    "revisit": _("revisit"),
}


def channel_words(channel: str) -> str:
    """Return a channel's name; one that a place brought itself is shown as it wrote it."""
    return str(CHANNELS.get(channel, channel))


UNKNOWN = Look("grey", "circle-dot", _("in progress"))
STAGES: dict[str, Look] = {
    "intake": Look("grey", "inbox", _("to be accepted")),
    "filing": Look("grey", "file-input", _("to be filed")),
    "dispatch": Look("info", "send", _("to be dispatched")),
    "handling": Look("info", "construction", _("in handling")),
    "dispute": Look("violet", "scale", _("in dispute")),
    "verifying": Look("info", "clipboard-check", _("to be verified")),
    "answering": Look("info", "phone", _("to be answered")),
    "shelved": Look("violet", "pause", _("cannot be solved now")),
    "merged": Look("grey", "layers", _("merged into another")),
    "closed": Look("ok", "circle-check", _("case closed")),
    "voided": Look("grey", "circle-x", _("voided")),
}


ASKS: dict[str, Look] = {
    "dispute": Look("violet", "scale", _("in dispute")),
    "extension": Look("warn", "hourglass", _("more time asked for")),
    "stop": Look("warn", "circle-pause", _("a stop asked for")),
    "unsolvable": Look("warn", "archive", _("giving up asked for")),
    "reopening": Look("warn", "rotate-ccw", _("reopening asked for")),
}
"""What waits for a decision, beside the stage, which stays what it was until then."""


def ask_look(effect: str) -> Look:
    """Return how something asked for is shown; what a procedure brought itself is a request."""
    return ASKS.get(effect, Look("warn", "hourglass", _("a decision asked for")))


def look_of(stage: str) -> Look:
    """Return how a stage is shown; a stage nobody foresaw is shown plainly, not hidden."""
    return STAGES.get(stage, UNKNOWN)
