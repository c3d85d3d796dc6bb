"""`match`: measures the matching on labelled pairs, and makes such pairs."""

import json
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from adapters.registers.pairs import Evaluation, PairsError, evaluate, invented_pairs, read_pairs, write_pairs
from adapters.registers.thresholds import ThresholdsError, read_thresholds

app = typer.Typer(help="Measure how persons are matched, on labelled pairs.", no_args_is_help=True)


@app.command("evaluate")
def evaluate_file(
    pairs: Annotated[
        Path,
        typer.Argument(help="A CSV of labelled pairs; the columns stand in adapters/registers/README.md."),
    ],
    thresholds: Annotated[
        Path | None, typer.Option(help="Thresholds as JSON; without it, those of this version.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Write the result as JSON.")] = False,
) -> None:
    """Recall at zero false yeses, and who is there and not found, per kind of difference.

    Exit status 1 when the given thresholds give a false yes: then the figures are those of the first stricter
    ones that give none.
    """
    try:
        given = read_thresholds(thresholds) if thresholds else read_thresholds()
        found = evaluate(read_pairs(pairs), given)
    except (PairsError, ThresholdsError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    if as_json:
        typer.echo(json.dumps(_document(found), indent=1))
    else:
        _show(found)
    if found.false_yes or found.thresholds != given:
        typer.echo("The given thresholds say yes to pairs of two persons.", err=True)
        raise typer.Exit(1)


@app.command("generate")
def generate(
    pairs: Annotated[Path, typer.Argument(help="The file to write.")],
    seed: Annotated[int, typer.Option(help="The same seed gives the same pairs.")] = 1,
    size: Annotated[int, typer.Option(min=1, max=1_000_000, help="How many pairs.")] = 20_000,
) -> None:
    """Write labelled pairs of invented persons (TEST)."""
    count = write_pairs(pairs, invented_pairs(seed, size, date(2026, 1, 1)))
    typer.echo(f"{count} pairs in {pairs.name}")


def _show(found: Evaluation) -> None:
    table = Table("kind", "same", "pairs", "certain", "to a person", "not found", "recall")
    for one in found.kinds:
        recall = f"{one.certain / one.pairs:.3f}" if one.same else ""
        row = (one.pairs, one.certain, one.uncertain, one.absent)
        table.add_row(one.kind, "yes" if one.same else "no", *map(str, row), recall)
    console = Console()
    console.print(table)
    likeness = found.thresholds.surname_same
    console.print(
        f"false yes {found.false_yes}, recall {found.recall:.3f}, flat no {found.flat_no:.4f} "
        f"at surname_same {likeness}"
    )


def _document(found: Evaluation) -> dict[str, Any]:
    thresholds = {**asdict(found.thresholds), "valid_from": found.thresholds.valid_from.isoformat()}
    kinds = [{**asdict(one), "pairs": one.pairs} for one in found.kinds]
    return {
        "false_yes": found.false_yes,
        "recall": round(found.recall, 4),
        "flat_no": round(found.flat_no, 4),
        "thresholds": thresholds,
        "kinds": kinds,
    }
