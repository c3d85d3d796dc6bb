"""`grondslag`, also where no side is installed."""

import sys


def main() -> None:
    """Runs the command; where nothing of it is installed, says what there is."""
    try:
        from grondslag.cli import main as command  # noqa: PLC0415 - it may not be there
    except ModuleNotFoundError as missing:
        if missing.name != "typer":
            raise
        sys.exit(
            "No side of Grondslag is installed here: 'grondslag[broker]' or 'grondslag[node]' has commands. "
            "An export of a trail is checked with: python -m audit verify FILE"
        )
    command()


if __name__ == "__main__":
    main()
