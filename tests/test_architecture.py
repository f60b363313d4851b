"""What the import linter cannot see: keys, sizes, journals, settings, and what leaks into files."""

import ast
import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

from django.apps import apps
from django.db.models import ForeignKey, UniqueConstraint

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "townkeeper"
CONFIG = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
CONTRACTS = CONFIG["tool"]["importlinter"]["contracts"]
LAYERS = next(c["layers"] for c in CONTRACTS if c["id"] == "layers")
DEPTH = {
    name.strip(" ()"): depth for depth, layer in enumerate(LAYERS) for name in layer.split("|")
}
LONGEST_FILE = 600
LONGEST_FUNCTION = 40
WRITES = {
    "save", "create", "update", "delete", "bulk_create", "bulk_update", "get_or_create",
    "update_or_create",
}  # fmt: skip
SEES = ("visible_to(", "public(")


def sources(folder: Path = SOURCE) -> Iterator[tuple[str, str]]:
    for path in sorted(folder.rglob("*.py")):
        if "migrations" not in path.parts:
            yield str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")


def functions(text: str) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def app_of(model):
    package, app, *_ = model.__module__.split(".")
    return app if package == "townkeeper" else None


def own_models():
    return [model for model in apps.get_models() if app_of(model)]


def foreign_keys():
    for model in own_models():
        for field in model._meta.local_fields:
            if isinstance(field, ForeignKey):
                yield model, field


def test_foreign_keys_point_downward():
    wrong = [
        f"{model.__name__}.{field.name} points up to {there}"
        for model in own_models()
        for field in model._meta.get_fields()
        if field.is_relation and not field.auto_created and field.related_model
        for here, there in [(app_of(model), app_of(field.related_model))]
        if there and here != there and DEPTH[here] >= DEPTH[there]
    ]
    assert not wrong


def leading_columns(model) -> list[str]:
    """The first column of every index, however it was made."""
    meta = model._meta
    firsts = [index.fields[0].lstrip("-") for index in meta.indexes if index.fields]
    firsts += [
        rule.fields[0]
        for rule in meta.constraints
        if isinstance(rule, UniqueConstraint) and rule.fields
    ]
    firsts += [names[0] for names in meta.unique_together]
    return firsts


def test_every_foreign_key_has_an_index():
    bare = [
        f"{model.__name__}.{field.name}"
        for model, field in foreign_keys()
        if not (field.db_index or field.unique or field.primary_key)
        and field.name not in leading_columns(model)
    ]
    assert not bare


def test_no_foreign_key_is_indexed_twice():
    twice = [
        f"{model.__name__}.{field.name}"
        for model, field in foreign_keys()
        if field.db_index
        and [field.name] in [list(i.fields) for i in model._meta.indexes if i.condition is None]
    ]
    assert not twice


def test_every_reverse_name_is_set():
    unnamed = [
        f"{model.__name__}.{field.name}"
        for model, field in foreign_keys()
        if app_of(field.related_model) and field.remote_field.related_name is None
    ]
    assert not unnamed


def test_no_file_outgrows_600_lines():
    sizes = {name: text.count("\n") for name, text in sources()}
    assert not {name: size for name, size in sizes.items() if size > LONGEST_FILE}


def length_of(node) -> int:
    """Lines of a function without its decorators and docstring."""
    first = node.body[0]
    size = node.end_lineno - node.lineno + 1
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
        size -= first.end_lineno - first.lineno + 1
    return size


def test_no_function_outgrows_40_lines():
    long = {
        f"{name}:{node.name}": length_of(node)
        for folder in (SOURCE, ROOT / "tools")
        for name, text in sources(folder)
        for node in functions(text)
        if length_of(node) > LONGEST_FUNCTION
    }
    assert not long


def called_names(node) -> set[str]:
    names = set()
    for part in ast.walk(node):
        if isinstance(part, ast.Call):
            if isinstance(part.func, ast.Name):
                names.add(part.func.id)
            elif isinstance(part.func, ast.Attribute):
                names.add(part.func.attr)
    return names


def journaling_imports(tree: ast.Module) -> set[str]:
    """Names from elsewhere that write history themselves: the journal's, and other actions."""
    return {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        and re.fullmatch(r"townkeeper\.(\w+\.actions|cases\._\w+|cases\.intake)", node.module or "")
        for alias in node.names
        if alias.name not in {"touch_registers", "registers_stamp", "json_line"}
    }


