"""Writes `static/townkeeper/script.js`: entered text in the other Chinese script, on demand.

OpenCC is a tool of development (11 MB); pages need only its result for single characters, and for
the words in which a character goes another way than alone. The words are those of the pinyin
dictionary that the product has anyway. `--check` says whether the file is stale.
"""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from opencc import OpenCC
from pypinyin.phrases_dict import phrases_dict

TARGET = (
    Path(__file__).parents[1] / "src" / "townkeeper" / "web" / "static" / "townkeeper" / "script.js"
)
FIRST, LAST = 0x4E00, 0x9FFF
LONGEST = 4
GLOSSARY = {"裏": "裡", "麪": "面", "啓": "啟", "佈": "布", "併": "並"}
"""The same choices as in `tools/catalogues.py`."""
SCRIPT = """/* Made by tools/scripts.py from OpenCC (Apache-2.0): entered text in the other script.
   Characters, and the words in which one goes another way than alone; longest word first. */
(() => {{
  'use strict';
  const pairs = text => {{
    const map = new Map(), all = [...text];
    for (let i = 0; i < all.length; i += 2) map.set(all[i], all[i + 1]);
    return map;
  }};
  const words = text => new Map(text ? text.split(' ').map(each => each.split('=')) : []);
  const tables = {{
    hans: [pairs('{hans}'), words('{hans_words}')],
    hant: [pairs('{hant}'), words('{hant_words}')],
  }};
  window.TownScript = (text, to) => {{
    const [single, whole] = tables[to], all = [...text];
    let said = '';
    for (let i = 0; i < all.length;) {{
      let n = Math.min({longest}, all.length - i);
      while (n > 1 && !whole.has(all.slice(i, i + n).join(''))) n -= 1;
      said += n > 1 ? whole.get(all.slice(i, i + n).join('')) : single.get(all[i]) || all[i];
      i += Math.max(1, n);
    }}
    return said;
  }};
}})();
"""


def made() -> str:
    """Return the script."""
    simple, traditional = OpenCC("t2s").convert, OpenCC("s2hk").convert

    def to_hant(text: str) -> str:
        return "".join(GLOSSARY.get(letter, letter) for letter in traditional(text))

    hans, hant = single(simple), single(to_hant)
    # phrases of the dictionary are simplified; their traditional forms go the other way
    phrases = sorted(p for p in phrases_dict if 1 < len(p) <= LONGEST)
    backwards = sorted({to_hant(p) for p in phrases})
    return SCRIPT.format(
        hans=flat(hans),
        hant=flat(hant),
        hans_words=joined(odd(backwards, hans, simple)),
        hant_words=joined(odd(phrases, hant, to_hant)),
        longest=LONGEST,
    )


def single(convert: Callable[[str], str]) -> dict[str, str]:
    """Return the characters that change, alone."""
    found = {}
    for code in range(FIRST, LAST + 1):
        letter = chr(code)
        other = convert(letter)
        if other != letter and len(other) == 1:
            found[letter] = other
    return found


def odd(phrases: list[str], table: dict[str, str], convert: Callable[[str], str]) -> dict[str, str]:
    """Return the words that go another way than their characters; short ones stand for longer."""
    found: dict[str, str] = {}
    for phrase in sorted(phrases, key=len):
        right = convert(phrase)
        if len(right) == len(phrase) and by_parts(phrase, table, found) != right:
            found[phrase] = right
    return found


def by_parts(text: str, table: dict[str, str], words: dict[str, str]) -> str:
    """Convert as the script will: longest word first, then characters."""
    said, place = "", 0
    while place < len(text):
        for length in range(min(LONGEST, len(text) - place), 1, -1):
            if (part := text[place : place + length]) in words:
                said, place = said + words[part], place + length
                break
        else:
            said, place = said + table.get(text[place], text[place]), place + 1
    return said


def flat(table: dict[str, str]) -> str:
    """Write pairs one after the other."""
    return "".join(letter + other for letter, other in table.items())


def joined(words: dict[str, str]) -> str:
    """Write words as `from=to`."""
    return " ".join(f"{word}={other}" for word, other in words.items())


def main() -> int:
    """Write the file, or say that it is stale."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    text = made()
    if parser.parse_args().check:
        return int(not TARGET.exists() or TARGET.read_text(encoding="utf-8") != text)
    TARGET.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
