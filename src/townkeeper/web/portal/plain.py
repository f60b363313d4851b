"""Text of the public as it comes: what no page, file or database can hold is left out."""

from typing import ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _
from typing_extensions import override

from townkeeper.cases.intake import NOT_TEXT


def plain(text: str) -> str:
    """Return a text without control characters and with one kind of line end.

    They come along when somebody pastes; a person cannot see them, so refusing them helps nobody.
    """
    return NOT_TEXT.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


class PlainField(forms.CharField):
    """A field for words that people type or paste."""

    default_error_messages: ClassVar = {
        "max_length": _("These are %(show_value)d characters; %(limit_value)d fit."),
    }

    @override
    def to_python(self, value: object) -> str | None:
        return super().to_python(plain(value) if isinstance(value, str) else value)
