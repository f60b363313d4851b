"""Parts of the case page that other faces bring: each registers a function, the page shows them."""

from collections.abc import Callable
from dataclasses import dataclass, field

from townkeeper.accounts.models import User
from townkeeper.cases.models import Case


@dataclass(frozen=True, slots=True)
class PanelRow:
    """One line of a panel."""

    title: str
    href: str = ""
    note: str = ""
    tag: str = ""
    tag_kind: str = "grey"


@dataclass(frozen=True, slots=True)
class CasePanel:
    """A card beside the case: rows, and links to what can be done; without both it is left out."""

    key: str
    title: str
    rows: list[PanelRow] = field(default_factory=list)
    links: list[tuple[str, str, str]] = field(default_factory=list)
    """(address, icon, words)."""


Provider = Callable[[Case, User], CasePanel | None]
_PROVIDERS: dict[str, Provider] = {}


def case_panel(key: str) -> Callable[[Provider], Provider]:
    """Register a panel under a name of its own."""

    def keep(provider: Provider) -> Provider:
        _PROVIDERS[key] = provider
        return provider

    return keep


def panels_of(case: Case, user: User) -> list[CasePanel]:
    """Return the panels that have something to show to a person."""
    found = (provider(case, user) for provider in _PROVIDERS.values())
    return [panel for panel in found if panel is not None and (panel.rows or panel.links)]
