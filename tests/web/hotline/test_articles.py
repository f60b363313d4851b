"""The knowledge base in the browser: looked up by everybody at the desk, written by its keepers."""

import pytest

from tests import make
from townkeeper.knowledge.models import Article, Phrase

pytestmark = pytest.mark.django_db
BASE = "/office/hotline"


@pytest.fixture
def keeper(client, people):
    client.force_login(people["supervisor"])
    client.cookies["django_language"] = "en"
    return client


def test_an_article_is_written_found_and_changed(keeper):
    assert "No article yet" in keeper.get(f"{BASE}/articles/").content.decode()
    data = {"question": "垃圾多久清走？", "wording": "四個工作時。", "category": "matter/06010",
            "unit": "CGJ", "is_used": "on", "review_on": "2026-01-01"}  # fmt: skip
    assert keeper.post(f"{BASE}/articles/new/", data).status_code == 302
    article = Article.objects.get()
    page = keeper.get(f"{BASE}/articles/?q=ljdj").content.decode()
    assert "四個工作時" in page
    assert "review is overdue" in page
    assert "No article fits" in keeper.get(f"{BASE}/articles/?q=zzz").content.decode()
    form = keeper.get(f"{BASE}/articles/{article.pk}/").content.decode()
    assert 'value="matter/06010"' in form
    again = {**data, "version": "1", "wording": "一個工作日。"}
    assert keeper.post(f"{BASE}/articles/{article.pk}/", again).status_code == 302
    stale = keeper.post(f"{BASE}/articles/{article.pk}/", again)
    assert stale.status_code == 422
    assert "has changed this article" in stale.content.decode()
    bad = keeper.post(f"{BASE}/articles/new/", {**data, "category": "x", "wording": "留著"})
    assert bad.status_code == 422
    assert "留著" in bad.content.decode()


def test_phrases_are_kept_and_found_by_the_desk(keeper):
    assert keeper.post(f"{BASE}/phrases/", {"key": "lj", "text": "路邊垃圾", "is_used": "on"})
    phrase = Phrase.objects.get()
    found = keeper.get(f"{BASE}/phrases/find/?q=lbl").json()
    assert found == {"items": [{"key": "lj", "text": "路邊垃圾"}]}
    assert keeper.post(f"{BASE}/phrases/", {"key": "lj", "text": "又"}).status_code == 422
    keeper.post(f"{BASE}/phrases/{phrase.pk}/", {"key": "lj", "text": "路邊垃圾"})
    assert keeper.get(f"{BASE}/phrases/find/").json() == {"items": []}
    assert keeper.get(f"{BASE}/phrases/999/").status_code == 404


def test_who_only_reads_cannot_write(client, units):
    make.Role.objects.create(key="reader", names={}, permissions=["knowledge:article:view"])
    client.force_login(make.person("r", "reader", units["S1"]))
    assert client.get(f"{BASE}/articles/").status_code == 200
    for path in ("articles/new/", "phrases/"):
        assert client.get(f"{BASE}/{path}").status_code == 404
