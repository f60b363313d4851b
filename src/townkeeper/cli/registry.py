"""The list of commands; each is a module of `townkeeper.cli.commands`, read when it is needed."""

import argparse
from importlib import import_module
from typing import Any

from townkeeper.cli.console import Outcome

ORDER = (
    "demo",
    "serve",
    "work",
    "sweep",
    "clocks",
    "program",
    "unit",
    "duties",
    "import",
    "simulate",
    "ledger",
    "relapse",
    "revisit",
    "assess",
    "bulletin",
    "seal",
    "verify",
    "proof",
    "suggest",
    "campaign",
    "search",
    "user",
    "token",
    "gallery",
    "bench",
    "check",
    "test",
)
MODULES = {"import": "import_"}
"""`import` is a word that Python keeps for itself."""


class Command:
    """One command: `HELP`, `EXAMPLES`, `add_arguments(parser)` and `run(args)` of its module."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._module: Any = import_module(f"townkeeper.cli.commands.{MODULES.get(name, name)}")

    def help(self) -> str:
        """Return what the command is for, in the language in use."""
        return str(self._module.help_text())

    @property
    def examples(self) -> tuple[str, ...]:
        """Return command lines that work as they stand."""
        return tuple(self._module.EXAMPLES)

    @property
    def takes_rest(self) -> bool:
        """Return whether unknown arguments are passed on to another program."""
        return bool(getattr(self._module, "TAKES_REST", False))

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Add what the command needs to the parser."""
        self._module.add_arguments(parser)

    def run(self, args: argparse.Namespace) -> Outcome:
        """Run the command."""
        outcome: Outcome = self._module.run(args)
        return outcome


def commands() -> dict[str, Command]:
    """Return all commands in the order in which a newcomer meets them."""
    return {name: Command(name) for name in ORDER}
