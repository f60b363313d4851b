"""Gathers the translations that lie beside the code into the two Chinese catalogues.

`python tools/catalogues.py` reads `locale/fragments/*.tsv` (English source, Simplified,
Traditional; tab-separated), writes `django.po` and compiles `django.mo`, so that nobody who runs
the product needs gettext. `--check` writes nothing and names what is missing or stale.
Traditional text that a fragment leaves empty is derived with OpenCC and the glossary below.
"""

import argparse
import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import polib
from django.conf import settings
from django.utils.translation.template import templatize
from opencc import OpenCC

SOURCE = Path(__file__).parents[1] / "src" / "townkeeper"
LOCALE = SOURCE / "locale"
FOLDERS = {"zh_Hans": 0, "zh_Hant": 1}
ONE = {"gettext", "gettext_lazy", "gettext_noop"}
TWO = {"ngettext", "ngettext_lazy"}
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%%")
COLUMNS = 3
GLOSSARY = {
    "用户": "用戶", "排汙": "排污", "制證": "製證", "裏": "裡", "麪": "面", "啓": "啟",
    "併發布": "並發布", "佈": "布",
}  # fmt: skip
"""Where OpenCC's Hong Kong table differs from the words of the field (UI 9)."""
CALL = re.compile(r"\b(n?gettext|_)\(")


@dataclass
class Message:
    """One translatable text of the source and where it stands."""

    one: str
    many: str = ""
    places: list[str] = field(default_factory=list)


