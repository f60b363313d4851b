"""Cutting texts and queries into words, and comparing them: tables of cases and properties."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from townkeeper.cases.search.folding import fold, pairs, variants
from townkeeper.cases.search.words import LONGEST_QUERY, index_words, is_in, parse_query

LETTERS = "市場东門东路垃圾箱滿溢路燈壞ＫＴＶKTVｋ12１２ 、。-“”\n里裡裏著着𠮷é"
texts = st.text(alphabet=LETTERS, max_size=40)


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("農貿市場東門", "农贸市场东门"),
        ("ＫＴＶ　１２３", "ktv 123"),
        ("綫衆牀", "线众床"),
        ("Ａ３區", "a3区"),
        ("已經简体", "已经简体"),
        ("", ""),
    ],
)
def test_fold(text, folded):
    assert fold(text) == folded


def test_folding_is_one_character_to_one_and_settled():
    for old, new in pairs().items():
        assert len(old) == len(new) == 1
        assert fold(new) == new, (old, new)
        assert old in variants(new)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("市場東門", ["市场", "场东", "东门", "门"]),
        ("垃圾，垃圾", ["垃圾", "圾"]),
        ("A3區KTV", ["a3", "区", "ktv"]),
        ("DX20261105-0317", ["dx20261105", "0317"]),
        ("!?…", []),
        ("x" * 100, ["x" * 60]),
    ],
)
def test_index_words(text, words):
    assert index_words([text]) == words


@pytest.mark.parametrize(
    ("query", "parts", "found_in", "not_in"),
    [
        ("垃圾", ("垃圾",), "道路垃圾成堆", "圾垃"),
        ("大千路86號", ("大千路86号",), "東興街道大千路 86 號", "大千路87號"),
        ("路", ("路",), "一條路", "巷子"),
        ("市場 垃圾", ("市场", "垃圾"), "垃圾在市場門口", "市場門口"),
        ("ktv", ("ktv",), "樓下ＫＴＶ很吵", "KT"),
        ("0317", ("0317",), "DX20261105-0317", "DX20261105-0318"),
        ("東門市", ("东门市",), "东门市场", "市場東門"),
        ("AND OR NOT", ("and", "or", "not"), "and or not", "and or"),
        ('"垃圾" * ^ :', ("垃圾",), "垃圾", ""),
    ],
)
def test_queries(query, parts, found_in, not_in):
    wanted = parse_query(query)
    assert wanted.parts == parts
    assert is_in(wanted, [found_in])
    assert not is_in(wanted, [not_in])


@pytest.mark.parametrize("query", ["", "   ", "!!!", "\x00", "“”、。", "_", "--"])
def test_a_query_without_letters_asks_for_nothing(query):
    assert parse_query(query).parts == ()
    assert not is_in(parse_query(query), ["anything"])


def test_a_long_query_is_cut():
    assert len(parse_query("垃" * 10_000).parts[0]) == LONGEST_QUERY
    assert (
        len(parse_query(" ".join("垃圾市場東門西路"[n % 8] + "圾" for n in range(5000))).parts) < 60
    )


@settings(max_examples=300, deadline=None, derandomize=True)
@given(texts, texts, texts)
def test_whatever_a_text_holds_the_index_finds(before, middle, after):
    """No match is lost: what a text holds, the words of the index lead to."""
    wanted = parse_query(middle)
    if not is_in(wanted, [before + middle + after]):
        return
    words = index_words([before + " " + middle + " " + after])
    assert set(wanted.pairs) <= set(words)
    assert all(any(word.startswith(start) for word in words) for start in wanted.beginnings)
