"""Titles of papers: matter and kind are one phrase, lines are whole and of like length."""

import pytest

from townkeeper.publication.titles import LINE, balanced, paper_title
from townkeeper.publication.typeset.layout import ems


@pytest.mark.parametrize(
    ("subject", "kind", "language", "lines"),
    [
        ("眺洲路店外經營反覆超期", "督辦函", "zh-Hant", ("關於眺洲路店外經營反覆超期的督辦函",)),
        ("关于眺洲路店外经营的督办函", "督办函", "zh-Hans", ("关于眺洲路店外经营的督办函",)),
        # typed in one script, printed in the other: said once, as it was typed
        ("關於店外經營的督辦", "督办函", "zh-Hans", ("關於店外經營的督办函",)),
        ("關於田家鎮農貿市場：積存垃圾渣土問題的整改", "整改通知書", "zh-Hant",
         ("關於田家鎮農貿市場：", "積存垃圾渣土問題的整改通知書")),
        ("關於該市場的批示", "批示件交辦通知", "zh-Hant", ("關於該市場的批示件交辦通知",)),
        ("关于立即整改的通知。", "督办函", "zh-Hans", ("关于立即整改的通知", "督办函")),
        ("督辦函", "督辦函", "zh-Hant", ("督辦函",)),
        ("。", "督办函", "zh-Hans", ("督办函",)),
        ("Drains of Market Street", "Supervision order", "en",
         ("Drains of Market Street", "Supervision order")),
        ("On 眺洲路", "Supervision order", "en", ("On 眺洲路", "Supervision order")),
    ],
)  # fmt: skip
def test_a_title_says_the_matter_and_the_kind_once(subject, kind, language, lines):
    assert paper_title(subject, kind, language) == lines


@pytest.mark.parametrize(
    "text", ["一" * 41, "路段" * 60, "關於A1B2C3D4、佔道（東段）" * 5, "x" * 90]
)
def test_no_line_is_too_long_or_a_lone_character(text):
    lines = balanced(text)
    assert "".join(lines) == text
    assert all(ems(line) <= LINE for line in lines)
    assert len(lines) == 1 or min(ems(line) for line in lines) > 4
    assert not any(line[0] in "，、；：）" for line in lines)
