"""Keeps changes of units out of months that are published: what is frozen knows its own units."""

from django.utils.translation import gettext_lazy as _

from townkeeper.assessment.models import Round, UnitScore
from townkeeper.kit.errors import Problem
from townkeeper.units.changes import Plan


def refuse_published(plan: Plan) -> None:
    """Refuse a change from a day within a month in which one of its units is published.

    Figures of that month, computed again, would be those of other units than the ones in the
    round. Registered with `cases.handover.register_guard`.
    """
    period = f"{plan.on:%Y-%m}"
    ending = [code for code in plan.units if code not in plan.into]
    scores = UnitScore.objects.filter(
        round__state=Round.State.PUBLISHED, round__period__gte=period, unit__code__in=ending
    )
    latest = scores.order_by("-round__period").values_list("round__period", flat=True).first()
    if latest is None:
        return
    year, month = map(int, latest.split("-"))
    first = f"{year + month // 12}-{month % 12 + 1:02d}-01"
    raise Problem(
        "month-published",
        _("The month %(month)s is published with the units as they were.") % {"month": latest},
        where=", ".join(ending),
        hint=_("Let the change begin on %(day)s or later.") % {"day": first},
    )
