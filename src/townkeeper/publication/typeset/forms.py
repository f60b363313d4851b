"""Typesets a printed form from a template of this folder, its data and its pictures."""

import json
import shutil
import tempfile
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path

import typst

from townkeeper.publication.typeset.coverage import GETA, mark, missing
from townkeeper.publication.typeset.document import Language
from townkeeper.publication.typeset.fonts import FontSettings, choose, installed
from townkeeper.publication.typeset.layout import has_chinese, texts
from townkeeper.publication.typeset.pdf import failed


def form_pdf(
    template: str,
    data: Mapping[str, object],
    *,
    language: Language,
    day: date,
    pictures: Mapping[str, bytes],
    fonts: FontSettings | None = None,
) -> bytes:
    """Return the form as PDF; `pictures` lie beside the template under the names that it uses.

    The same data, pictures and fonts give the same bytes. Errors: Problem.
    """
    settings = fonts or FontSettings()
    choice = choose(settings, language, chinese=has_chinese(dict(data)))
    found = installed(settings)
    lost = missing({letter for text in texts(dict(data)) for letter in text}, found)
    page = mark(dict(data), lost, GETA if choice.has_chinese else "?")
    moment = datetime(day.year, day.month, day.day, tzinfo=UTC)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        shutil.copy(Path(__file__).with_name(template), root / template)
        for name, picture in pictures.items():
            (root / name).write_bytes(picture)
        payload = json.dumps({"fonts": choice.roles, "page": page}, ensure_ascii=False)
        compiler = typst.Compiler(
            root / template, root=root, font_paths=found, sys_inputs={"payload": payload}
        )
        return _compiled(compiler, moment)


def _compiled(compiler: typst.Compiler, moment: datetime) -> bytes:
    try:
        made, warnings = compiler.compile_with_warnings(
            format="pdf", timestamp=moment, pdf_standards=["1.7"]
        )
    except typst.TypstError as error:
        raise failed(error.message, error.hints) from error
    if warnings or not isinstance(made, bytes):
        raise failed("; ".join(warning.message for warning in warnings), [])
    return made
