"""`python -m audit verify FILE` and `report FILE`: for whoever has nothing else of Grondslag."""

import argparse
import json
import sys
from pathlib import Path

from audit.account import account_of, told_account
from audit.errors import VerifyError
from audit.exhibit import LONGEST, verify_exhibit
from audit.quorum import Quorum, read_quorum
from audit.report import CANNOT_TELL, DAMAGED, WHOLE, Report
from audit.verify import verify

_WORDS = {
    WHOLE: "HEEL, als de sleutel klopt: alle regels hier zijn precies die van het zegel.",
    DAMAGED: "BESCHADIGD: dit spoor is niet wat het zegel zegt.",
    CANNOT_TELL: "NIET TE ZEGGEN. Hieronder staat waarom.",
}
_SELECTED = (
    "Dit is een keuze. Elke regel hierin staat in het spoor. "
    "Of er regels zijn weggelaten, zegt dit bestand niet."
)
_TRUST = (
    "Let op: de sleutel komt uit het bestand zelf. Vergelijk hem met de sleutel die u van deze partij kreeg."
)


def told(report: Report) -> str:
    """The report for people, in Dutch."""
    lines = [_WORDS[report.outcome]]
    if report.origin:
        told = f"{report.entries} regels, {report.parts} verzegelde delen, {report.erased} gewist"
        lines.append(f"Spoor {report.origin}: {told}.")
    if report.pruned:
        lines.append(
            f"{report.pruned} regels zijn na hun bewaartermijn vernietigd; hun plaats en hash staan er nog."
        )
    if report.second is not None:
        lines.append(f"De eerste {report.second} regels hebben ook de tweede handtekening (ML-DSA-44).")
    if report.witnessed is not None:
        lines.append(f"De eerste {report.witnessed} regels hebben genoeg getuigen, volgens uw policy.")
    if report.selected:
        lines.append(_SELECTED)
    if report.earlier:
        lines.append(f"Vergeleken met {report.earlier} eerder bewaarde zegels.")
    if report.origin and not report.trusted:
        lines.append(_TRUST)
    return "\n".join([*lines, *report.findings])


def check(
    export: Path,
    keys: list[str],
    earlier: list[Path],
    json_file: Path | None,
    policy: Path | None = None,
) -> int:
    """Verifies, tells, and gives the exit status."""
    try:
        quorum = None if policy is None else read_quorum(policy.read_text(encoding="utf-8"))
        kept = [path.read_text(encoding="utf-8") for path in earlier]
        report = _verified(export, keys, kept, quorum)
    except (OSError, UnicodeDecodeError):
        report = Report(CANNOT_TELL, findings=["Een eerder zegel of de policy is niet te lezen."])
    except VerifyError:
        report = Report(CANNOT_TELL, findings=["De policy die u meegeeft is er geen (C2SP tlog-policy)."])
    if json_file is not None:
        text = json.dumps(report.as_json(), indent=1, ensure_ascii=False)
        json_file.write_text(f"{text}\n", encoding="utf-8")
    sys.stdout.write(f"{told(report)}\n")
    return report.outcome


def account(export: Path, keys: list[str]) -> int:
    """Checks an export, then tells what stands in it; gives the exit status of the check."""
    report = verify(export, keys)
    sys.stdout.write(f"{told(report)}\n")
    if report.outcome == CANNOT_TELL and not report.entries:
        return report.outcome
    found = account_of(export)
    sys.stdout.write("\n" + "\n".join(told_account(found)) + "\n")
    return report.outcome


def _verified(file: Path, keys: list[str], earlier: list[str], quorum: Quorum | None) -> Report:
    """An exhibit is JSON; anything else is an export, or nothing."""
    try:
        with file.open("rb") as opened:
            content = opened.read(LONGEST)
    except OSError:
        content = b""
    if content[:1] != b"{":
        return verify(file, keys, earlier, quorum=quorum)
    report = verify_exhibit(content, keys, quorum)
    if earlier:
        report.findings.append("Een bewijs van één vraag is niet te vergelijken met eerdere zegels.")
        report.outcome = report.outcome or CANNOT_TELL
    return report


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m audit",
        description="Check an export of a trail. Exit status: 0 whole, 1 damaged, 2 cannot tell.",
    )
    commands = parser.add_subparsers(required=True)
    checking = commands.add_parser("verify", help="check that an export is exactly what its checkpoint says")
    checking.add_argument("export", type=Path, metavar="FILE", help="the export (zip), or an exhibit (JSON)")
    checking.add_argument(
        "--key",
        action="append",
        default=[],
        help="verifier key that you trust (name+hash+key); again for more",
    )
    checking.add_argument(
        "--earlier",
        action="append",
        default=[],
        type=Path,
        metavar="FILE",
        help="a checkpoint of this log that was kept elsewhere; again for more",
    )
    checking.add_argument(
        "--policy",
        type=Path,
        metavar="FILE",
        help="whose signatures you want: keys, witnesses, how many (C2SP tlog-policy)",
    )
    checking.add_argument("--json", type=Path, metavar="FILE", help="write the report to this file too")
    telling = commands.add_parser("report", help="check an export, then tell in Dutch what stands in it")
    telling.add_argument("export", type=Path, metavar="FILE", help="the export (zip)")
    telling.add_argument("--key", action="append", default=[], help="verifier key that you trust")
    telling.set_defaults(tells=True)
    given = parser.parse_args(arguments)
    if getattr(given, "tells", False):
        return account(given.export, given.key)
    return check(given.export, given.key, given.earlier, given.json, given.policy)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
