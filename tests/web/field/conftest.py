"""A town in which a case is in handling, people who act in the browser, and photos."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests import make, pictures
from tests.make import MONDAY, do, opened
from townkeeper.cases.models import Case
from townkeeper.kit import clock

HOUR = timedelta(hours=1)
LON, LAT = 105.07, 29.59


@pytest.fixture
def units():
    return make.town()


@pytest.fixture
def people(units):
    found = make.staff(units)
    found["second"] = make.person("second", "handler", units["CGJ"])
    for role in ("verifier", "supervisor"):
        post = found[role].posts.get()
        post.role.permissions = make.EVERYTHING
        post.role.save()
    return found


@pytest.fixture
def case(people):
    found = opened(title="市場門口垃圾堆積", lon=LON, lat=LAT)
    return handled(found, people)


def handled(case, people, after=timedelta(minutes=10)):
    do(case, "file", people["operator"], MONDAY + timedelta(minutes=5))
    return do(case, "dispatch", people["dispatcher"], MONDAY + after)


@pytest.fixture
def ask(client):
    """Open or send a page as a person at a time, in English."""

    def send(who, path, data=None, at=MONDAY + HOUR, **more):
        client.force_login(who)
        client.cookies["django_language"] = "en"
        with clock.at(at, "live"):
            if data is None:
                return client.get(path, **more)
            return client.post(path, data, **more)

    return send


@pytest.fixture
def act(ask):
    """Send the form of an act from the field; fields without their prefix."""

    def send(who, case, action, at=MONDAY + HOUR, **fields):
        version = fields.pop("version", Case.objects.get(pk=case.pk).version)
        data = {f"{action}-version": version}
        data |= {f"{action}-{name.replace('__', '-')}": said for name, said in fields.items()}
        return ask(who, f"/office/field/tasks/{case.number}/do/{action}/", data, at)

    return send


def shot(seed=1, name="after.jpg", litter=None):
    """A photo of a street without EXIF, as a page's camera takes it."""
    picture = pictures.jpeg(pictures.scene(seed, litter=litter))
    return SimpleUploadedFile(name, picture, "image/jpeg")


def text(answer):
    return answer.content.decode()


def now(case):
    return Case.objects.get(pk=case.pk)
