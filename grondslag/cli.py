"""The command `grondslag`: what the installed packages contribute, side by side.

A package names its commands as entry points of the group `grondslag.commands`: `policy` is the group of that
name, `policy.broker` adds the commands of another package to it, or puts its own in their place. A part is
imported when it is called: a broker that runs has nothing of a node, a register or the demo in its memory.
What cannot be imported, because its side is not installed, is not there.
"""

import sys
from importlib.metadata import EntryPoint, entry_points
from typing import Any

import typer
import typer.core
import typer.main

GROUP = "grondslag.commands"


def _points(name: str | None = None) -> list[EntryPoint]:
    found = sorted(entry_points(group=GROUP), key=lambda point: point.name)
    return [point for point in found if name is None or point.name.partition(".")[0] == name]


class _Commands(typer.core.TyperGroup):
    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - the signature is the library's
        return list(dict.fromkeys(point.name.partition(".")[0] for point in _points()))

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002
        made: Any = None
        for point in _points(cmd_name):
            try:
                part: Any = typer.main.get_command(point.load())
            except ModuleNotFoundError as missing:
                made = made or _absent(cmd_name, missing.name)
                continue
            if made is None:
                made = part
            else:
                made.commands.update(part.commands if hasattr(part, "commands") else {part.name: part})
        if made is not None:
            made.name = cmd_name
        return made


def _absent(name: str, lacking: str | None) -> Any:
    """Stands for a command whose package, or something that it needs, is not installed."""
    app = typer.Typer()

    @app.command(context_settings={"ignore_unknown_options": True, "allow_extra_args": True})
    def absent() -> None:
        """Not installed here."""
        sys.exit(
            f"What `grondslag {name}` needs is not installed here ({lacking} is missing). "
            "Install the side that has it: 'grondslag[broker]', 'grondslag[node]' or 'grondslag[demo]'."
        )

    return typer.main.get_command(app)


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
