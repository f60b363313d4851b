"""What every test may use: the real data where there is any, a browser where there is one."""

import os
from pathlib import Path

import pytest

from townkeeper.cli.browsers import find_browser
from townkeeper.cli.commands.test import TRIED_BEFORE

ROOT = Path(__file__).parents[1]
SHARED_DATA = ROOT.parent / "shared" / "data"
DATABASE_FIXTURES = frozenset({"db", "transactional_db", "live_server", "django_db_setup"})


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark slow modules, and skip browser tests with a reason where no browser is.

    When the same run has been through another database, what no database can change is left out.
    """
    for item in items:
        if item.nodeid.split("::")[0] in SLOW_MODULES:
            item.add_marker(pytest.mark.slow)
    if os.environ.get(TRIED_BEFORE):
        known = [item for item in items if not asks_the_database(item)]
        items[:] = [item for item in items if asks_the_database(item)]
        config.hook.pytest_deselected(items=known)
    if find_browser():
        return
    skip = pytest.mark.skip(reason="no Chromium on this computer (apt install chromium)")
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(skip)


def asks_the_database(item: pytest.Item) -> bool:
    """Whether what a test finds can depend on the database under it."""
    if item.get_closest_marker("once"):
        return False
    asked = DATABASE_FIXTURES.intersection(getattr(item, "fixturenames", ()))
    return bool(asked) or item.get_closest_marker("django_db") is not None


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data beside the checkout."""
    if not SHARED_DATA.is_dir():
        pytest.skip("no real data beside the checkout (../shared/data)")
    return SHARED_DATA


@pytest.fixture(scope="session")
def boston(shared_data: Path) -> Path:
    """41,827 real reports of Boston."""
    path = shared_data / "reports" / "boston_2011_jul_oct.csv.gz"
    if not path.exists():
        pytest.skip("the reports of Boston are not in ../shared/data")
    return path


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict) -> dict:
    """Use the distribution's Chromium with a pretended camera; as root it can make no sandbox.

    One browser serves all modules of a run, so that no module can add a flag of its own.
    """
    args = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        args.append("--no-sandbox")
    extra = {"executable_path": find_browser(), "args": args}
    return {**browser_type_launch_args, **extra}


SLOW_MODULES = frozenset(
    {
        "tests/accounts/test_tokens.py",
        "tests/analytics/test_lake.py",
        "tests/assessment/test_rounds.py",
        "tests/assessment/test_unit_changes.py",
        "tests/browser/test_pages.py",
        "tests/calendars/test_worktime.py",
        "tests/campaigns/test_campaigns.py",
        "tests/campaigns/test_reading.py",
        "tests/cases/test_concurrency.py",
        "tests/cases/test_handover.py",
        "tests/cases/test_handover_races.py",
        "tests/cases/test_import_duplicates.py",
        "tests/cases/test_matrix.py",
        "tests/cases/test_metrics.py",
        "tests/cases/test_metrics_acts.py",
        "tests/cases/test_metrics_lived.py",
        "tests/cases/test_recompute.py",
        "tests/cases/test_sweep_many.py",
        "tests/cli/test_campaign_command.py",
        "tests/cli/test_main.py",
        "tests/files/test_resemblance.py",
        "tests/programs/test_bad_input.py",
        "tests/programs/test_compare.py",
        "tests/programs/test_load.py",
        "tests/programs/test_office_changes.py",
        "tests/programs/test_simulation.py",
        "tests/publication/test_breakdown.py",
        "tests/publication/test_bulletin.py",
        "tests/publication/test_typeset_docx.py",
        "tests/publication/test_typeset_pdf.py",
        "tests/relapse/test_matching.py",
        "tests/relapse/test_metrics.py",
        "tests/relapse/test_revisits.py",
        "tests/suggestions/test_classifier.py",
        "tests/suggestions/test_suggest.py",
        "tests/units/test_tree.py",
        "tests/web/test_strangers.py",
    }
)
"""Modules whose world takes long to build, or that are many pages: left out by `--fast`."""
