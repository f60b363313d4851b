"""The brief: fixed all day, figures equal to the lists they open, areas, instructions."""

import itertools
import math
from datetime import date, timedelta

import pytest

from tests.make import MONDAY, do, opened, person, photo
from tests.supervision.desk import HOUR, district, part
from townkeeper.journal.models import Entry
from townkeeper.kit import clock
from townkeeper.publication.briefs import current_edition, make_due, make_edition
from townkeeper.publication.models import BriefEdition
from townkeeper.supervision.actions import reply_to_order
from townkeeper.supervision.models import Order
from townkeeper.units.models import Role, Unit
from townkeeper.web.leader.mapping import Shape, apart

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
TUESDAY = MONDAY + DAY
"""09:00 in Shanghai, an hour after the edition."""


@pytest.fixture
def world():
    return district()


@pytest.fixture
def people(world):
    return world[1]


def get(client, user, path="/office/brief/", when=TUESDAY):
    client.force_login(user)
    client.cookies["django_language"] = "en"
    with clock.at(when, "live"):
        return client.get(path)


def handled(people, n=0):
    case = opened(MONDAY + n * HOUR / 4, title=f"refuse {n}")
    do(case, "file", people["operator"], MONDAY + HOUR)
    do(case, "dispatch", people["dispatcher"], MONDAY + HOUR)
    return case


def figure(edition, span, key):
    return edition.content["spans"][span]["figures"][key]


def test_the_brief_does_not_move_during_the_day(client, people):
    for n in range(3):
        handled(people, n)
    first = get(client, people["leader"])
    assert first.status_code == 200
    edition = BriefEdition.objects.get()
    assert (edition.day, edition.area.code) == (date(2026, 11, 3), "D")
    assert figure(edition, "day", "reported") == {"value": 3, "before": 0}
    for n in range(5):
        opened(TUESDAY + n * HOUR)
    again = get(client, people["supervisor"], when=TUESDAY + 8 * HOUR)
    assert BriefEdition.objects.count() == 1
    assert again.context["figures"] == first.context["figures"]
    assert again.context["areas"] == first.context["areas"]
    # before 08:00 the edition of the day before is still the present one
    get(client, people["leader"], when=TUESDAY + 22 * HOUR)
    assert BriefEdition.objects.count() == 1
    get(client, people["leader"], when=TUESDAY + DAY)
    newer = BriefEdition.objects.get(day=date(2026, 11, 4))
    assert figure(newer, "day", "reported") == {"value": 5, "before": 3}
    old = get(client, people["leader"], "/office/brief/2026-11-03/", when=TUESDAY + DAY)
    assert old.context["edition"] == edition
    assert Entry.objects.filter(subject=edition.subject, act="brief.made").count() == 1


def test_figures_equal_the_lists_they_open(client, people):
    for n in range(4):
        handled(people, n)
    opened(MONDAY - 3 * DAY)
    page = get(client, people["leader"], "/office/brief/?span=week", TUESDAY + DAY)
    rows = {row.key: row for row in page.context["figures"]}
    # 4 working hours each: all four were due on Monday and are still in handling
    assert rows["overdue"].value == "5"
    assert rows["on_time"].note == "4 of 4 late"
    numbers = {"reported": 5, "closed": 0, "on_time": 4, "overdue": 5, "back": 0}
    for key, number in numbers.items():
        behind = get(client, people["leader"], rows[key].href, TUESDAY + DAY)
        assert len(behind.context["rows"]) == number, key
        assert f"of {number} cases" in behind.context["total_text"] or not number


def test_an_area_leads_to_its_cases(client, people):
    for n in range(2):
        handled(people, n)
    opened(area="S2", category="matter/09022", title="stall")
    get(client, people["leader"])
    page = get(client, people["leader"], "/office/brief/2026-11-03/areas/S1/")
    assert page.context["row"] == {"running": 2, "overdue": 2, "reported": 2}
    late = get(client, people["leader"], page.context["overdue_url"])
    assert {row.case.title for row in late.context["rows"]} == {"refuse 0", "refuse 1"}
    assert "reporter" not in late.content.decode().lower()
    for path in ("areas/CGJ/", "areas/none/", "cases/none/", "cases/week.none/",
                 "cases/overdue/?area=none", "areas/%00/"):  # fmt: skip
        found = get(client, people["leader"], f"/office/brief/2026-11-03/{path}")
        assert found.status_code == 404, path
    for path in ("/office/brief/2026-13-03/", "/office/brief/1999-01-01/"):
        assert get(client, people["leader"], path).status_code == 404


def test_three_things_say_why_they_were_chosen(client, people):
    for n in range(6):
        handled(people, n)
    page = get(client, people["leader"])
    unit, kind, third = page.context["things"]
    assert "6 of 6 running cases are overdue" in unit.text
    assert "at least 5 running" in unit.rule
    assert "6 reports in 7 days, 0 in the 7 before" in kind.text
    assert "refuse 0" in third.text
    assert "No chain of relapses" in third.rule
    assert page.content.decode().count("Why this:") == 3


def test_an_empty_town_has_a_brief(client, people):
    page = get(client, people["leader"])
    assert page.status_code == 200
    assert [row.value for row in page.context["figures"]] == ["0", "0", "–", "0", "0"]
    assert get(client, people["leader"], "/office/brief/screen/").status_code == 200


