"""Fits a document to its schema and says each misfit with its line, in people's words."""

import difflib
import types
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from townkeeper.programs.findings import Finding
from townkeeper.programs.reader import Document, Place

Model = TypeVar("Model", bound=BaseModel)

_CODES = {
    "missing": "key-missing",
    "extra_forbidden": "key-unknown",
    "string_type": "not-text",
    "int_type": "not-number",
    "int_parsing": "not-number",
    "int_from_float": "not-number",
    "float_type": "not-number",
    "float_parsing": "not-number",
    "decimal_parsing": "not-number",
    "decimal_type": "not-number",
    "bool_type": "not-flag",
    "bool_parsing": "not-flag",
    "list_type": "not-list",
    "tuple_type": "not-list",
    "dict_type": "not-mapping",
    "model_type": "not-mapping",
    "model_attributes_type": "not-mapping",
    "literal_error": "value-unknown",
    "union_tag_invalid": "value-unknown",
    "union_tag_not_found": "key-missing",
    "string_pattern_mismatch": "text-form",
    "string_too_long": "text-long",
    "string_too_short": "text-empty",
    "empty": "text-empty",
    "too_short": "list-empty",
    "date_type": "not-date",
    "date_parsing": "not-date",
    "date_from_datetime_parsing": "not-date",
    "date_from_datetime_inexact": "not-date",
    "greater_than": "number-range",
    "greater_than_equal": "number-range",
    "less_than": "number-range",
    "less_than_equal": "number-range",
    "language": "language-unknown",
    "code_not_quoted": "code-not-quoted",
    "hours": "hours-wrong",
    "time_zone": "time-zone-unknown",
}
"""Pydantic's name of an error → our code; any other is `schema` with pydantic's sentence."""


def near(word: str, known: Iterable[str]) -> str:
    """Return the known word that was probably meant, or an empty text."""
    return next(iter(difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)), "")


def meant(word: str, known: Iterable[str]) -> dict[str, str]:
    """Return “did you mean x?” by language, or nothing."""
    guess = near(word, known)
    if not guess:
        return {"": ""}
    return {
        "zh-Hant": f"是不是想寫 “{guess}”？",
        "zh-Hans": f"是不是想写 “{guess}”？",
        "en": f"Did you mean “{guess}”?",
    }


def fit(document: Document, model: type[Model]) -> Model | None:
    """Return the document as its schema, or None with findings added to the document."""
    if document.data is None:
        return None
    try:
        return model.model_validate(document.data)
    except ValidationError as error:
        details = error.errors(include_url=False)
        document.findings += [_finding(document, model, detail) for detail in details]
        return None


def _finding(document: Document, model: type[BaseModel], detail: ErrorDetails) -> Finding:
    place = _place(document, detail["loc"])
    code = _CODES.get(detail["type"], "schema")
    params: dict[str, object] = dict(detail.get("ctx") or {})
    params |= {
        "path": ".".join(str(part) for part in place),
        "key": str(detail["loc"][-1]) if detail["loc"] else "",
        "value": _shown(detail["input"]),
        "problem": detail["msg"].removeprefix("Value error, "),
        "bound": next((params[b] for b in ("gt", "ge", "lt", "le") if b in params), ""),
    }
    if detail["type"] == "union_tag_not_found":
        params["key"] = str(params.get("discriminator", "")).strip("'")
    if code in ("key-unknown", "key-missing"):
        known = _keys_at(model, place[:-1] if code == "key-unknown" else place)
        params["known"] = known
        params["meant"] = meant(str(params["key"]), known) if code == "key-unknown" else ""
    if code == "value-unknown":
        expected = str(params.get("expected") or params.get("expected_tags") or "")
        known = [
            word.strip(" '") for word in expected.replace(" or ", ", ").split(",") if word.strip()
        ]
        params["value"] = str(params.get("tag") or params["value"])
        params["known"] = known
        params["meant"] = meant(str(params["value"]), known)
    if "known" in params and isinstance(detail.get("ctx", {}).get("known"), list):
        params["known"] = detail["ctx"]["known"]
    return Finding(code, document.name, document.line(*place), params)


def _shown(value: object) -> str:
    text = "null" if value is None else str(value)
    return text if len(text) <= 60 else text[:57] + "…"  # noqa: PLR2004 - a line of a terminal


def _place(document: Document, loc: tuple[int | str, ...]) -> Place:
    """Return the place in the file; pydantic's own words for union members are left out."""
    place: Place = ()
    for part in loc:
        if (*place, part) in document.lines:
            place = (*place, part)
    return place


def _keys_at(model: type[BaseModel], place: Place) -> list[str]:
    """Return the keys that the schema knows at a place."""
    found: object = model
    for part in place:
        found = _inside(found, part)
    models = list(_models(found))
    return [field.alias or name for one in models for name, field in one.model_fields.items()]


def _inside(kind: object, part: str | int) -> object:
    for one in _members(kind):
        if isinstance(part, int) and get_origin(one) in (list, tuple):
            return get_args(one)[0]
        if isinstance(part, str) and get_origin(one) in (dict, Mapping):
            return get_args(one)[1]
        if isinstance(one, type) and issubclass(one, BaseModel) and isinstance(part, str):
            for name, field in one.model_fields.items():
                if part in (name, field.alias):
                    return field.annotation
    return Any


def _members(kind: object) -> list[object]:
    """Return the members of a union, without annotations."""
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        return [member for one in get_args(kind) for member in _members(one)]
    if hasattr(kind, "__metadata__"):
        return _members(get_args(kind)[0])
    return [kind]


def _models(kind: object) -> Iterable[type[BaseModel]]:
    for one in _members(kind):
        if isinstance(one, type) and issubclass(one, BaseModel):
            yield one
