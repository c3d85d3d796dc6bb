"""The command `grondslag`: every part offers its own commands, and this file only puts them side by side.

A part is imported when it is called: a broker that runs has nothing of a node, a register or the demo in its
memory.
"""

from importlib import import_module
from typing import Any

import typer
import typer.core
import typer.main

_PLACES = {
    "init": "grondslag.init",
    "broker": "gateway.command",
    "node": "adapters.node.command",
    "demo": "demo.command",
    "doctor": "grondslag.doctor",
    "policy": "gateway.handout.commands",
    "match": "adapters.registers.commands",
    "audit": "grondslag.trail",
    "backup": "grondslag.backup",
    "retention": "grondslag.retention",
}


class _Commands(typer.core.TyperGroup):
    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - the signature is the library's
        return list(_PLACES)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002
        if cmd_name not in _PLACES:
            return None
        command = typer.main.get_command(import_module(_PLACES[cmd_name]).app)
        command.name = cmd_name
        return command


main = typer.Typer(
    cls=_Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # a traceback with local values could show a person
    help="Ask one small question about a person; a blind broker applies the law and records it.",
)


@main.callback()
def _grondslag() -> None:
    """Makes it a group, whatever it holds."""
