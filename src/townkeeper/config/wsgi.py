"""The entry point of the server: pages through all middleware, the JSON interface through none."""

import logging
import os
from collections.abc import Callable, Iterable
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "townkeeper.config.settings")

from django.core.handlers.exception import convert_exception_to_response
from django.core.handlers.wsgi import WSGIHandler
from django.core.wsgi import get_wsgi_application
from django.db import connection
from typing_extensions import override

from townkeeper.config.home import home
from townkeeper.config.statics import publish_statics

Environ = dict[str, Any]


class BareHandler(WSGIHandler):
    """Serves `/api/`: tokens instead of sessions, so no session, CSRF or page middleware.

    Measured in `bench/intake.py`: the page middleware costs a quarter of an intake request.
    """

    @override
    def load_middleware(self, is_async: bool = False) -> None:
        self._view_middleware: list[Any] = []
        self._template_response_middleware: list[Any] = []
        self._exception_middleware: list[Any] = []
        self._middleware_chain = convert_exception_to_response(self._get_response)  # type: ignore[attr-defined]


def warm_up() -> None:
    """Read the registers before the first caller comes; without a database yet, say so and go on.

    The connection is given back: requests come in other threads.
    """
    from townkeeper.cases.desk import desk  # noqa: PLC0415 - models load after the apps are ready

    try:
        desk()
    except Exception as error:  # noqa: BLE001 - whatever it is, the server must start
        message = "the registers are not there yet (%s: %s); they are read at the first request"
        logging.getLogger(__name__).warning(message, type(error).__name__, error)
    finally:
        connection.close()


publish_statics(home())  # before the settings are read: they go by what is published
pages = get_wsgi_application()
interface = BareHandler()
warm_up()


def application(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer one request."""
    if environ.get("PATH_INFO", "").startswith("/api/"):
        return interface(environ, start_response)
    return pages(environ, start_response)
