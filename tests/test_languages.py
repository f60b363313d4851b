"""Both Chinese catalogues are complete, fresh, and keep every placeholder."""

import pytest
from django.utils import translation
from django.utils.translation import gettext

from tools import catalogues


def test_every_text_is_translated_and_the_catalogues_are_fresh():
    assert catalogues.problems() == []


def test_python_and_templates_are_read_as_django_reads_them():
    template = (
        '{% load i18n %}{% translate "it\'s" %}'
        "{% blocktranslate trimmed count n=x %}{{ n }} day{% plural %}{{ n }} days"
        "{% endblocktranslate %}"
    )
    assert list(catalogues.from_template(template)) == [
        ("it's", ""),
        ("%(n)s day", "%(n)s days"),
    ]
    code = "from django.utils.translation import gettext_lazy as _\nx = _('one ' 'text')\n"
    assert list(catalogues.from_python(code)) == [("one text", "")]


@pytest.mark.parametrize(
    ("simplified", "traditional"),
    [
        ("考核用户", "考核用戶"),
        ("排污口 %(n)s", "排污口 %(n)s"),
        ("窗口、社区、文件", "窗口、社區、文件"),
    ],
)
def test_traditional_is_derived_as_hong_kong_writes_it(simplified, traditional):
    assert catalogues.derive(simplified) == traditional


def test_a_lost_placeholder_and_a_contradiction_are_found(tmp_path, monkeypatch):
    (tmp_path / "fragments").mkdir()
    (tmp_path / "fragments" / "a.tsv").write_text("%(n)s left\t还剩\t\nGo\t走\t走\n", "utf-8")
    (tmp_path / "fragments" / "b.tsv").write_text("Go\t去\t去\n", "utf-8")
    monkeypatch.setattr(catalogues, "LOCALE", tmp_path)
    gathered = catalogues.Gathered()
    catalogues.read_fragments(gathered)
    catalogues.compare(gathered)
    assert any("b.tsv:1" in problem for problem in gathered.problems)
    assert any("placeholders differ" in problem for problem in gathered.problems)


def test_the_compiled_catalogue_is_the_one_that_speaks():
    with translation.override("zh-hant"):
        assert gettext("Done.") == "完成。"
    with translation.override("en"):
        assert gettext("Done.") == "Done."
