"""`policy`: look at the hand-out and try decisions, with nothing else running."""

import asyncio
import contextlib
import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table as Grid

from policies.bundle import pack
from policies.catalogue import Catalogue, Rule
from policies.check import check as certify
from policies.effect import compared
from policies.embedded import EmbeddedPolicy
from policies.engine import Decision, Policy
from policies.errors import PolicyError, ReleaseError
from policies.explain import explain as explained
from policies.gates import changes
from policies.opa_program import OpaProgram
from policies.opa_server import OpaServerPolicy
from policies.page import page
from policies.parts import Parts
from policies.release import Release, load_release
from policies.showing import lines_of
from policies.table import Table, cells, table_of, tabulate
from policies.words import Words

app = typer.Typer(
    no_args_is_help=True, help="Look at the hand-out, and try decisions without anything running."
)


class Engine(StrEnum):
    """Where decisions are made."""

    EMBEDDED = "embedded"
    SERVER = "server"


class Language(StrEnum):
    """The language of what people read."""

    NL = "nl"
    EN = "en"


HandOutOption = Annotated[
    Path | None,
    typer.Option(
        "--hand-out", help="Folder of a hand-out; without it, the one that comes with this program."
    ),
]
_Engine = Annotated[Engine, typer.Option(help="In this process, or at an OPA server (then give --opa-url).")]
_OpaUrl = Annotated[
    str | None, typer.Option(help="Address of an OPA server that serves this release: https://host:8181.")
]
_Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text for people.")]
_JsonFile = Annotated[Path | None, typer.Option("--json", help="Also write what was found as JSON.")]
_Tables = Annotated[Path | None, typer.Option(help="Folder in which tables of releases are kept.")]
_Language = Annotated[Language, typer.Option(help="Language of the text.")]


@app.command()
def decide(
    file: Annotated[
        str, typer.Argument(help="JSON: one input of a decision, or a list of them; - reads standard input.")
    ],
    *,
    engine: _Engine = Engine.EMBEDDED,
    opa_url: _OpaUrl = None,
    hand_out: HandOutOption = None,
    as_json: _Json = False,
    language: _Language = Language.NL,
) -> None:
    """Decide on one question or many: rule, mode, articles, or the reasons and the way out.

    A refusal is an answer: the exit status is 0. It is 2 when there is no decision.

    Example: grondslag policy decide docs/examples/decision-input.json
    """
    with _one_sentence():
        inputs = _inputs(file)
        release = load_release(hand_out)
        _verify_known(inputs, release.catalogue)
        decisions, made_by = asyncio.run(_decide(release, inputs, engine, opa_url))
        if as_json:
            typer.echo("[" + ",\n ".join(decision.as_json() for decision in decisions) + "]")
            return
        console, words = _console(), Words(release.catalogue, dutch=language is Language.NL)
        for number, (given, decision) in enumerate(zip(inputs, decisions, strict=True), start=1):
            code = str(given.get("question", ""))
            _print(console, f"\n{number}. {code} {words.question(code)}")
            for line in words.decision(decision):
                _print(console, f"   {line}")
        _print(console, f"\n{made_by} · {release.revision}")


@app.command()
def bundle(
    out: Annotated[Path, typer.Argument(help="The file to write: handout.tar.gz.")],
    hand_out: HandOutOption = None,
) -> None:
    """Write the bundle for an OPA server; the same bytes for the same release."""
    with _one_sentence():
        release = load_release(hand_out)
        out.write_bytes(pack(release))
        typer.echo(f"{out}: {release.revision}")


@app.command()
def show(hand_out: HandOutOption = None, as_json: _Json = False, language: _Language = Language.NL) -> None:
    """Show the rows of the hand-out as a table: who may ask what, about whom, why, and on which basis."""
    with _one_sentence():
        release = load_release(hand_out)
        rules = release.catalogue.rules.values()
        if as_json:
            rows = [_row_json(rule, release.catalogue) for rule in rules]
            typer.echo(json.dumps(rows, ensure_ascii=False, indent=1))
            return
        words = Words(release.catalogue, dutch=language is Language.NL)
        _print(console := _console(), f"{release.catalogue.status} · {release.revision}")
        grid = Grid("regel" if language is Language.NL else "rule", "", show_lines=True)
        grid.add_row("", "\n".join(words.every_rule()))
        for rule in rules:
            grid.add_row(f"{rule.code}\n{rule.status}", "\n".join(words.rule(rule)))
        narrowed = "\n".join(words.regions())
        if narrowed:
            grid.add_row("regio" if language is Language.NL else "region", narrowed)
        unsettled = "\n".join(words.open_questions())
        grid.add_row("open vragen" if language is Language.NL else "open questions", unsettled)
        console.print(grid)


