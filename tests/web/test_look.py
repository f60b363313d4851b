"""The look: contrasts, templates without scripts, icons that exist, files of the lock."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WEB = ROOT / "src" / "townkeeper" / "web"
STATIC = WEB / "static" / "townkeeper"
TEMPLATES = sorted((WEB / "templates").rglob("*.html"))
TOKEN = re.compile(r"(--[\w-]+):\s*(#[0-9a-fA-F]{3,6})\b")
CHINESE = re.compile(r"[\u3400-\u9fff]")

TEXT_PAIRS = [
    (text, ground)
    for ground in ("--surface", "--bg", "--surface-2", "--hover", "--select")
    for text in ("--ink", "--ink-2", "--brand-600", "--brand-700")
] + [
    ("--ink-3", "--surface"),
    ("--ink-3", "--bg"),
    ("--ink-3", "--surface-2"),
    ("--ink-3", "--hover"),
    ("--info", "--info-bg"),
    ("--ok", "--ok-bg"),
    ("--warn", "--warn-bg"),
    ("--bad", "--bad-bg"),
    ("--violet", "--violet-bg"),
    ("--ink-2", "--grey-bg"),
    ("--warn", "--surface"),
    ("--bad", "--surface"),
    ("--ok", "--surface"),
    ("--warn", "--glow-warn"),
    ("--bad", "--glow-bad"),
    ("--brand-700", "--glow-ok"),
    ("--brand-700", "--brand-50"),
    ("--on-brand", "--brand-600"),
    ("--frame-ink", "--frame"),
    ("--frame-ink-2", "--frame"),
]
SHAPE_PAIRS = [
    ("--field", "--surface"),
    ("--focus", "--surface"),
    ("--focus", "--bg"),
    ("--card-r", "--surface"),
    ("--brand-500", "--surface"),
]


def tokens(*names: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for name in names:
        found |= dict(TOKEN.findall((STATIC / name).read_text(encoding="utf-8")))
    return found


def luminance(colour: str) -> float:
    digits = colour[1:]
    if len(digits) == 3:
        digits = "".join(letter * 2 for letter in digits)
    parts = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """The ratio of WCAG 2.2, 1.4.3."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_stands_out_from_its_ground(theme):
    known = tokens("ui.css") if theme == "light" else tokens("ui.css", "dark.css")
    weak = {
        f"{text} on {ground}": round(ratio, 2)
        for text, ground in TEXT_PAIRS
        if (ratio := contrast(known[text], known[ground])) < 4.5
    }
    assert not weak


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_borders_focus_and_cards_stand_out(theme):
    known = tokens("ui.css") if theme == "light" else tokens("ui.css", "dark.css")
    weak = {
        f"{shape} on {ground}": round(ratio, 2)
        for shape, ground in SHAPE_PAIRS
        if (ratio := contrast(known[shape], known[ground])) < 3
    }
    assert not weak


def test_dark_names_only_tokens_that_light_has():
    assert set(tokens("dark.css")) <= set(tokens("ui.css"))


def test_every_token_used_exists():
    text = (STATIC / "ui.css").read_text(encoding="utf-8")
    own = {"--v", "--w", "--m", "--a"}  # set on elements by their value
    used = set(re.findall(r"var\((--[\w-]+)", text)) - own
    assert used <= set(re.findall(r"(--[\w-]+):", text))


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_templates_hold_no_script_and_no_literal_chinese(path):
    text = path.read_text(encoding="utf-8")
    scripts = [tag for tag in re.findall(r"<script\b[^>]*>", text) if " src=" not in tag]
    assert not scripts
    assert not re.search(r"<[^>]*\son[a-z]+\s*=", text)
    assert "<style" not in text
    assert "javascript:" not in text
    assert not CHINESE.search(text)


def test_code_of_the_faces_holds_no_literal_chinese():
    found = [
        str(path.relative_to(ROOT))
        for path in sorted(WEB.rglob("*.py"))
        if CHINESE.search(path.read_text(encoding="utf-8"))
    ]
    assert not found


def test_every_icon_that_is_named_is_in_the_sprite():
    there = set(re.findall(r'<symbol id="([^"]+)"', (STATIC / "icons.svg").read_text()))
    text = "\n".join(path.read_text(encoding="utf-8") for path in TEMPLATES)
    named = set(re.findall(r'{% icon "([^"]+)"', text)) | set(re.findall(r' icon="([^"]+)"', text))
    named |= set(re.findall(r'{% tag \w+ "\w+" "([^"]+)"', text))
    assert len(named) > 30
    assert named <= there


def test_icons_of_stages_and_history_are_in_the_sprite():
    from townkeeper.web.stages import STAGES, UNKNOWN

    there = set(re.findall(r'<symbol id="([^"]+)"', (STATIC / "icons.svg").read_text()))
    assert {look.icon for look in (*STAGES.values(), UNKNOWN)} <= there
    code = (WEB / "journal_words.py").read_text(encoding="utf-8")
    assert set(re.findall(r'], "([a-z-]+)", "', code)) <= there


def test_vendored_files_are_those_of_the_lock():
    done = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "vendor.py"), "--check"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_a_changed_vendored_file_is_named(monkeypatch, tmp_path):
    sys.path.insert(0, str(ROOT / "tools"))
    try:
        import vendor
    finally:
        sys.path.pop(0)
    monkeypatch.setattr(vendor, "STATIC", tmp_path)
    (tmp_path / "icons.svg").write_bytes(b"<svg/>")
    lock = {"packages": [{"sha256": {"icons.svg": vendor.sha256(b"<svg></svg>")}}]}
    assert vendor.changed(lock) == ["icons.svg"]
    lock = {"packages": [{"sha256": {"icons.svg": vendor.sha256(b"<svg/>")}}]}
    assert vendor.changed(lock) == []


def test_no_source_map_is_asked_for():
    """Hashed static files stop at a map that is not shipped."""
    for path in (STATIC / "vendor").glob("*.js"):
        assert "sourceMappingURL" not in path.read_text(encoding="utf-8")
