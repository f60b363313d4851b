"""Cases of a part of the map at three sizes: two thousand points, and counts per cell beyond."""

import json
import random
import sys

from bench._reading import curve, setup, timed

PROMISED = 30


def run(quick=False):
    return curve("bench.map", quick=quick, promise=PROMISED)


def measure(times):
    setup()
    from bench._lives import AS_OF  # noqa: PLC0415
    from townkeeper.accounts.models import User  # noqa: PLC0415
    from townkeeper.cases.models import Case  # noqa: PLC0415
    from townkeeper.cases.points import as_geojson, points_in  # noqa: PLC0415
    from townkeeper.cases.sight import sight_of  # noqa: PLC0415
    from townkeeper.cases.worklist import Wish, cases_of  # noqa: PLC0415

    users = {user.username: user for user in User.objects.all()}
    office = sight_of(users["dispatcher"], AS_OF)
    towns = [sight_of(user, AS_OF) for name, user in users.items() if name.startswith("leader-")]
    many, few, whole = boxes(Case)

    def look(box, sight=office, **wish):
        points = points_in(cases_of(sight, Wish(**wish), AS_OF), box)
        return len(as_geojson(points)["features"])

    yield timed("running cases of a part of town", look, few, times)
    yield timed("some 2,000 cases of all times", lambda b: look(b, tab="all"), many, times)
    yield timed(
        "the same, of one category",
        lambda b: look(b, tab="all", category="matter/06010"),
        many,
        times,
    )
    yield timed("running cases, what a town may see", lambda c: look(c[0], c[1]),
                list(zip(few, towns * len(few), strict=False)), times)  # fmt: skip
    yield timed("all running cases in cells", look, [whole], times)
    yield timed(
        "all cases of all times in cells",
        lambda b: look(b, tab="all"),
        [whole],
        max(3, times // 30),
    )


def boxes(model):
    """Boxes around cases: with nearly 2,000 cases of all times, with running ones, and the whole."""
    from townkeeper.cases.points import MOST, Box  # noqa: PLC0415

    dice = random.Random(5)  # noqa: S311 - a measurement, not a secret
    top = model.objects.order_by("-pk").values_list("pk", flat=True).first()
    edges = [model.objects.order_by(way).exclude(lon=None).values_list("lon", "lat")[:1][0]
             for way in ("lon", "lat", "-lon", "-lat")]  # fmt: skip
    whole = Box(edges[0][0], edges[1][1], edges[2][0], edges[3][1])

    def around(lon, lat, half):
        return Box(lon - half, lat - half, lon + half, lat + half)

    def count(box):
        return model.objects.filter(
            lat__gte=box.south, lat__lte=box.north, lon__gte=box.west, lon__lte=box.east
        )[: MOST + 1].count()

    many, few = [], []
    while len(many) < 60:
        lon, lat = (
            model.objects.filter(pk__gte=dice.randrange(1, top))
            .order_by("pk")
            .values_list("lon", "lat")[0]
        )
        half, step = 0.02, 0.01
        for _halving in range(12):  # until nearly as many as fit into one answer
            half += step if count(around(lon, lat, half)) <= MOST else -step
            step /= 2
        box = around(lon, lat, half - 2 * step)
        many.append(box)
        few.append(around(lon, lat, dice.uniform(0.005, 0.03)))
    return many, few, whole


if __name__ == "__main__":
    print(json.dumps(list(measure(int(sys.argv[2])))))
