"""`grondslag audit question`: all that the broker's trail proves about one question, as one file."""

import asyncio
import hashlib
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from audit.export import Exported, export_entry
from contract.codes import BROKER
from gateway.settings import BrokerSettings
from gateway.trail.exhibit import NoQuestion, exhibit, pdf, text_of
from party.clock import clock_of
from party.pdf import PdfUnavailable
from party.run import STOPS
from party.settings import read_settings
from party.start import opened_trail, read_signatory

app = typer.Typer()


@app.command()
def question(
    position: Annotated[int, typer.Argument(help="Position of the permit or refusal in the broker's trail.")],
    out: Annotated[Path, typer.Argument(help="The file to write: JSON, or PDF/A with the JSON inside it.")],
    settings: Annotated[Path, typer.Option("--settings", help="The settings file of the broker.")],
    purpose: Annotated[str, typer.Option(help="Why: it stands in the trail.")],
    by: Annotated[str, typer.Option(help="Reference of whoever asks for it; no name.")],
) -> None:
    """Write all that the trail proves about one question, for a court or a complaint.

    A file whose name ends in .pdf becomes a PDF/A-3 with a page in Dutch. Check it with: grondslag audit
    verify.
    """
    try:
        party = read_settings(BrokerSettings, settings, dict(os.environ))
        asyncio.run(questioned(party, position, out, purpose=purpose, by=by))
    except (NoQuestion, PdfUnavailable, *STOPS) as problem:
        sys.exit(f"{problem}" or f"There is no decision about a question at position {position}.")
    except OSError as error:
        sys.exit(f"The file cannot be written: {error.strerror}.")
    typer.echo(f"{out} is written.")


async def questioned(settings: BrokerSettings, position: int, out: Path, *, purpose: str, by: str) -> None:
    """Writes the exhibit of a question. Raises NoQuestion, PdfUnavailable, what STOPS names, OSError."""
    signatory = read_signatory(settings, BROKER, clock_of(settings))
    outside = [text.partition(" ")[0] for text in settings.witnesses]
    async with opened_trail(settings, signatory) as trail:
        document = await exhibit(trail, signatory.directory, position, outside)
        content = await asyncio.to_thread(pdf if out.suffix == ".pdf" else text_of, document)
        made = Exported(len(document["entries"]), hashlib.sha256(content).hexdigest())
        await trail.append([export_entry(made, purpose=purpose, by=by, question=position)])
        await asyncio.to_thread(out.write_bytes, content)
