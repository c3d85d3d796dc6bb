"""`grondslag node desk` and `standing`: what a holder's people do at their node, from a terminal."""

from datetime import datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Column, Table

from adapters.node.terminal import NodeAddress, Token, call, width
from contract.days import ZONE
from contract.words import COMPARED, DESK, FIELDS, label

desk = typer.Typer(no_args_is_help=True, help="See what waits for a person, look, and let an answer go.")
standing = typer.Typer(no_args_is_help=True, help="Decide which rules are answered automatically, and pause.")

InquiryArgument = Annotated[str, typer.Argument(help="The inquiry, as `list` shows it.")]
IndexArgument = Annotated[int, typer.Argument(help="The question in it, as `list` shows it.")]


@desk.command("list")
def waiting(node: NodeAddress, token: Token) -> None:
    """What waits for a person, oldest first, and until when."""
    whole = (Column(name, no_wrap=True) for name in ("bevraging", "nr", "vraag"))  # to be typed over
    table = Table(*whole, "vrager", "doel", "over", "regel", "uiterlijk", "stand", "mag zijn")
    for row in call("GET", node, "/v1/questions", token):
        state = "twijfel: bel" if row["doubtful"] else label(DESK, row["state"])
        state += " (vaak gevraagd)" if row["often"] else ""
        due = datetime.fromisoformat(row["dueAt"]).astimezone(ZONE).strftime("%d-%m %H.%M")
        codes = " ".join(row["answerCodes"])
        who = f"{row['requester']} ({row['requesterRole']})"
        table.add_row(
            row["inquiry"],
            str(row["index"]),
            row["question"],
            who,
            row["purpose"],
            row["subjectRole"],
            f"{row['rule']} ({row['ruleStatus'] or 'onbekend'})",
            due,
            state,
            codes,
        )
    Console(width=width()).print(table)


@desk.command("open")
def open_question(inquiry: InquiryArgument, index: IndexArgument, node: NodeAddress, token: Token) -> None:
    """Look: who it is about, why it is asked, what the register suggests. It is recorded that you looked."""
    opened = call("POST", node, f"/v1/questions/{inquiry}/{index}/views", token)
    for name, value in opened["identity"].items():
        if value:
            typer.echo(f"{name}: {value}")
    typer.echo(f"noodzaak: {opened['necessity']}")
    doubt = " (twijfel)" if opened["doubtful"] else ""
    if opened["registerAway"]:
        typer.echo("het register is nu niet te bevragen; kijk in uw eigen systeem")
    else:
        typer.echo(f"het register stelt voor: {' '.join(opened['suggested'])}{doubt}")
    for one in opened["candidates"]:
        typer.echo("misschien: " + " · ".join(value for value in one["identity"].values() if value))
        compared = (f"{FIELDS[name]} {label(COMPARED, state)}" for name, state in one["states"].items())
        typer.echo("  " + ", ".join(compared))
    typer.echo(f"u kunt vrijgeven: {' '.join(opened['answerCodes'])}")
    for code, words in opened["stated"].items():
        typer.echo(f"{code}: {words}")
    if opened["obligations"]:
        typer.echo(f"let op: {' '.join(opened['obligations'])}")
    if opened["proposed"]:
        typer.echo(f"een ander stelt voor: {' '.join(opened['proposed']['codes'])}")
    for one in opened["toState"]:
        typer.echo(f"nog op te schrijven: {one['text']} (--stated {one['code']}=…)")


