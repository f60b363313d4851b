"""The text of a bulletin as data: what an office writes once and figures fill every month.

A program brings its own (`bulletins/*.yaml`); the package has one for each language. Names in
braces are figures of the frozen round (`frozen_figures` lists them) or words such as `{place}`; a
name that the round does not hold is refused when the bulletin is made.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal

import msgspec
import yaml

from townkeeper.publication.typeset.document import Language

TableName = Literal["", "ranking", "figures", "overdue"]


class TemplateSection(msgspec.Struct, frozen=True, kw_only=True):
    """One section: a heading with its number, a text with figures, and a table to attach."""

    title: str
    text: str
    table: TableName = ""


class Template(msgspec.Struct, frozen=True, kw_only=True):
    """One bulletin in one language."""

    bulletin: str
    scheme: str
    language: Language
    title: dict[str, str]
    masthead: str
    issuer: str
    number: str
    recipients: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()
    printed_by: str = ""
    opening: str = ""
    closing: str = ""
    sections: tuple[TemplateSection, ...]
    place: dict[str, str] = {}
    """The name of the place by language; the top unit's name where it is empty."""


def read_template(data: Mapping[str, Any]) -> Template:
    """Return the template in a program's data; raise msgspec.ValidationError if it is none.

    Keys that say where a text comes from (`source`, `decide` …) are left aside.
    """
    return msgspec.convert(dict(data), Template)


@cache
def default_template(language: Language) -> Template:
    """Return the package's own bulletin in a language."""
    path = Path(__file__).with_name("default_bulletins.yaml")
    return read_template(yaml.safe_load(path.read_text(encoding="utf-8"))[language])