@app.command()
def table(
    *,
    engine: Annotated[
        Engine | None, typer.Option(help="Ask this engine about every cell, one by one: minutes.")
    ] = None,
    opa_url: _OpaUrl = None,
    hand_out: HandOutOption = None,
    language: _Language = Language.NL,
    json_file: _JsonFile = None,
) -> None:
    """Decide the whole finite space, and show which facts are gates. Equal digests: decided alike.

    Each rule is evaluated once for each combination of what it reads: under a minute on one core.
    """
    with _one_sentence():
        release = load_release(hand_out)
        words = Words(release.catalogue, dutch=language is Language.NL)
        size = sum(1 for _ in cells(release.catalogue))
        began = time.monotonic()
        with Progress(console=Console(stderr=True), transient=True) as progress:
            task = progress.add_task("cells", total=size)

            def further(count: int) -> None:
                progress.advance(task, count)

            gates = []
            if engine is None:
                parts = Parts(release)
                told = table_of(parts, further)
                gates = changes(parts)
            else:
                told = asyncio.run(_cell_by_cell(release, engine, opa_url, further))
        found: dict[str, object] = {
            "revision": told.revision,
            "engine": told.engine,
            "cells": len(told.decisions),
            "permits": told.permits,
            "digest": told.digest,
            "seconds": round(time.monotonic() - began, 1),
        }
        if json_file is not None:
            rows = [[rule, mode, count] for (rule, mode), count in told.by_rule().items()]
            held = {**found, "by_rule": rows, "gates": [asdict(gate) | {"gate": gate.gate} for gate in gates]}
            json_file.write_text(json.dumps(held, indent=1) + "\n", encoding="utf-8")
    console = _console()
    for line in words.table(told):
        _print(console, line)
    _print(console, "")
    for gate in gates:
        _print(console, words.change(gate))
    _print(console, "")
    for name, value in found.items():
        _print(console, f"{name:>9}  {value}")


@app.command()
def check(
    *,
    hand_out: HandOutOption = None,
    opa: Annotated[str | None, typer.Option(help="The opa program; without it, the one on the PATH.")] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Two minutes: no engine is asked about each cell.")
    ] = False,
    mutants: Annotated[
        bool, typer.Option("--mutants", help="Also check the checks: each rule and row changed in turn.")
    ] = False,
    tables: _Tables = None,
    json_file: _JsonFile = None,
) -> None:
    """Check what must hold of every release, over the whole space, with each engine; minutes on one core.

    Exit status 1 when something does not hold.
    """
    with _one_sentence():
        release = load_release(hand_out)
        program = OpaProgram.find(opa)
        if opa is not None and program is None:
            raise ReleaseError(f"There is no program {opa}.")
        folder = hand_out if hand_out is not None else Path(__file__).parent / "handout"
        with Progress(console=Console(stderr=True), transient=True) as progress:
            task = progress.add_task("", total=None)

            def say(step: str) -> None:
                progress.update(task, description=step)
                if not sys.stderr.isatty():
                    typer.echo(step, err=True)

            told = certify(
                release,
                folder,
                program,
                quick=quick,
                mutants=mutants,
                tables_in=tables,
                say=say,
            )
        if json_file is not None:
            facts = told.facts() | {"certificate": told.fingerprint()}
            json_file.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    console = _console()
    for one in told.invariants:
        mark = "goed" if one.holds else "FOUT"
        _print(console, f"{mark}  {one.text} ({one.cells} cellen){f' – {one.broken}' if one.broken else ''}")
    for engine in told.engines:
        mark = "FOUT" if engine.differences else "goed"
        _print(console, f"{mark}  {engine.name}: {engine.cells} cellen, {engine.differences} verschillen")
    if told.rego is None:
        _print(console, "–     opa is er niet: de regels zijn niet met het echte programma getoetst")
    else:
        _print(console, "\n".join(f"FOUT  {found}" for found in told.rego) or "goed  opa check en opa test")
    if told.mutants is not None:
        found = told.mutants
        _print(
            console,
            f"gewijzigde versies: {found.total}, gevonden: {found.caught}, "
            f"beslist hetzelfde: {len(found.same)}, NIET gevonden: {len(found.survived)}",
        )
        for place in found.survived:
            _print(console, f"FOUT  niet gevonden: {place}")
    _print(console, f"zonder cel: {', '.join(told.unreached) or 'geen'}")
    _print(console, f"verklaring {told.fingerprint()} ({told.seconds:.0f} s)")
    if not told.good:
        raise typer.Exit(1)


@app.command()
def compare(
    old: Annotated[Path, typer.Argument(help="Folder of the hand-out that is in force.")],
    new: Annotated[Path, typer.Argument(help="Folder of the hand-out that is proposed.")],
    *,
    tables: _Tables = None,
    json_file: _JsonFile = None,
    html: Annotated[Path | None, typer.Option("--html", help="Also write a page for print.")] = None,
) -> None:
    """What would change, of everything in it: the verdict, who must sign, and a card for each thing, in
    Dutch, as an officer will read it.

    Two minutes on one core; seconds where what was worked out is kept (--tables).
    """
    with _one_sentence():
        found = compared(load_release(old), load_release(new), tables)
        if json_file is not None:
            text = json.dumps(asdict(found), indent=1, ensure_ascii=False)
            json_file.write_text(text + "\n", encoding="utf-8")
        if html is not None:
            html.write_text(page(found.shown), encoding="utf-8")
    console = _console()
    for line in lines_of(asdict(found.shown)):
        _print(console, line)


