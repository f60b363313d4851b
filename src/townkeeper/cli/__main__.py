"""Lets `python -m townkeeper.cli` be the command."""

import sys

from townkeeper.cli.main import main

sys.exit(main())
