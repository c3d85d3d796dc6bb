"""`grondslag init`: private keys of a party, and the directory in which all parties stand."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from cryptography.hazmat.primitives import serialization
from pydantic import ValidationError

from contract.directory import Directory, DirectoryProblem, Outsider, Party, directory_text, dropped
from contract.keys import KeyProblem, make_keys, read_keys, retired, rotated, write_keys

app = typer.Typer(
    no_args_is_help=True, help="Make keys, rotate them, and put the parties together in a directory."
)

KeysOption = Annotated[Path, typer.Option("--keys", help="The key file; only its owner may read it.")]
PartyOption = Annotated[
    str, typer.Option("--party", help="The party's code: broker, or the one that it has in the directory.")
]


@app.command()
def keys(
    party: PartyOption,
    keys: KeysOption,
    demo: Annotated[bool, typer.Option(help="Mark the keys as made for the demo.")] = False,
) -> None:
    """Make the private keys of a party. Never writes over a file that is there."""
    if not re.fullmatch(r"[a-z][a-z0-9_]{1,31}", party):
        _stop("A party's code has 2 to 32 small letters, digits and underscores, and begins with a letter.")
    if keys.exists():
        _stop(f"{keys} is there already. Rotate it with `grondslag init rotate`, or name another file.")
    write_keys(keys, make_keys(party, demo=demo, now=datetime.now(UTC)))
    typer.echo(
        f"Made {keys}. Keep it, and a copy in a safe. "
        f"Now make the card for the directory: grondslag init card --party {party} --keys {keys}"
    )


@app.command()
def rotate(party: PartyOption, keys: KeysOption) -> None:
    """Add new keys: for documents, used from tomorrow; for trail and witness, used beside the old ones from
    the next start. The old ones stay until `init retire`.
    """
    _read(keys, party)
    contents = json.loads(keys.read_text(encoding="utf-8"))
    write_keys(keys, rotated(contents, now=datetime.now(UTC)))
    typer.echo(
        f"Added new keys to {keys}, used from tomorrow. "
        f"Send the new card today: grondslag init card --party {party} --keys {keys}"
    )


@app.command()
def retire(party: PartyOption, keys: KeysOption) -> None:
    """Take out the private keys whose successor has been used for thirty days. Their public side stays on the
    card, with an end, and in the directory: what they signed stays to be verified.
    """
    _read(keys, party)
    contents = json.loads(keys.read_text(encoding="utf-8"))
    kept = retired(contents, now=datetime.now(UTC))
    count = sum(len(rows) - len(kept[name]) for name, rows in contents.items() if isinstance(rows, list))
    write_keys(keys, kept)
    typer.echo(
        f"Took {count} old keys out of {keys}. "
        f"Send the new card: grondslag init card --party {party} --keys {keys}"
    )


@app.command()
def card(party: PartyOption, keys: KeysOption) -> None:
    """Print the public keys of a party, as they stand in the directory. Nothing in it is secret."""
    typer.echo(json.dumps(_read(keys, party).public_keys(), indent=1))


@app.command()
def pem(party: PartyOption, keys: KeysOption) -> None:
    """Print the public key that signs now as PEM, for the party's own OPA server. Nothing in it is secret."""
    key = _read(keys, party).signing_key(datetime.now(UTC)).private.public_key()
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    typer.echo(key.public_bytes(serialization.Encoding.PEM, form).decode(), nl=False)


@app.command()
def directory(
    parties: Annotated[
        list[Path],
        typer.Argument(
            help="A file per party, like docs/examples/party.json; its keys are what `init card` printed."
        ),
    ],
    out: Annotated[Path, typer.Option("--out", help="The directory to write.")],
    region: Annotated[list[str], typer.Option("--region", help="The code of a region that takes part.")],
    before: Annotated[
        Path | None,
        typer.Option("--before", help="The directory until now: no party or key of it may be left out."),
    ] = None,
    outside: Annotated[
        list[Path] | None,
        typer.Option(
            "--outside", help="A file of an organisation that does not take part yet: whom to call."
        ),
    ] = None,
) -> None:
    """Put the parties together in one directory file, checked as every party will check it at its start."""
    rows = [_listed(path, Party, "docs/examples/party.json") for path in parties]
    absent = [_listed(path, Outsider, "docs/examples/outside.json") for path in outside or ()]
    try:
        text = directory_text({"demo": False, "regions": region, "parties": rows, "outside": absent})
        made = Directory(text)
        lost = dropped(Directory.read(before), made) if before is not None else ()
    except DirectoryProblem as problem:
        _stop(str(problem))
    if lost:
        _stop(
            f"{', '.join(lost)} of {before} would be left out. Give what ends an `until` (a party) or a "
            "`valid_until` (a key) instead: what was signed stays to be verified."
        )
    fresh = out.with_suffix(".new")
    fresh.write_bytes(text)
    fresh.replace(out)
    typer.echo(
        f"Wrote {out} with {len(made.parties())} parties. "
        f"Every party takes this same file; its digest is {made.digest}."
    )


def _listed(path: Path, kind: type[Party | Outsider], example: str) -> dict[str, Any]:
    try:
        content = path.read_bytes()
        kind.model_validate_json(content)
    except OSError:
        _stop(f"There is no readable party file {path}.")
    except ValidationError as error:
        row = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in row["loc"])
        _stop(
            f"The party file {path} is wrong{' at ' if where else ''}{where}: {row['msg']}. "
            f"{example} shows how it is written."
        )
    read: dict[str, Any] = json.loads(content)
    return read


def _read(keys: Path, party: str) -> Any:
    try:
        return read_keys(keys, party=party, demo=True)
    except KeyProblem as problem:
        _stop(str(problem))


def _stop(sentence: str) -> Any:
    typer.echo(sentence, err=True)
    raise typer.Exit(2)
