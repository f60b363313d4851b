"""How a sent spreadsheet is read before its columns are chosen: sheet, row of names, delimiter.

All of it is found out; a person says it only where the first rows look wrong.
"""

from pathlib import Path
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from townkeeper.kit.sheets import Sheet, Table, find_table, header_name, open_sheet
from townkeeper.web.workshop.mapping_form import guess_columns

NEAR_TOP = 20
"""Rows among which the names of the columns are looked for."""
TAB = "tab"
DELIMITERS = (
    ("", _("found out")),
    (",", _("comma ,")),
    (";", _("semicolon ;")),
    (TAB, _("tab")),
    ("|", "|"),
    ("^", "^"),
    ("~", "~"),
    ("#", "#"),
)
ENCODINGS = (
    ("", _("found out")),
    ("utf-8", "UTF-8"),
    ("gb18030", "GB 18030 / GBK"),
    ("big5", "Big5"),
    ("utf-16", "UTF-16"),
)


class ReadForm(forms.Form):
    """What a person says about a file that was not read as it should be."""

    sheet = forms.ChoiceField(label=_("Sheet"), required=False)
    header_row = forms.IntegerField(
        label=_("Row with the names of the columns"), required=False, min_value=1, max_value=100
    )
    delimiter = forms.ChoiceField(label=_("Columns end with"), required=False, choices=DELIMITERS)
    encoding = forms.ChoiceField(label=_("Encoding"), required=False, choices=ENCODINGS)

    def __init__(self, data: Any, *, sheet: Sheet) -> None:  # noqa: ANN401 - what came by address
        super().__init__(data)
        if sheet.kind == "text":
            del self.fields["sheet"]
            return
        del self.fields["delimiter"], self.fields["encoding"]
        names = [("", _("found out")), *((name, name) for name in sheet.names)]
        self.fields["sheet"] = forms.ChoiceField(label=_("Sheet"), required=False, choices=names)

    def said(self) -> dict[str, Any]:
        """Return what was said as the part `table` of a mapping file; empty where nothing was."""
        if not self.is_valid():
            return {}
        found = {name: value for name, value in self.cleaned_data.items() if value}
        if found.get("delimiter") == TAB:
            found["delimiter"] = "\t"
        return found


def read_table(path: Path, said: dict[str, Any]) -> Table:
    """Open a file and find its table by what was said; the likeliest header where nothing was.

    Errors: `Problem` of the reader, in words, where the file cannot be read so.
    """
    sheet = open_sheet(
        path,
        encoding=said.get("encoding"),
        delimiter=said.get("delimiter"),
        sheet=said.get("sheet", ""),
    )
    if said.get("header_row"):
        return find_table(sheet, required=(), header_row=said["header_row"])
    one, row = _likeliest(sheet)
    return find_table(one, required=(), header_row=row)


def _likeliest(sheet: Sheet) -> tuple[Sheet, int]:
    """Return sheet and row with the most known headers; else the first row of several cells."""
    most, chosen = -1, (sheet, 0)
    for one in [sheet.named(name) for name in sheet.names] or [sheet]:
        for number, cells in one.rows():
            if number > NEAR_TOP:
                break
            names = [name for cell in cells if (name := header_name(cell))]
            known = len(guess_columns(names))
            if len(names) > 1 and known > most:
                most, chosen = known, (one, number)
    return chosen