@app.command()
def explain(
    file: Annotated[Path, typer.Argument(help="JSON: one input of a decision.")],
    *,
    hand_out: HandOutOption = None,
    json_file: _JsonFile = None,
) -> None:
    """Explain a decision in plain Dutch: what was asked, what counted, what would have made it otherwise."""
    with _one_sentence():
        try:
            given = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            raise PolicyError(f"There is no readable JSON file {file.name!r}.") from None
        if not isinstance(given, dict):
            raise PolicyError("The file holds no input: an object with facts.")
        explanation(file.name, load_release(hand_out), given, json_file)


def explanation(heading: str, release: Release, given: Mapping[str, Any], json_file: Path | None) -> None:
    """Prints the explanation of the decision on this input, and writes it as JSON where that is asked. Raises
    PolicyError.
    """
    found = explained(Parts(release), given)
    if json_file is not None:
        told = {**asdict(found), "decision": found.decision.facts}
        json_file.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    typer.echo(f"{heading} · {release.revision}")
    for line in Words(release.catalogue, dutch=True).explanation(found):
        typer.echo(line)


@contextlib.contextmanager
def _one_sentence() -> Iterator[None]:
    """Every failure is one sentence and exit status 2."""
    try:
        yield
    except PolicyError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None


def _inputs(file: str) -> list[Mapping[str, object]]:
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
        given = json.loads(text)
    except OSError:
        raise PolicyError(f"The file {file} cannot be read.") from None
    except (ValueError, RecursionError):
        raise PolicyError(f"The file {file} is not JSON.") from None
    listed = given if isinstance(given, list) else [given]
    if not listed or not all(isinstance(one, dict) for one in listed):
        raise PolicyError(f"The file {file} must hold one input (an object) or a list of them.")
    return listed


def _verify_known(inputs: list[Mapping[str, object]], catalogue: Catalogue) -> None:
    """Whoever types a code that is not there meant another, and gets no decision on what was not meant."""
    wrong = []
    for number, one in enumerate(inputs, start=1):
        for path, values in catalogue.vocabulary.items():
            group, _, name = path.rpartition(".")
            place = one.get(group, {}) if group else one
            told = place.get(name) if isinstance(place, Mapping) else None
            if told is not None and told not in values:
                wrong.append(f"{number}. {path} has a value that the hand-out does not know.")
    if wrong:
        raise PolicyError("\n".join(wrong))


async def _policy(release: Release, engine: Engine, opa_url: str | None, timeout_s: float) -> Policy:
    if engine is Engine.EMBEDDED:
        return EmbeddedPolicy(release)
    if opa_url is None:
        raise PolicyError("The engine `server` needs --opa-url, such as http://127.0.0.1:8181.")
    return await OpaServerPolicy.open(opa_url, release.revision, release.catalogue, timeout_s=timeout_s)


async def _cell_by_cell(
    release: Release, engine: Engine, opa_url: str | None, progress: Callable[[int], None]
) -> Table:
    policy = await _policy(release, engine, opa_url, timeout_s=30)
    try:
        return await tabulate(policy, release.catalogue, progress)
    finally:
        await policy.close()


async def _decide(
    release: Release, inputs: list[Mapping[str, object]], engine: Engine, opa_url: str | None
) -> tuple[list[Decision], str]:
    policy = await _policy(release, engine, opa_url, timeout_s=5)
    try:
        return await policy.decide(inputs), policy.engine
    finally:
        await policy.close()


def _row_json(rule: Rule, catalogue: Catalogue) -> dict[str, object]:
    bases = [code for codes in rule.legal_bases.values() for code in codes]
    return {
        "rule": rule.code,
        "status": rule.status,
        "version": rule.version,
        "valid_from": rule.valid_from.isoformat(),
        "valid_until": None if rule.valid_until is None else rule.valid_until.isoformat(),
        "reviewed_by": rule.reviewed_by,
        "reviewed_on": None if rule.reviewed_on is None else rule.reviewed_on.isoformat(),
        "mode": rule.mode,
        "by_hand_for": rule.by_hand_for,
        "cells": sorted(rule.cells),
        "subjects": {role: asdict(about) for role, about in rule.subjects.items()},
        "purposes": rule.purposes,
        "conditions": rule.conditions,
        "legal_bases": rule.legal_bases,
        "open_questions": [question.code for question in catalogue.unsettled(bases)],
        "gaps": [gap.en for gap in catalogue.gaps(bases)],
        "answer_codes": rule.answer_codes,
        "desk": rule.desk,
        "deadline": rule.deadline,
        "obligations": rule.obligations,
        "retention": rule.retention,
        "reason": rule.reason,
    }


def _console() -> Console:
    """Articles stand in square brackets here and there; they are text, not markup."""
    return Console(highlight=False, markup=False)


def _print(console: Console, text: str) -> None:
    console.print(text, soft_wrap=True)
