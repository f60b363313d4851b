"""Finds the unit, area or category that a word in a spreadsheet means."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import replace
from hashlib import sha256
from typing import Final, Generic, TypeVar

from pypinyin import lazy_pinyin

from townkeeper.duties.models import Category
from townkeeper.duties.register import CategoryRow, Register, UnitRow
from townkeeper.journal.actions import touch_registers
from townkeeper.units.actions import add_unit
from townkeeper.units.models import Unit

R = TypeVar("R", CategoryRow, UnitRow)

TERRITORIES: Final = ("province", "city", "county", "township", "village")
SLUG_MAX: Final = 40


def folded(text: str) -> str:
    """Return a name as names are compared: width, case and spaces do not matter."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def slug(name: str, *, longest: int = SLUG_MAX) -> str:
    """Return a short ASCII key for a name, Chinese by its sound: `schedule-a-bulk-item-pickup`."""
    latin = "-".join(lazy_pinyin(name)) if not name.isascii() else name
    plain = unicodedata.normalize("NFKD", latin).encode("ascii", "ignore").decode().lower()
    key = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    if len(key) <= longest and key:
        return key
    mark = sha256(name.encode()).hexdigest()[:6]
    return f"{key[: longest - 7].strip('-')}-{mark}".strip("-")


class Names(Generic[R]):
    """Words by which rows are known, the surest first: code, name, alias."""

    def __init__(self) -> None:
        self.by_word: dict[str, list[R]] = {}

    def add(self, row: R, words: Iterable[object]) -> None:
        """Let a row be found by these words, unless it already is."""
        for word in words:
            rows = self.by_word.setdefault(folded(str(word)), [])
            if row not in rows and word:
                rows.append(row)

    def find(self, word: str) -> list[R]:
        """Return the rows known by a word."""
        return self.by_word.get(folded(word), [])


class Resolver:
    """Units, areas and categories of the loaded program by any of their names."""

    def __init__(self, register: Register) -> None:
        self.register = register
        self.codes: Names[UnitRow] = Names()
        self.units: Names[UnitRow] = Names()
        self.areas: Names[UnitRow] = Names()
        self.keys: Names[CategoryRow] = Names()
        self.categories: Names[CategoryRow] = Names()
        self.parents: dict[int, str] = {}
        self._read_units()
        self._read_categories()

    def _read_units(self) -> None:
        for unit in Unit.objects.order_by("path"):
            row = self.register.units.get(unit.pk)
            if row is None:
                continue
            self.codes.add(row, [unit.code])
            words = [unit.name, *unit.names.values(), *unit.aliases]
            self.units.add(row, words)
            if unit.kind in TERRITORIES:
                self.areas.add(row, words)

    def _read_categories(self) -> None:
        for category in Category.objects.order_by("pk"):
            row = self.register.categories.get(category.pk)
            if row is not None:
                self._add_category(
                    row, [category.name, *category.names.values(), *category.aliases]
                )

    def _add_category(self, row: CategoryRow, words: Iterable[object]) -> None:
        self.keys.add(row, [row.key, row.key.rpartition("/")[2]])
        self.categories.add(row, words)

    def unit(self, word: str) -> list[UnitRow]:
        """Return the units that a word may mean; one is an answer."""
        return self.codes.find(word) or self.units.find(word)

    def area(self, word: str) -> list[UnitRow]:
        """Return the areas that a word may mean, places before offices."""
        return self.codes.find(word) or self.areas.find(word) or self.units.find(word)

    def category(self, word: str, parent: str = "") -> list[CategoryRow]:
        """Return the categories that a word may mean; the parent's name and leaves decide."""
        rows = self.keys.find(word) or self.categories.find(word)
        if len(rows) > 1 and parent:
            above = {row.id for row in self.categories.find(parent)}
            rows = [row for row in rows if row.parent in above] or rows
        if len(rows) > 1:
            inner = {row.parent for row in self.register.categories.values()}
            rows = [row for row in rows if row.id not in inner] or rows
        return rows

    def create_unit(self, name: str, *, is_area: bool, actor: str) -> UnitRow:
        """Add a unit below the root for a name that nobody knows."""
        root = self.register.root
        parent = Unit.objects.get(pk=root.id) if root else None
        kind = Unit.Kind.TOWNSHIP if is_area else Unit.Kind.OTHER
        stem = f"{parent.code}-" if parent else ""
        code = stem + slug(name, longest=SLUG_MAX - len(stem))
        unit = add_unit(code, name=name[:120], kind=kind, parent=parent, actor=actor)
        row = UnitRow(unit.pk, code, unit.name, unit.path, unit.level, unit.kind, None, None)
        self.register = replace_unit(self.register, row)
        self.codes.add(row, [code])
        (self.areas if is_area else self.units).add(row, [name])
        return row

    def create_category(self, name: str, parent: str) -> CategoryRow:
        """Add a flagged local category, below its group if the file names one."""
        above = self.category(parent) if parent else []
        if parent and not above:
            above = [self.create_category(parent, "")]
        key = f"local/{slug(name)}"
        if key in self.register.category_by_key:
            key = f"local/{slug(f'{parent} {name}'.strip(), longest=50)}"
        category = Category.objects.create(
            key=key,
            kind=Category.Kind.LOCAL,
            name=name[:160],
            parent_id=above[0].id if above else None,
        )
        touch_registers()
        row = CategoryRow(category.pk, key, category.name, category.parent_id, "", is_used=True)
        self.register.categories[row.id] = self.register.category_by_key[key] = row
        self._add_category(row, [name])
        return row


def replace_unit(register: Register, row: UnitRow) -> Register:
    """Return the register with one more unit."""
    return replace(register, units={**register.units, row.id: row})
