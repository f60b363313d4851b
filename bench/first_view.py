"""How long a person waits for the first view of a page over a slow mobile line, in Chromium.

The server as it is run, and a browser that Chromium slows down to 400 ms a request and 400 kbit/s
either way ("Slow 3G"): the first contentful paint of each page, cold (nothing in the browser's
cache) and warm (styles and scripts are there from another page), the median of three, with all
bytes that came before the network fell silent. The processor is not slowed down.

    ./townkeeper bench first_view
"""

import json
import os
import statistics
import subprocess
import sys

from bench.dataset import ROOT, dataset

CASES = 2_000
PROMISED = 1000
TURNS = 3
LATENCY, BYTES_A_SECOND = 400, 400_000 / 8
PHONE, DESK = {"width": 390, "height": 844}, {"width": 1440, "height": 900}
PAGES = (
    ("portal", None, "/", PHONE),
    ("portal: report", None, "/report/", PHONE),
    ("portal: nearby (map)", None, "/nearby/", PHONE),
    ("sign-in", None, "/sign-in/", DESK),
    ("work list", "dispatcher", "/office/cases/", DESK),
    ("a case", "dispatcher", "/office/cases/NUMBER/", DESK),
    ("map", "dispatcher", "/office/dispatch/map/", DESK),
)
FIRST_PAINT = """() => new Promise(done => {
  const found = () => performance.getEntriesByName('first-contentful-paint')[0];
  const wait = () => found() ? done(found().startTime) : setTimeout(wait, 20);
  wait();
})"""


def run(quick=False):
    """Return the rows of the benchmark."""
    rows = []
    with dataset(CASES, database="sqlite", open_cases=CASES // 10) as environ:
        environ |= {"TOWNKEEPER_DEMO": "1", "DJANGO_ALLOW_ASYNC_UNSAFE": "1"}
        words = [sys.executable, "-m", "bench.first_view", "1" if quick else str(TURNS)]
        done = subprocess.run(
            words, env=environ, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True
        )
    for found in json.loads(done.stdout.splitlines()[-1]):
        print(found, file=sys.stderr)
        rows += [
            {
                "name": f"{found['page']}, {cache} cache: first contentful paint",
                "value": found[cache]["paint"],
                "unit": "ms",
                "reference": f"promised {PROMISED} ms",
                "ratio": round(found[cache]["paint"] / PROMISED, 3),
                "note": found[cache],
            }
            for cache in ("cold", "warm")
        ]
    return rows


def measure(turns):
    import django  # noqa: PLC0415

    django.setup()
    from pathlib import Path  # noqa: PLC0415

    from playwright.sync_api import sync_playwright  # noqa: PLC0415

    from townkeeper.accounts.models import User  # noqa: PLC0415
    from townkeeper.cases.models import Case  # noqa: PLC0415
    from townkeeper.cli.browsers import find_browser, sign_in_cookie  # noqa: PLC0415
    from townkeeper.cli.server import answering, free_port  # noqa: PLC0415

    number = Case.objects.running().filter(stage="handling").values_list("number", flat=True)[0]
    port, found = free_port("127.0.0.1", 8900), []
    home = Path(os.environ["TOWNKEEPER_HOME"])
    with answering(home=home, host="127.0.0.1", port=port), sync_playwright() as tool:
        # its own calls home would share the line
        browser = tool.chromium.launch(
            executable_path=find_browser(), args=["--no-sandbox", "--disable-background-networking"]
        )
        for name, who, address, size in PAGES:
            cookies = {"django_language": "zh-hant"}
            if who is not None:
                cookies |= sign_in_cookie(User.objects.get(username=who))
            url = f"http://127.0.0.1:{port}{address.replace('NUMBER', number)}"
            before = f"http://127.0.0.1:{port}/{'office/me/' if who else 'help/'}"
            views = [_views(browser, url, before, cookies, size) for _turn in range(turns)]
            found.append({"page": name} | {c: _median([v[c] for v in views]) for c in views[0]})
        browser.close()
    return found


def _median(views):
    return {key: round(statistics.median(view[key] for view in views), 1) for key in views[0]}


def _views(browser, url, before, cookies, size):
    """One person's first and second sight: with an empty cache, and after another page."""
    context = browser.new_context(viewport=size)
    context.add_cookies([{"name": n, "value": v, "url": url} for n, v in cookies.items()])
    page = context.new_page()
    line = context.new_cdp_session(page)
    line.send("Network.enable")
    came = []
    line.on("Network.loadingFinished", lambda event: came.append(event["encodedDataLength"]))
    slow = {"latency": LATENCY, "downloadThroughput": BYTES_A_SECOND,
            "uploadThroughput": BYTES_A_SECOND, "offline": False}  # fmt: skip
    line.send("Network.emulateNetworkConditions", slow)
    views = {}
    for cache in ("cold", "warm"):
        if cache == "warm":
            page.goto(before, wait_until="networkidle")
        came.clear()
        page.goto(url, wait_until="commit")
        paint = page.evaluate(FIRST_PAINT)
        page.wait_for_load_state("networkidle")
        views[cache] = {"paint": paint, "kb": sum(came) / 1024, "files": len(came)}
    context.close()
    return views


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1]))))
