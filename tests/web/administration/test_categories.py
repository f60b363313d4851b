"""Categories in the browser: limits with their effect on open cases, names, being offered."""

from datetime import timedelta

from tests import make
from tests.web.administration.world import BASE, entries, form_of, send, words
from townkeeper.cases.effects import recount_limits
from townkeeper.cases.models import Task
from townkeeper.duties.models import Category
from townkeeper.kit import clock

PAGE = "categories/of/matter/06010/"


def to_handling(town):
    from townkeeper.accounts.models import User

    case = make.opened(at=clock.now() - timedelta(minutes=5))
    case = make.do(case, "file", User.objects.get(username="operator"), clock.now())
    return make.do(case, "dispatch", User.objects.get(username="dispatcher"), clock.now())


def test_a_preview_counts_and_writes_nothing(admin, town):
    case = to_handling(town)
    task = Task.objects.get(case=case, done_at=None, part="lead", limit="4wh")
    answer = send(admin, PAGE, do="preview", limit="10wd", open_too="on")
    preview = answer.context["preview"]
    assert (preview["cases"], preview["moved"]) == (1, 1)
    assert preview["first"][0]["number"] == case.number
    assert "most_later" in preview
    due = task.due_at
    task.refresh_from_db()
    assert (task.due_at, task.limit) == (due, "4wh")
    assert Category.objects.get(key="matter/06010").limit == "4wh"
    assert not entries("category:matter/06010")


def test_open_cases_follow_only_when_that_is_wished(admin, town):
    case = to_handling(town)
    task = Task.objects.get(case=case, done_at=None, part="lead", limit="4wh")
    send(admin, PAGE, limit="8wh")
    assert recount_limits().cases == 0
    task.refresh_from_db()
    assert task.limit == "4wh"
    send(admin, PAGE, limit="10wd", open_too="on")
    assert Category.objects.get(key="matter/06010").is_recount_due
    assert recount_limits().moved == 1
    task.refresh_from_db()
    assert task.limit == "10wd"
    assert not Category.objects.get(key="matter/06010").is_recount_due
    acts = [act for act, *_rest in entries("category:matter/06010")]
    assert acts == ["category.recounted", "category.changed", "category.changed"]
    assert entries(f"case:{case.number}")[0][0] == "case.due-moved"


def test_a_class_moves_what_has_no_limit_of_its_own(admin, town):
    to_handling(town)
    answer = send(admin, "categories/of/matter/06/", do="preview", limit="10wd")
    assert answer.context["preview"]["cases"] == 0


def test_names_words_and_windows_are_saved(admin):
    send(
        admin, PAGE, en="Refuse", zh_hans="暴露垃圾", promise="5wd", relapse_days="30",
        relapse_metres="50", relapse_as_one="on", keywords="垃圾，亂扔、垃圾",
    )  # fmt: skip
    row = Category.objects.get(key="matter/06010")
    assert row.names == {"zh-Hant": "暴露垃圾", "zh-Hans": "暴露垃圾", "en": "Refuse"}
    assert (row.promise, row.relapse_days, row.relapse_metres) == ("5wd", 30, 50)
    assert (row.relapse_as_one, row.keywords) == (True, ["垃圾", "亂扔"])
    assert "Category changed" in words(admin.get(BASE + PAGE))


def test_a_category_is_no_longer_offered_and_found_in_the_whole_list(admin):
    values = form_of(admin, PAGE)
    del values["is_used"]
    admin.post(BASE + PAGE, {**values, "do": "save"})
    assert not Category.objects.get(key="matter/06010").is_used
    assert "暴露垃圾" not in words(admin.get(f"{BASE}categories/"))
    assert "暴露垃圾" in words(admin.get(f"{BASE}categories/?all=1"))
    assert "暴露垃圾" in words(admin.get(f"{BASE}categories/?q=06010"))


def test_bad_values_are_refused(admin):
    for fields, said in (
        ({"limit": "soon"}, "soon"),
        ({"promise": "0wd"}, "0wd"),
        ({"relapse_days": "-1"}, "greater"),
        ({"relapse_days": "99999"}, "between 1 and"),
        ({"zh_hant": "", "zh_hans": "", "en": ""}, "needs a name"),
    ):
        answer = send(admin, PAGE, **fields)
        assert answer.status_code == 422, fields
        assert said in words(answer), fields
    assert send(admin, PAGE, do="preview", limit="soon").status_code == 422
    old = form_of(admin, PAGE)
    send(admin, PAGE, limit="1wd")
    assert admin.post(BASE + PAGE, {**old, "do": "save", "limit": "2wd"}).status_code == 422
    assert Category.objects.get(key="matter/06010").limit == "1wd"
    assert admin.get(f"{BASE}categories/of/nothing/").status_code == 404


def test_a_local_category_is_added(admin):
    answer = send(
        admin, "categories/add/", key="local/bird", zh_hant="鳥害", parent="matter/06", limit="2wd"
    )
    assert answer.status_code == 302
    row = Category.objects.get(key="local/bird")
    assert (row.kind, row.parent.key, row.limit) == ("local", "matter/06", "2wd")
    for key, said in (("matter/1", "cannot be the code"), ("local/bird", "already")):
        answer = send(admin, "categories/add/", key=key, zh_hant="鳥害")
        assert (answer.status_code, said in words(answer)) == (422, True)
    assert admin.get(f"{BASE}categories/all.csv").status_code == 200
