"""Search by words in Chinese at three sizes: frequent, rare and absent words, numbers, addresses."""

import json
import random
import sys

from bench._reading import curve, setup, timed

PROMISED = 50


def run(quick=False):
    return curve("bench.search", quick=quick, promise=PROMISED)


def measure(times):
    setup()
    from bench._lives import AS_OF  # noqa: PLC0415
    from townkeeper.accounts.models import User  # noqa: PLC0415
    from townkeeper.cases.models import Case  # noqa: PLC0415
    from townkeeper.cases.search.find import find_newest  # noqa: PLC0415
    from townkeeper.cases.search.words import parse_query  # noqa: PLC0415
    from townkeeper.cases.sight import sight_of  # noqa: PLC0415
    from townkeeper.cases.worklist import Wish, cases_of  # noqa: PLC0415

    office = sight_of(User.objects.get(username="dispatcher"), AS_OF)
    towns = [sight_of(user, AS_OF) for user in User.objects.filter(username__startswith="leader-")]

    def find(text, sight=office, **wish):
        cases = cases_of(sight, Wish(**{"tab": "all", **wish}), AS_OF, of_few=True)
        return len(find_newest(parse_query(text), cases, limit=20).ids)

    words = queries(Case)
    for name, texts in words.items():
        yield timed(name, find, texts, times)
    mixed = [text for texts in words.values() for text in texts]
    yield timed("any of these, among running cases", lambda t: find(t, tab="open"), mixed, times)
    yield timed("any of these, what a town may see", lambda c: find(c[0], c[1]),
                list(zip(mixed, towns * len(mixed), strict=False)), times)  # fmt: skip
    yield sizes()


def queries(model):
    """Words cut out of the texts at random, so that they are as frequent as words are."""
    dice = random.Random(3)  # noqa: S311 - a measurement, not a secret
    top = model.objects.order_by("-pk").values_list("pk", flat=True).first()
    rows = [
        model.objects.filter(pk__gte=dice.randrange(1, top))
        .order_by("pk")
        .values_list("title", "text", "address", "number")[0]
        for _ in range(150)
    ]

    def cut(text, length):
        runs = [
            r
            for r in "".join(c if "一" <= c <= "鿿" else " " for c in text).split()
            if len(r) >= length
        ]
        run = dice.choice(runs) if runs else "垃圾市場東門"
        start = dice.randrange(len(run) - length + 1)
        return run[start : start + length]

    letters = "".join(text for _t, text, _a, _n in rows)
    return {
        "two characters": [cut(text, 2) for _t, text, _a, _n in rows],
        "three to five characters": [cut(text, dice.randint(3, 5)) for _t, text, _a, _n in rows],
        "two words of the title": [
            f"{cut(title, 2)} {cut(title, 2)}" for title, _x, _a, _n in rows
        ],
        "one character": [dice.choice([c for c in letters if "一" <= c <= "鿿"]) for _ in rows],
        "an address with its house": [address for _t, _x, address, _n in rows],
        "a number": [number for _t, _x, _a, number in rows],
        "two characters that stand nowhere": [
            a + b for a, b in zip("鯤饕龘齉鸞", "魍魎鬱罅纛", strict=True)
        ],
    }


def sizes():
    """Megabytes of the index of words, and a case's share of them."""
    from django.db import connection  # noqa: PLC0415

    from townkeeper.cases.models import Case  # noqa: PLC0415

    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT pg_table_size('cases_search') / 1e6, pg_relation_size('cases_search_words') / 1e6,"
                " pg_total_relation_size('cases_case') / 1e6"
            )
            table, index, cases = map(float, cursor.fetchone())
        else:
            cursor.execute("SELECT sum(length(block)) / 1e6 FROM cases_search_data")
            table, index, cases = 0.0, float(cursor.fetchone()[0]), 0.0
    whole = table + index
    per_case = round(whole * 1e6 / Case.objects.count())
    return {"name": "size of the index of words", "p95": round(whole, 1), "unit": "MB",
            "vectors": round(table), "index": round(index), "cases": round(cases), "bytes_per_case": per_case}  # fmt: skip


if __name__ == "__main__":
    print(json.dumps(list(measure(int(sys.argv[2])))))