@desk.command("answer")
def answer(
    inquiry: InquiryArgument,
    index: IndexArgument,
    codes: Annotated[list[str], typer.Argument(help="The code or codes that go out, and nothing else.")],
    node: NodeAddress,
    token: Token,
    *,
    judgement: Annotated[bool, typer.Option(help="It is a judgement, not a fact (Wpg 4(3)).")] = False,
    valid_until: Annotated[
        str | None, typer.Option(help="Last day on which it holds, as 2026-12-31.")
    ] = None,
    prosecutor: Annotated[
        str | None,
        typer.Option(
            help="Who agrees, where the rule has a prosecutor do so (C16): a user reference, `prosecutor` or "
            "`deputy_prosecutor`, and when, with spaces between."
        ),
    ] = None,
    told: Annotated[
        str | None,
        typer.Option(
            help="Where the rule has it told by word of mouth: who told (a user reference), how (meeting, "
            "phone or conversation), when, and to whom, with spaces between."
        ),
    ] = None,
    stated: Annotated[
        list[str] | None,
        typer.Option(
            help="What the rule has you put in words, as state_severity=The words. May be given again."
        ),
    ] = None,
) -> None:
    """Let an answer go. Only after you opened the question, and once all is there that the rule asks for."""
    body = {
        "codes": codes,
        "kind": "judgement" if judgement else "fact",
        "validUntil": valid_until,
        "prosecutor": prosecutor and _agreement(prosecutor),
        "spoken": told and _spoken(told),
        "stated": dict(_words(one) for one in stated or ()),
    }
    call("POST", node, f"/v1/questions/{inquiry}/{index}/answers", token, body)
    listed = call("GET", node, "/v1/questions", token)
    here = [row for row in listed if (row["inquiry"], row["index"]) == (inquiry, index)]
    if any(row["proposed"] for row in here):
        typer.echo("Voorgesteld. Een tweede medewerker moet hetzelfde vrijgeven.")
    else:
        typer.echo("Vrijgegeven. Het antwoord gaat verzegeld naar de vrager.")


def _agreement(told: str) -> dict[str, str]:
    user, role, at = _parts(told, 3)
    return {"user": user, "role": role, "at": at}


def _spoken(told: str) -> dict[str, str]:
    teller, channel, at, hearer = _parts(told, 4)
    return {"teller": teller, "channel": channel, "at": at, "hearer": hearer}


def _words(stated: str) -> tuple[str, str]:
    code, is_said, words = stated.partition("=")
    if not is_said:
        raise typer.BadParameter(f"{code} says nothing: put it as {code}=The words.")
    return code, words


def _parts(told: str, count: int) -> list[str]:
    parts = told.split(maxsplit=count - 1)
    if len(parts) != count:
        raise typer.BadParameter(f"this needs {count} parts, with spaces between.")
    return parts


@desk.command("more-reason")
def more_reason(inquiry: InquiryArgument, index: IndexArgument, node: NodeAddress, token: Token) -> None:
    """Ask for more reason first. Only before anybody opened the question."""
    call("POST", node, f"/v1/questions/{inquiry}/{index}/refusals", token)
    typer.echo("De vrager krijgt te zien dat u eerst meer uitleg wilt.")


@desk.command("looked")
def looked(inquiry: InquiryArgument, index: IndexArgument, node: NodeAddress, token: Token) -> None:
    """Take a doubtful match, or an answer that did not arrive, off the list: you looked, and called."""
    call("POST", node, f"/v1/questions/{inquiry}/{index}/looks", token)
    typer.echo("Van de lijst gehaald.")


@standing.command("list")
def standing_list(node: NodeAddress, token: Token) -> None:
    """Which rules are answered automatically now, and whether the node pauses."""
    now = call("GET", node, "/v1/standing-decisions", token)
    typer.echo(
        f"automatisch: {' '.join(now['automatic']) or 'geen'}; gepauzeerd: {'ja' if now['paused'] else 'nee'}"
    )


@standing.command("decide")
def standing_decide(
    rule: Annotated[str, typer.Argument(help="A rule with mode automatic, of this holder.")],
    until: Annotated[str, typer.Option(help="Last moment, as 2027-06-30T00:00:00Z; at most a year ahead.")],
    node: NodeAddress,
    token: Token,
) -> None:
    """Decide that a rule may be answered automatically until a date."""
    call("POST", node, "/v1/standing-decisions", token, {"rule": rule, "validUntil": until})
    typer.echo(f"Regel {rule} wordt automatisch beantwoord tot {until}.")


@standing.command("end")
def standing_end(
    rule: Annotated[str, typer.Argument(help="The rule.")], node: NodeAddress, token: Token
) -> None:
    """From now on this rule waits for a person again."""
    call("DELETE", node, f"/v1/standing-decisions/{rule}", token)
    typer.echo(f"Regel {rule} gaat weer naar een medewerker.")


@standing.command("pause")
def pause(node: NodeAddress, token: Token) -> None:
    """Answer nothing until you resume."""
    call("PUT", node, "/v1/pause", token)
    typer.echo("Gepauzeerd. Vragers zien dat u nu geen antwoord geeft.")


@standing.command("resume")
def resume(node: NodeAddress, token: Token) -> None:
    """Answer again."""
    call("DELETE", node, "/v1/pause", token)
    typer.echo("Hervat.")
