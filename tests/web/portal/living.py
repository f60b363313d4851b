"""What the tests of the portal share: a reporter with a browser, and a case up to its end."""

import re
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

from django.core.files.uploadedfile import SimpleUploadedFile

from tests.make import MONDAY, do, photo
from tests.pictures import jpeg, scene, tags
from townkeeper.cases.models import Case
from townkeeper.kit import clock

HOUR = timedelta(hours=1)
WORDS = "市場門口垃圾堆積，沒有人清運。請找王小明，他住 301 室。"
PHONE = "13800006021"


def upload(seed=1, *, place=None, name="p.jpg"):
    """A photo as a phone sends it; `place` is (longitude, latitude)."""
    exif = tags("2026:11:02 08:50:00", *place) if place else None
    return SimpleUploadedFile(name, jpeg(scene(seed), exif=exif), "image/jpeg")


def form_key(text):
    return re.search(r'name="form_key" value="([^"]+)"', text)[1]


def send(client, at=MONDAY, **fields):
    """Open the form and send it, as a browser without scripts does."""
    with clock.at(at, "live"):
        key = form_key(client.get("/report/").content.decode())
        said = {"words": WORDS, "area": "S1", "address": "紅星路 86 號", "use_photo": "1"}
        said |= {"form_key": key, "twins_seen": "1", **fields}
        return client.post("/report/", {k: v for k, v in said.items() if v is not None})


def reported(client, at=MONDAY, **fields):
    """Report, and return the case with its key."""
    answer = send(client, at, **fields)
    assert answer.status_code == 303, answer.content.decode()
    query = parse_qs(urlsplit(answer["Location"]).query)
    return Case.objects.get(number=query["n"][0]), query["k"][0]


def close(case, people, at=MONDAY + HOUR, answer="已清運，感謝陳女士。"):
    """Let staff bring a case to its end."""
    do(case, "file", people["operator"], at)
    do(case, "dispatch", people["dispatcher"], at + HOUR / 2, units=(("CGJ", "lead"),))
    photo(case, people["CGJ"], at + HOUR)
    do(case, "report", people["CGJ"], at + HOUR)
    return do(case, "pass", people["verifier"], at + HOUR * 2, answer=answer)