@dataclass
class Gathered:
    """Everything found on the way, with what is wrong."""

    messages: dict[str, Message] = field(default_factory=dict)
    words: dict[str, tuple[str, str]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def add(self, one: str, many: str, place: str) -> None:
        known = self.messages.setdefault(one, Message(one, many))
        known.many = known.many or many
        if place not in known.places:
            known.places.append(place)


def constants(call: ast.Call) -> list[str]:
    return [
        part.value
        for part in call.args
        if isinstance(part, ast.Constant) and isinstance(part.value, str)
    ]


def names_of_gettext(tree: ast.Module) -> dict[str, str]:
    """Return what gettext's functions are called in a module: `{"_": "gettext_lazy"}`."""
    return {
        alias.asname or alias.name: alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.name in ONE | TWO
    }


def from_python(text: str) -> Iterator[tuple[str, str]]:
    tree = ast.parse(text)
    names = names_of_gettext(tree)
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        kind = names.get(node.func.id)
        texts = constants(node)
        if kind in ONE and texts:
            yield texts[0], ""
        elif kind in TWO and len(texts) >= 2:  # noqa: PLR2004 - singular and plural
            yield texts[0], texts[1]


def from_template(text: str) -> Iterator[tuple[str, str]]:
    """Read a template as Django's own makemessages does."""
    plain = templatize(text)
    for found in CALL.finditer(plain):
        rest = plain[found.start() :]
        end = closing(rest)
        try:
            call = ast.parse(re.sub(r"^(\w+)\(u?", r"\1(", rest[:end]), mode="eval").body
        except SyntaxError:
            continue
        if isinstance(call, ast.Call):
            texts = constants(call)
            if texts:
                yield texts[0], texts[1] if found[1] == "ngettext" and len(texts) > 1 else ""


def closing(text: str) -> int:
    """Return where the call that begins the text ends."""
    quote, depth, i = "", 0, 0
    while i < len(text):
        letter = text[i]
        if quote:
            if letter == "\\":
                i += 1
            elif letter == quote:
                quote = ""
        elif letter in "'\"":
            quote = letter
        elif letter == "(":
            depth += 1
        elif letter == ")":
            depth -= 1
            if depth == 0:
                return i + 1
        i += 1
    return i


def read_source(into: Gathered) -> None:
    for path in sorted(SOURCE.rglob("*")):
        parts = path.relative_to(SOURCE).parts
        if "migrations" in parts or "static" in parts or not path.is_file():
            continue
        if path.suffix == ".py":
            found = from_python(path.read_text(encoding="utf-8"))
        elif "templates" in parts and path.suffix in {".html", ".txt", ".svg"}:
            found = from_template(path.read_text(encoding="utf-8"))
        else:
            continue
        for one, many in found:
            into.add(one, many, path.relative_to(SOURCE).as_posix())


def plain(cell: str) -> str:
    return cell.replace("\\n", "\n").replace("\\t", "\t").strip(" \r")


def read_fragments(into: Gathered) -> None:
    origin: dict[str, str] = {}
    for path in sorted((LOCALE / "fragments").glob("*.tsv")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if not line.strip() or line.startswith("#"):
                continue
            cells = [plain(cell) for cell in line.split("\t")]
            cells += [""] * (COLUMNS - len(cells))
            key, simplified, traditional = cells[:COLUMNS]
            where = f"{path.name}:{number}"
            if not simplified:
                into.problems.append(f"{where}: no Simplified text for {key!r}")
            both = (simplified, traditional or derive(simplified))
            known = into.words.setdefault(key, both)
            if known != both:
                into.problems.append(
                    f"{where}: {key!r} is {known} in {origin[key]} and {both} here"
                )
            origin.setdefault(key, where)


@cache
def converter() -> OpenCC:
    """Return the table, which takes a while to read, once."""
    return OpenCC("s2hk")


def derive(simplified: str) -> str:
    """Turn Simplified into Traditional as Hong Kong writes it, sparing placeholders and tags."""
    parts = re.split(r"(%\(\w+\)[a-z]|\{\w*\}|<[^>]+>)", simplified)
    text = "".join(p if i % 2 else converter().convert(p) for i, p in enumerate(parts))
    for wrong, right in GLOSSARY.items():
        text = text.replace(wrong, right)
    return text


def compare(gathered: Gathered) -> None:
    """Note what is missing and placeholders that were lost."""
    for key, message in gathered.messages.items():
        if key and key not in gathered.words:
            gathered.problems.append(f"{message.places[0]}: no translation of {key!r}")
    for key, texts in gathered.words.items():
        message = gathered.messages.get(key)
        wanted = set(PLACEHOLDER.findall(key))
        allowed = wanted | set(PLACEHOLDER.findall(message.many if message else ""))
        for text in texts:
            there = set(PLACEHOLDER.findall(text))
            if not wanted <= there or not there <= allowed:
                gathered.problems.append(f"placeholders differ: {key!r} → {text!r}")


def build(gathered: Gathered, folder: str) -> polib.POFile:
    catalogue = polib.POFile(wrapwidth=100)
    catalogue.metadata = {
        "Project-Id-Version": "Townkeeper",
        "Language": folder,
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
        "Plural-Forms": "nplurals=1; plural=0;",
    }
    for key in sorted(gathered.words):
        message = gathered.messages.get(key, Message(key))
        text = gathered.words[key][FOLDERS[folder]]
        entry = polib.POEntry(msgid=key, occurrences=[(place, "") for place in message.places])
        if message.many:
            entry.msgid_plural, entry.msgstr_plural = message.many, {0: text}
        else:
            entry.msgstr = text
        if PLACEHOLDER.search(key):
            entry.flags.append("python-format")
        catalogue.append(entry)
    return catalogue


def is_stale(folder: str, catalogue: polib.POFile) -> bool:
    base = LOCALE / folder / "LC_MESSAGES"
    text = base / "django.po"
    compiled = base / "django.mo"
    return (
        not text.exists()
        or not compiled.exists()
        or text.read_text(encoding="utf-8") != str(catalogue) + "\n"
        or compiled.read_bytes() != catalogue.to_binary()
    )


def write(folder: str, catalogue: polib.POFile) -> None:
    base = LOCALE / folder / "LC_MESSAGES"
    base.mkdir(parents=True, exist_ok=True)
    (base / "django.po").write_text(str(catalogue) + "\n", encoding="utf-8")
    (base / "django.mo").write_bytes(catalogue.to_binary())


def problems() -> list[str]:
    """Return everything that keeps the catalogues from being complete and fresh."""
    gathered = gather()
    stale = [
        f"{folder}: stale, run `.venv/bin/python tools/catalogues.py`"
        for folder in FOLDERS
        if is_stale(folder, build(gathered, folder))
    ]
    return gathered.problems + stale


def gather() -> Gathered:
    if not settings.configured:
        settings.configure(USE_I18N=True)
    gathered = Gathered()
    read_source(gathered)
    read_fragments(gathered)
    compare(gathered)
    return gathered


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--missing", action="store_true", help="print missing texts as TSV rows")
    args = parser.parse_args()
    if args.check:
        found = problems()
        print("\n".join(found))
        return 1 if found else 0
    gathered = gather()
    if args.missing:
        for key, message in sorted(gathered.messages.items()):
            if key and key not in gathered.words:
                print(f"{key!r}\t{message.places[0]}")
        return 0
    for folder in FOLDERS:
        write(folder, build(gathered, folder))
    print("\n".join(gathered.problems))
    print(f"{len(gathered.words)} texts, {len(gathered.problems)} problems")
    return 1 if gathered.problems else 0


if __name__ == "__main__":
    sys.exit(main())
