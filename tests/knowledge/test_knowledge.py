"""Articles and phrases: written by those who keep them, found by words and by pinyin letters."""

from datetime import date

import pytest

from tests import make
from townkeeper.journal.actions import verify_journal
from townkeeper.journal.models import Entry
from townkeeper.kit.errors import Problem
from townkeeper.knowledge.actions import Wording, write_article, write_phrase
from townkeeper.knowledge.examples import write_examples
from townkeeper.knowledge.finding import find_articles, find_phrases
from townkeeper.knowledge.models import Article, Phrase

pytestmark = pytest.mark.django_db
SAID = Wording(
    "垃圾多久清走？", "一般在四個工作時內清理。", words="時限 清運", category="matter/06010",
    units=("CGJ",), review_on=date(2026, 11, 1), source="篇2 L95",
)  # fmt: skip


@pytest.fixture
def people():
    return make.staff(make.town())


def test_every_version_stands_whole_in_the_journal(people):
    keeper = people["supervisor"]
    article = write_article(SAID, actor=keeper)
    assert (article.version, article.pinyin.split()[0]) == (1, "ljdjqz？")
    again = write_article(
        Wording("垃圾多久清走？", "四個工作時。"), actor=keeper, article=article, seen_version=1
    )
    assert (again.version, again.category, again.units.count()) == (2, None, 0)
    entries = Entry.objects.filter(subject=article.subject).order_by("seq")
    assert [entry.act for entry in entries] == ["article.written", "article.changed"]
    assert "四個工作時內" in entries[0].data
    assert verify_journal().problems == []
    with pytest.raises(Problem) as caught:
        write_article(SAID, actor=keeper, article=article, seen_version=1)
    assert caught.value.code == "article-moved-on"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"question": " "}, "question-missing"),
        ({"wording": ""}, "wording-missing"),
        ({"category": "no/such"}, "category-unknown"),
        ({"units": ("X",)}, "unit-unknown"),
    ],
)
def test_what_an_article_cannot_say(people, change, code):
    with pytest.raises(Problem) as caught:
        write_article(Wording(**{"question": "問", "wording": "答", **change}),
                      actor=people["supervisor"])  # fmt: skip
    assert caught.value.code == code
    assert not Article.objects.exists()


def test_others_only_read(people):
    for act in (
        lambda: write_article(SAID, actor=people["CGJ"]),
        lambda: write_phrase("lj", "垃圾", actor=people["CGJ"]),
    ):
        with pytest.raises(Problem) as caught:
            act()
        assert caught.value.code == "not-permitted"
    write_article(SAID, actor=people["supervisor"])
    assert not Article.objects.visible_to(people["CGJ"]).exists()
    assert Article.objects.visible_to(people["operator"]).exists()


def test_articles_are_found_by_words_letters_and_kind(people):
    keeper = people["supervisor"]
    refuse = write_article(SAID, actor=keeper)
    stalls = write_article(Wording("攤販佔道打哪個電話？", "請打熱線。"), actor=keeper)
    rows = [refuse, stalls]
    assert find_articles(rows, words="垃圾") == [refuse]
    assert find_articles(rows, words="ljdj") == [refuse]
    assert find_articles(rows, words="tanfan") == [stalls]
    assert find_articles(rows, words="摊贩占道") == [stalls]
    assert find_articles(rows, words="路口攤販佔道經營，行人難走") == [stalls]
    assert find_articles(rows, words="清運時限是多少") == [refuse]
    assert find_articles(rows, line=(refuse.category_id,)) == [refuse]
    assert find_articles(rows, words="zz", line=(refuse.category_id,), strict=True) == []
    assert find_articles(rows) == []
    assert refuse.is_overdue(date(2026, 11, 2))
    assert not stalls.is_overdue(date(2026, 11, 2))


def test_phrases_are_found_by_key_letters_and_text(people):
    keeper = people["supervisor"]
    first = write_phrase("LJ1", "路邊有暴露垃圾", actor=keeper)
    second = write_phrase("tf", "流動攤販佔道", actor=keeper)
    rows = [first, second]
    assert find_phrases(rows, "") == rows
    assert find_phrases(rows, "lj") == [first]
    assert find_phrases(rows, "lbybl") == [first]
    assert find_phrases(rows, "攤販") == [second]
    assert find_phrases(rows, "zz") == []
    for key, text, code in (("", "x", "key-missing"), ("a", " ", "text-missing"),
                            ("tf", "x", "key-taken")):  # fmt: skip
        with pytest.raises(Problem) as caught:
            write_phrase(key, text, actor=keeper)
        assert caught.value.code == code
    write_phrase("tf2", "流動攤販", actor=keeper, phrase=second, is_used=False)
    assert Phrase.objects.get(pk=second.pk).is_used is False


def test_examples_are_written_once_and_marked(people):
    assert write_examples(actor=people["supervisor"]) == Article.objects.count() + 5
    assert not Article.objects.filter(is_example=False).exists()
    assert write_examples(actor=people["supervisor"]) == 0
