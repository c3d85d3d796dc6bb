"""The commands: the same check as `python -m audit`, and a checkpoint to keep."""

import json

from typer.testing import CliRunner

from audit.commands import app
from audit.entry import Entry
from audit.export import export
from audit.kinds import Kind
from tests.audit.books import Books, played

run = CliRunner().invoke


def filled(books: Books) -> str:
    async def append() -> str:
        async with books.opened() as trail:
            await trail.append([Entry(Kind.CASE, {"n": n}) for n in range(3)])
            return trail.checkpoint()

    return played(append())


def test_a_checkpoint_is_printed_as_it_stands_and_serves_a_later_check(books: Books) -> None:
    checkpoint = filled(books)
    printed = run(app, ["checkpoint", "--database", books.url])
    assert (printed.exit_code, printed.stdout) == (0, checkpoint)
    filled(books)
    paths = {name: books.folder / name for name in ("export.zip", "kept", "report.json")}
    paths["kept"].write_text(printed.stdout)
    export(books.url, paths["export.zip"], [books.vkey])
    options = ["--key", books.vkey, "--earlier", str(paths["kept"]), "--json", str(paths["report.json"])]
    checked = run(app, ["verify", str(paths["export.zip"]), *options])
    assert checked.exit_code == 0
    assert "Vergeleken met 1 eerder bewaarde zegels." in checked.stdout
    assert json.loads(paths["report.json"].read_text())["entries"] == 6


def test_what_cannot_be_read_is_a_sentence_and_status_2(sqlite_books: Books) -> None:
    none = run(app, ["checkpoint", "--database", sqlite_books.url])
    assert (none.exit_code, none.output) == (
        2,
        "There is no checkpoint in this database: it holds no trail yet.\n",
    )
    assert run(app, ["verify", str(sqlite_books.folder / "none.zip")]).exit_code == 2
    missing = ["verify", "x.zip", "--earlier", str(sqlite_books.folder / "none")]
    assert "Een eerder zegel of de policy is niet te lezen." in run(app, missing).output
