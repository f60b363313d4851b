"""Reads a YAML file with the line of every value, so that an error can say where it is.

Every plain value is text: `07`, `No` and `2011-07-01` stay what was written, and the schema
decides what they are. Only an empty value, `null` and `~` are nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import pydantic
import yaml
from django.utils.translation import gettext_lazy as _

from townkeeper.kit.errors import Problem

Spot = tuple[str | int, ...]
M = TypeVar("M", bound=pydantic.BaseModel)


@dataclass
class YamlFile:
    """The data of one file and where each part of it stands."""

    path: Path
    data: object
    lines: dict[Spot, int] = field(default_factory=dict)

    def where(self, spot: Iterable[str | int] = ()) -> str:
        """Return `file:line` of a value, or of the nearest part around it."""
        place = tuple(spot)
        while place and place not in self.lines:
            place = place[:-1]
        return f"{self.path.name}:{self.lines.get(place, 1)}"


def read_yaml(path: Path) -> YamlFile:
    """Read one file; what is wrong with its writing is a Problem with its line."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise Problem("file-missing", _("There is no such file."), where=str(path)) from None
    except UnicodeDecodeError as error:
        raise Problem(
            "encoding-wrong",
            _("The file is not UTF-8."),
            where=path.name,
            hint=_("Save it as UTF-8 in your editor."),
        ) from error
    file = YamlFile(path, None)
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise Problem(
            "yaml-broken",
            _("The file is not readable YAML: %(reason)s.") % {"reason": error.problem},
            where=f"{path.name}:{mark.line + 1 if mark else 1}",
            hint=_("Look at the indentation and at colons and quotation marks of this line."),
        ) from error
    except yaml.YAMLError as error:
        raise Problem("yaml-broken", str(error), where=path.name) from error
    file.data = _plain(node, (), file) if node is not None else {}
    return file


def _plain(node: yaml.Node, spot: Spot, file: YamlFile) -> object:
    """Turn a node into text, lists and mappings, and remember its line."""
    file.lines.setdefault(spot, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        found: dict[str, object] = {}
        for key_node, value_node in node.value:
            key = str(key_node.value)
            if key in found:
                raise Problem(
                    "key-twice",
                    _("“%(key)s” stands here twice.") % {"key": key},
                    where=f"{file.path.name}:{key_node.start_mark.line + 1}",
                )
            file.lines[*spot, key] = key_node.start_mark.line + 1
            found[key] = _plain(value_node, (*spot, key), file)
        return found
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item, (*spot, i), file) for i, item in enumerate(node.value)]
    is_plain = isinstance(node, yaml.ScalarNode) and node.style is None
    return None if is_plain and node.tag == "tag:yaml.org,2002:null" else node.value


def validated(file: YamlFile, schema: type[M]) -> M:
    """Return the data as `schema`; everything that does not fit is told at once, line by line."""
    try:
        return schema.model_validate(file.data)
    except pydantic.ValidationError as error:
        found = error.errors()
        lines = [f"{file.where(_spot(item['loc']))}: {_said(item)}" for item in found]
        raise Problem(
            "file-invalid",
            "\n".join([_said(found[0]), *lines[1:]]),
            where=file.where(_spot(found[0]["loc"])),
        ) from error


def _spot(place: tuple[int | str, ...]) -> Spot:
    return tuple(part for part in place if part != "[key]")


def _said(item: object) -> str:
    """Say a finding of the schema in words of the person."""
    assert isinstance(item, dict)  # noqa: S101 - pydantic's error details
    name = ".".join(str(part) for part in item["loc"])
    if item["type"] == "missing":
        return str(_("“%(name)s” is missing.") % {"name": name})
    if item["type"] == "extra_forbidden":
        return str(_("“%(name)s” is not known here.") % {"name": name})
    if item["type"] == "literal_error":
        allowed = item.get("ctx", {}).get("expected", "")
        return str(_("“%(name)s” must be %(allowed)s.") % {"name": name, "allowed": allowed})
    return f"{name}: {item['msg']}"
