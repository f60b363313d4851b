"""What the tests of the administration share: a town, its administrator, forms that are sent."""

import msgspec

from tests import make
from townkeeper.journal.models import Entry

BASE = "/office/administration/"


def entries(subject, act=None):
    """The acts on a subject with their data, the newest first."""
    rows = Entry.objects.filter(subject=subject).order_by("-seq")
    if act is not None:
        rows = rows.filter(act=act)
    return [(row.act, row.actor, msgspec.json.decode(row.data)) for row in rows]


def form_of(client, path):
    """Return the values that a page's form holds, as a browser would send them."""
    answer = client.get(BASE + path)
    assert answer.status_code == 200, answer.content.decode()[:500]
    form = answer.context["form"]
    values = {}
    for bound in form:
        value = bound.value()
        if value is None or value is False:
            continue
        field = form.fields[bound.name]
        value = field.prepare_value(value)
        values[bound.html_name] = value.isoformat() if hasattr(value, "isoformat") else value
    return values


def send(client, path, *, do="save", **fields):
    """Open a page, change some fields, send its form."""
    return client.post(BASE + path, {**form_of(client, path), "do": do, **fields})


def words(answer):
    """Return what a page says, without marks."""
    return answer.content.decode()


def live():
    """Return a town with its people."""
    units = make.town()
    return units, make.staff(units)
