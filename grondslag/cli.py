"""The command `grondslag`: every part offers its own commands, and this file only puts them side by side."""

import typer

from adapters.registers.commands import match
from audit.commands import app as audit
from grondslag import init
from grondslag.demo.command import demo
from grondslag.desk import desk, standing
from grondslag.doctor import doctor
from grondslag.export import export
from grondslag.run import broker, run
from policies.commands import app as policy

main = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # a traceback with local values could show a person
    help="Ask one small question about a person; a blind broker applies the law and records it.",
)
node = typer.Typer(no_args_is_help=True, help="Run a partner's node, and work at its desk.")
node.command("run")(run)
node.add_typer(desk, name="desk")
node.add_typer(standing, name="standing")
main.add_typer(init.app, name="init")
main.command()(broker)
main.add_typer(node, name="node")
main.command()(demo)
main.command()(doctor)
main.add_typer(policy, name="policy")
main.add_typer(match, name="match")
audit.command()(export)
main.add_typer(audit, name="audit")
