"""The floor of Python: a bare asynchronous endpoint that writes the same rows in one statement.

No framework beyond the router, no authentication, no register, no clock, no hash: what any Python
server must at least spend to take a JSON report and commit these rows.
"""

import itertools
import os
import pickle
from pathlib import Path

import asyncpg
import msgspec
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

PLAN = pickle.loads(Path(os.environ["FLOOR_PLAN"]).read_bytes())
SERIAL = itertools.count(1)
DECODE = msgspec.json.Decoder(dict)
ENCODE = msgspec.json.Encoder()
POOL = {}


async def pool():
    if "it" not in POOL:
        POOL["it"] = await asyncpg.create_pool(PLAN["dsn"], min_size=4, max_size=16)
    return POOL["it"]


async def cases(request):
    report = DECODE.decode(await request.body())
    number = f"F{os.getpid()}-{next(SERIAL)}"
    row = list(PLAN["row"])
    for at in PLAN["numbers"]:
        row[at] = number
    for at in PLAN["subjects"]:
        row[at] = "case:" + number
    row[PLAN["title"]] = report["title"]
    async with (await pool()).acquire() as connection:
        await connection.fetchval(PLAN["statement"], *row)
    return Response(ENCODE.encode({"number": number}), 201, media_type="application/json")


app = Starlette(routes=[Route("/api/v1/cases", cases, methods=["POST"])])
