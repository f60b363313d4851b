"""The settings under which tests run: a home for every process, thrown away at the end."""

import atexit
import os
import shutil
import tempfile

_HOME = tempfile.mkdtemp(prefix="townkeeper-test-")
atexit.register(shutil.rmtree, _HOME, ignore_errors=True)
os.environ["TOWNKEEPER_HOME"] = _HOME
for _name in [name for name in os.environ if name.startswith("TOWNKEEPER_")]:
    if _name != "TOWNKEEPER_HOME":
        del os.environ[_name]
# The browser driver runs an event loop in the thread of the test, which Django takes for a mistake.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

from townkeeper.config.settings import *  # noqa: E402, F403
from townkeeper.config.settings import DATABASES, HOME, STATIC_ROOT  # noqa: E402

STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # nothing is published here: its absence would warn

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # A file and not memory: threads of one test then meet the same locks as real processes.
    DATABASES["default"]["TEST"] = {"NAME": str(HOME / "test.sqlite3")}
    _options = DATABASES["default"]["OPTIONS"]
    _options["init_command"] += "PRAGMA synchronous=OFF;"
