"""A copy of the district that a test may break."""

import shutil
from pathlib import Path

import pytest

DONGXING = Path(__file__).parents[2] / "programs" / "dongxing"


class Copy:
    """A copy of the district in a temporary folder, without its 303 villages."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def edit(self, name: str, old: str, new: str) -> int:
        """Replace the first `old` in a file and return the line where it stood."""
        file = self.path / name
        text = file.read_text("utf-8")
        assert old in text, (name, old)
        line = text[: text.index(old)].count("\n") + 1
        file.write_text(text.replace(old, new, 1), "utf-8")
        return line

    def append(self, name: str, text: str) -> int:
        """Add text at the end of a file and return its first line."""
        file = self.path / name
        before = file.read_text("utf-8").rstrip("\n") + "\n"
        file.write_text(before + text, "utf-8")
        return before.count("\n") + 1

    def line_of(self, name: str, text: str) -> int:
        """Return the line on which a text stands."""
        content = (self.path / name).read_text("utf-8")
        return content[: content.index(text)].count("\n") + 1


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    folder = tmp_path / "dongxing"
    shutil.copytree(DONGXING, folder, ignore=shutil.ignore_patterns("villages.yaml"))
    return Copy(folder)
