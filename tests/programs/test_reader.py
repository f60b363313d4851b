"""Reading: plain data with lines, surprises of YAML left out, nothing that crashes the process."""

import random
from pathlib import Path

import pytest

from tests.programs.conftest import Copy
from townkeeper.kit.schema import LANGUAGES
from townkeeper.programs.check import check_program
from townkeeper.programs.encoding import decode, guess
from townkeeper.programs.reader import MAX_DEPTH, Document, read_text


def read(text: str) -> Document:
    return read_text(text, Document("x.yaml"))


def codes(text: str) -> list[tuple[str, int | None]]:
    return [(finding.code, finding.line) for finding in read(text).findings]


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("no", "no"),
        ("on", "on"),
        ("20:30", "20:30"),
        ("2026-07-01", "2026-07-01"),
        ("0110", "0110"),
        ("110", 110),
        ("1_000", "1_000"),
        ("-1.5", -1.5),
        ("1e3", "1e3"),
        (".nan", ".nan"),
        ("true", True),
        ("null", None),
        ("", None),
        ("'12'", "12"),
        ("=", "="),
        ("東興區", "東興區"),
    ],
)
def test_scalars_read_as_people_mean_them(written: str, value: object) -> None:
    document = read(f"key: {written}\n")
    assert document.data == {"key": value}
    assert document.findings == []


def test_every_value_knows_its_line() -> None:
    document = read("a: 1\nunits:\n  - code: X\n    name: {en: Y}\n  -\n    code: Z\n")
    assert document.line("a") == 1
    assert document.line("units", 0, "name", "en") == 4
    assert document.line("units", 1, "code") == 6
    assert document.line("units", 0, "nothing", "there") == 3


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("a: 1\nb: 2\na: 3\n", "duplicate-key", 3),
        ("a:\n\tb: 1\n", "tab", 2),
        ("a: &x 1\nb: *x\n", "alias", 2),
        ("a: *x\n", "alias", 1),
        ("a: !!python/name:os.system 1\n", "tag", 1),
        ("? [1, 2]\n: 3\n", "key-not-text", 1),
        ("a:\n  - b\n  c\n d: 1\n", "indent", 4),
        ("a:\n  b: 1\n   c: 2\n", "indent", 3),
        ("a: [1, 2\nb: 3\n", "unclosed", 1),
        ("a: {b: 1\nc: 2\n", "unclosed", 1),
        ('a: "text\nb: 3\n', "unclosed", 1),
        ("a: 1\nb\nc: 2\n", "colon-missing", 2),
        ("a: b: c\n", "colon-unexpected", 1),
        ("a: @here\n", "quote-needed", 1),
        ("a: - b\n", "dash-unexpected", 1),
        ("a: 'x' y\n", "after-value", 1),
        ("a: ]\n", "value-missing", 1),
        ("a: \x07\n", "character", 1),
        ("", "empty-file", 1),
        ("# only a remark\n", "empty-file", 1),
    ],
)
def test_mistakes_are_named_with_their_line(text: str, code: str, line: int) -> None:
    assert (code, line) in codes(text)


@pytest.mark.parametrize("text", ["[" * 100_000, "{a: " * 5_000, "- " * 5_000, "? " * 5_000])
def test_deep_nesting_does_not_crash_the_parser(text: str) -> None:
    assert [code for code, _line in codes(text)] == ["too-deep"]


def test_nesting_up_to_the_limit_is_read() -> None:
    assert codes("[" * MAX_DEPTH + "]" * MAX_DEPTH) == []


@pytest.mark.parametrize(
    ("encoding", "problem", "name"),
    [
        ("gbk", "legacy", "GBK"),
        ("big5", "legacy", "Big5"),
        ("utf-16", "utf16", "UTF-16 LE"),
        ("utf-16-be", "utf16", "UTF-16"),
        ("utf-8-sig", "bom", "UTF-8 BOM"),
        ("utf-8", "", "UTF-8"),
    ],
)
def test_encodings_are_told_apart(encoding: str, problem: str, name: str) -> None:
    text = "name: abc\n# 各區級部門的名稱和責任\n"
    text = (
        text.replace("級", "級") if encoding != "gbk" else "name: abc\n# 各区级部门的名称和责任\n"
    )
    decoded = decode(text.encode(encoding))
    assert (decoded.problem, decoded.encoding) == (problem, name)
    if problem == "legacy":
        assert decoded.line == 2
    assert guess(b"\xff\xfe\x80") == ""


@pytest.mark.slow
def test_random_damage_is_always_said_and_never_a_traceback(copy: Copy) -> None:
    """Twenty-five slips of the keyboard, the same ones in every run."""
    dice = random.Random(20111101)  # noqa: S311 - reproducible damage, no secret
    for large in ("duties.yaml", "categories.yaml", "places.yaml", "posts.yaml"):
        shorten(copy.path / large)
    files = sorted(copy.path.rglob("*.yaml"))
    slips = ["\t", " ", "\n", ":", "- ", '"', "[", "}", "&a ", "*a", "!x ", "|", "%", "一", "\x00"]
    for _ in range(25):
        file = dice.choice(files)
        text = file.read_text("utf-8")
        at = dice.randrange(len(text))
        cut = dice.choice([0, 0, 1, 5, 30])
        file.write_text(text[:at] + dice.choice(slips) + text[at + cut :], "utf-8")
        report = check_program(copy.path)
        for finding in report.findings:
            assert all(finding.message(language) for language in LANGUAGES)
        file.write_text(text, "utf-8")


def shorten(file: Path) -> None:
    """Keep the beginning of a long file, up to a whole entry, so that checking is quick."""
    lines = file.read_text("utf-8").split("\n")
    starts = [n for n, line in enumerate(lines) if line.startswith("  - ")]
    file.write_text("\n".join(lines[: starts[min(len(starts) - 1, 12)]]) + "\n", "utf-8")