def test_an_instruction_becomes_an_order_and_its_answer_comes_back(client, people):
    case = handled(people)
    get(client, people["leader"])
    path = "/office/orders/new/?kind=instruction&about=brief:2026-11-03"
    form = get(client, people["leader"], f"{path}&case={case.number}").context["form"]
    assert form.initial["kind"] == "instruction"
    data = {"issuer": "ZLB", "kind": "instruction", "title": "On the market", "text": "Go there.",
            "deadline": "1wd", "unit": ["CGJ"], "about": "brief:2026-11-03",
            "cases": case.number}  # fmt: skip
    with clock.at(TUESDAY, "live"):
        assert client.post("/office/orders/new/", data).status_code == 302
    order = Order.objects.get()
    assert (order.kind, order.about) == ("instruction", "brief:2026-11-03")
    page = get(client, people["CGJ"], f"/office/orders/{order.pk}/").content.decode()
    assert "Brief of 2026-11-03" in page
    with clock.at(TUESDAY + HOUR, "live"):
        reply_to_order(part(order, "CGJ"), actor=people["CGJ"], text="We went there.")
    page = get(client, people["leader"], when=TUESDAY + 2 * HOUR).content.decode()
    assert "We went there." in page
    assert order.number in page


def test_a_street_has_its_own_brief(client, world):
    units, people = world
    handled(people)
    role = Role.objects.create(
        key="head", permissions=["cases:case:view", "supervision:brief:view"]
    )
    head = person("head-s2", role.key, units["S2"])
    get(client, people["leader"])
    page = get(client, head)
    assert page.context["edition"].area.code == "S2"
    assert next(row.value for row in page.context["figures"]) == "0"
    assert get(client, head, "/office/brief/2026-11-03/areas/S1/").status_code == 404


def test_who_may_not_read_it_finds_nothing(client, people):
    for path in ("/office/brief/", "/office/brief/screen/", "/office/brief/2026-11-03/"):
        assert get(client, people["CGJ"], path).status_code == 404
    client.logout()
    assert client.get("/office/brief/").status_code == 302
    assert not BriefEdition.objects.exists()


def test_the_background_makes_it_once_a_morning(people):
    with clock.at(TUESDAY, "live"):
        assert make_due() == 1
        assert make_due() == 0
        assert current_edition(BriefEdition.objects.get().area) == BriefEdition.objects.get()


def test_few_queries(client, people, django_assert_max_num_queries):
    for n in range(6):
        handled(people, n)
    get(client, people["leader"])
    with clock.at(TUESDAY, "live"), django_assert_max_num_queries(16):
        client.get("/office/brief/")


def test_areas_with_outlines_are_filled(client, world):
    units, people = world
    square = [[105.0, 29.0], [105.1, 29.0], [105.1, 29.1], [105.0, 29.0]]
    units["S1"].outline = {"type": "Polygon", "coordinates": [square]}
    units["S1"].save()
    units["S2"].outline = {"type": "MultiPolygon", "coordinates": [[square]]}
    units["S2"].save()
    handled(people)
    page = get(client, people["leader"])
    shapes = {shape.code: shape for shape in page.context["map"].shapes}
    assert shapes["S1"].level == 1  # one overdue case is not dark
    assert shapes["S2"].level == 0
    assert shapes["S1"].path.startswith("M")


def test_a_thing_to_know_opens_the_cases_that_it_counted(client, people):
    for n in range(6):
        handled(people, n)
    page = get(client, people["leader"], when=TUESDAY)
    worst, rising, _third = page.context["things"]
    for thing, number in ((worst, 6), (rising, 6)):
        behind = get(client, people["leader"], thing.href, TUESDAY + HOUR)
        assert behind.context["title"] == thing.text
        assert len(behind.context["rows"]) == number
        assert f"of {number} cases" in behind.context["total_text"]


def test_an_edition_made_late_is_still_of_eight_o_clock(client, people):
    cases = [handled(people, n) for n in range(6)]
    with clock.at(TUESDAY, "live"):
        early = make_edition(Unit.objects.get(code="D"), date(2026, 11, 3))
    BriefEdition.objects.all().delete()
    # an hour after eight one is handled, another reported; the first look comes at noon
    handler = people["CGJ"]
    photo(cases[0], handler, TUESDAY + HOUR)
    do(cases[0], "report", handler, TUESDAY + HOUR)
    opened(TUESDAY + HOUR)
    get(client, people["leader"], when=TUESDAY + 3 * HOUR)
    late = BriefEdition.objects.get()
    for name in ("things", "areas"):
        assert late.content[name] == early.content[name], name
    assert figure(late, "day", "overdue") == figure(early, "day", "overdue")


def test_areas_add_up_to_the_whole(client, people):
    handled(people)
    opened(area="D", title="somewhere in the district")
    page = get(client, people["leader"])
    rows, whole = page.context["areas"], page.context["edition"].content["areas"]["D"]
    assert rows[-1].title == "In none of these areas"
    for name in ("running", "overdue", "reported"):
        assert sum(getattr(row, name) for row in rows) == whole[name]


def test_mornings_lead_to_each_other(client, people):
    for day in range(3):
        get(client, people["leader"], when=TUESDAY + day * DAY)
    page = get(client, people["leader"], "/office/brief/2026-11-04/", TUESDAY + 2 * DAY)
    assert [edition.day.day for edition in page.context["beside"]] == [3, 5]
    early = get(client, people["leader"], when=TUESDAY + 3 * DAY - 2 * HOUR)
    assert "Today's follows at 08:00." in early.content.decode().replace("&#x27;", "'")


def test_circles_lie_beside_each_other():
    shapes = [Shape(str(n), str(n), "", "", 0, x=200, y=200 + n % 2, r=5 + n) for n in range(12)]
    moved = apart(shapes, 400)
    for one, other in itertools.combinations(moved, 2):
        assert math.dist((one.x, one.y), (other.x, other.y)) > (one.r + other.r) * 0.9
    assert all(each.r <= each.x <= 440 - each.r for each in moved)
