"""The pages of this face, for the gallery and the browser tests."""

from django.urls import reverse

from townkeeper.campaigns.finding import newest_campaigns
from townkeeper.relapse.listing import Wanted, draw_page, relapse_page
from townkeeper.web.gallery import Shot, Someone

BASE = "/office/supervision/"


def _chain(user: Someone) -> str | None:
    rows = relapse_page(user, Wanted(at_least=3), most=1) or relapse_page(user, Wanted(), most=1)
    return reverse("board:chain", args=[rows[0].case.number]) if rows else None


def _draw(_user: Someone) -> str | None:
    drawn = [draw for draw in draw_page(most=60) if draw.drawn]  # type: ignore[attr-defined]
    return f"{reverse('board:draw', args=[f'{drawn[0].on:%F}'])}?verify=1" if drawn else None


def _campaign(_user: Someone) -> str | None:
    found = newest_campaigns(most=1)
    return reverse("board:campaign", args=[found[0].key]) if found else None


SHOTS: tuple[Shot, ...] = (
    Shot("clocks", BASE, "supervisor"),
    Shot("clocks-paused", f"{BASE}?live=off", "supervisor"),
    Shot("clocks-red", f"{BASE}?column=red", "supervisor"),
    Shot("clocks-empty", f"{BASE}?stage=answering", "supervisor"),
    Shot("alarms", f"{BASE}alarms/", "supervisor"),
    Shot("upcoming", f"{BASE}upcoming/?within=24", "supervisor"),
    Shot("notices", "/office/notices/", "supervisor"),
    Shot("notices-all", "/office/notices/?show=all", "supervisor"),
    Shot("campaigns", f"{BASE}campaigns/", "supervisor"),
    Shot("campaign", _campaign, "supervisor"),
    Shot("import", f"{BASE}campaigns/import/", "supervisor"),
    Shot("order", f"{BASE}campaigns/order/", "supervisor"),
    Shot("chains", f"{BASE}recurrence/", "supervisor"),
    Shot("chains-longest", f"{BASE}recurrence/?order=longest", "supervisor"),
    Shot("chain", _chain, "supervisor"),
    Shot("draws", f"{BASE}draws/", "supervisor"),
    Shot("draw", _draw, "supervisor"),
    Shot("rulings", f"{BASE}rulings/", "supervisor"),
    Shot("disputes", f"{BASE}disputes/", "supervisor"),
    Shot("ledger", f"{BASE}ledger/", "supervisor"),
    Shot("quality", f"{BASE}quality/", "supervisor"),
    Shot("quality-list", f"{BASE}quality/no-point/", "supervisor"),
    Shot("looks", f"{BASE}looks/", "supervisor"),
    Shot("rules", f"{BASE}rules/?step=problem%2Fhandling&at=60%25", "supervisor"),
)
