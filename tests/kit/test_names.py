"""Names in several languages, the keys people type, and problems in words."""

import pytest
from django.utils import translation
from django.utils.translation import gettext_lazy

from townkeeper.kit.errors import Problem
from townkeeper.kit.names import pinyin_key, say

ALL = {"zh-Hant": "東興區", "zh-Hans": "东兴区", "en": "Dongxing"}


def without(*tags):
    return {tag: text for tag, text in ALL.items() if tag not in tags}


@pytest.mark.parametrize(
    ("texts", "language", "said"),
    [
        (ALL, "zh-hant", "東興區"),
        (ALL, "zh-hans", "东兴区"),
        (ALL, "en", "Dongxing"),
        (ALL, "zh-Hant", "東興區"),
        (ALL, "zh-hk", "東興區"),
        (ALL, "zh-TW", "東興區"),
        (ALL, "zh-mo", "東興區"),
        (ALL, "zh-cn", "东兴区"),
        (ALL, "zh-sg", "东兴区"),
        (ALL, "zh", "东兴区"),
        (ALL, "en-gb", "Dongxing"),
        (ALL, "fr", "Dongxing"),
        (without("zh-Hant"), "zh-hant", "东兴区"),
        (without("zh-Hans"), "zh-hans", "東興區"),
        (without("en"), "en", "東興區"),
        (without("zh-Hant", "zh-Hans"), "zh-hant", "Dongxing"),
        ({**ALL, "en": ""}, "en", "東興區"),
        ({"fr": "", "de": "Bezirk"}, "en", "Bezirk"),
        ({"fr": ""}, "en", ""),
        ({}, "en", ""),
    ],
)
def test_the_nearest_language_is_said(texts, language, said):
    assert say(texts, language) == said


def test_the_page_decides_when_nobody_says():
    for language, said in (("zh-hans", "东兴区"), ("en", "Dongxing")):
        with translation.override(language):
            assert say(ALL) == said
    with translation.override(None):
        assert say(ALL) == "Dongxing"


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("東興區", "dxq dongxingqu"),
        ("东兴区", "dxq dongxingqu"),
        ("重庆", "cq chongqing"),
        ("Town 12", "town 12 town 12"),
        ("", " "),
    ],
)
def test_names_are_found_by_initials_and_by_full_spelling(name, key):
    assert pinyin_key(name) == key


def test_a_key_fits_its_column():
    assert len(pinyin_key("長" * 120)) == 120


def test_a_problem_says_what_where_and_how_to_mend_it():
    problem = Problem("no-title", "There is no title.", where="title", hint="Write one.")
    assert str(problem) == "title: There is no title. Write one."
    assert str(Problem("x", "Bare.")) == "Bare."
    assert problem.as_dict() == {
        "code": "no-title",
        "message": "There is no title.",
        "where": "title",
        "hint": "Write one.",
    }


def test_a_problem_speaks_the_language_of_whoever_reads_it():
    problem = Problem("x", gettext_lazy("The case has ended."))
    with translation.override("zh-hant"):
        assert str(problem) == "案件已經辦結。"
    with translation.override("zh-hans"):
        assert problem.as_dict()["message"] == "案件已经办结。"
    with translation.override("en"):
        assert str(problem) == "The case has ended."