def test_every_public_action_that_writes_journals():
    silent = []
    for name, text in sources():
        if not name.endswith("/actions.py") or "/journal/" in name:
            continue
        tree = ast.parse(text)
        own = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
        recording = journaling_imports(tree)
        while True:
            more = {key for key, node in own.items() if called_names(node) & recording}
            if more <= recording:
                break
            recording |= more
        silent += [
            f"{name}:{key}"
            for key, node in own.items()
            if not key.startswith("_") and called_names(node) & WRITES and key not in recording
        ]
    assert not silent


def guarded_models() -> set[str]:
    """Models that offer `visible_to`; the names of units are no secret."""
    names = {
        model.__name__ for model in own_models() if hasattr(model._default_manager, "visible_to")
    }
    assert "Case" in names
    return names - {"Unit"}


def test_pages_fetch_only_what_the_person_may_see():
    """In `web` a guarded model is fetched by `.visible_to(user)` or `.public()` only."""
    guarded = guarded_models()
    loose = []
    for name, text in sources(SOURCE / "web"):
        for statement in ast.walk(ast.parse(text)):
            if not isinstance(statement, ast.stmt) or hasattr(statement, "body"):
                continue
            managers = [
                part
                for part in ast.walk(statement)
                if isinstance(part, ast.Attribute)
                and part.attr == "objects"
                and ast.unparse(part.value) in guarded
            ]
            words = ast.unparse(statement)
            if managers and not any(word in words for word in SEES):
                loose.append(f"{name}:{statement.lineno}: {words[:80]}")
    assert not loose


def test_templates_style_by_custom_properties_only():
    """A figure may reach a bar as `--v`; everything else belongs to the style sheet."""
    loose = [
        f"{path.relative_to(ROOT)}: {found}"
        for path in sorted((SOURCE / "web" / "templates").rglob("*.html"))
        for found in re.findall(r"style=\"([^\"]*)\"", path.read_text(encoding="utf-8"))
        if not all(part.strip().startswith("--") for part in found.split(";") if part.strip())
    ]
    assert not loose


def environment_names() -> set[str]:
    """Names that the code reads from the environment, found by their form."""
    found = set()
    for _name, text in sources():
        found |= set(re.findall(r"\b(TOWNKEEPER_[A-Z_]+[A-Z]|DATABASE_URL|PG_BIN)\b", text))
    launcher = (ROOT / "townkeeper").read_text(encoding="utf-8")
    return found | set(re.findall(r"\bTOWNKEEPER_[A-Z_]+[A-Z]\b", launcher))


def test_every_setting_is_documented():
    page = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"^\| `([A-Z_]+)` \|", page, flags=re.MULTILINE))
    assert environment_names() == documented


def tracked_files() -> list[Path]:
    done = subprocess.run(
        ["git", "ls-files", "-z"],  # noqa: S607 - whichever git the developer has
        cwd=ROOT, capture_output=True, check=False, text=True,
    )  # fmt: skip
    if done.returncode == 0:
        return [ROOT / name for name in done.stdout.split("\0") if name]
    outside = {".venv", "var", ".git"}
    return [
        path
        for path in ROOT.rglob("*")
        if path.is_file() and not outside & set(path.relative_to(ROOT).parts)
    ]


def test_no_place_of_a_developer_and_no_registry_is_named():
    """A checkout works wherever it lies and whatever mirror its packages come from."""
    words = [
        "/wo" + "rk/",
        "/ro" + "ot/",
        "py" + "pi.org",
        "python" + "hosted",
        "registry.npm" + "js",
    ]
    pattern = re.compile("|".join(map(re.escape, words)))
    named = []
    for path in tracked_files():
        if path == Path(__file__) or path.suffix in {".whl", ".png", ".woff2", ".mo"}:
            continue
        try:
            text = path.read_text(encoding="utf-8")
        except (UnicodeDecodeError, FileNotFoundError):
            continue
        found = pattern.search(text)
        if found:
            named.append(f"{path.relative_to(ROOT)}: {found[0]}")
    assert not named


def pins(name: str) -> set[str]:
    text = (ROOT / name).read_text(encoding="utf-8")
    return set(re.findall(r"^[A-Za-z0-9][\w.-]*==[^ ;\\]+", text, flags=re.MULTILINE))


def test_the_development_lock_holds_the_other_one():
    """The launcher takes an installation of the one for an installation of both."""
    assert pins("requirements.lock") <= pins("requirements-dev.lock")


def test_every_locked_package_has_a_hash():
    for name in ("requirements.lock", "requirements-dev.lock"):
        text = (ROOT / name).read_text(encoding="utf-8")
        blocks = re.split(r"\n(?=[A-Za-z0-9])", text)
        bare = [b.split()[0] for b in blocks if "==" in b.split("\n")[0] and "--hash=" not in b]
        assert not bare
