"""Whose signatures a reader wants on a state of a log: its keys, its witnesses, and how many of these must
have signed. A file in the format of C2SP tlog-policy. Pure.

    log <vkey>
    witness <name> <vkey>
    group <name> <k|any|all> <name>…
    quorum <name|none>
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from audit.checkpoint import Checkpoint, read_verifier_key
from audit.errors import VerifyError
from audit.witness import WitnessKey, cosigned_at, read_cosigner_key

LONGEST = 64 * 1024


@dataclass(frozen=True)
class Quorum:
    """`logs` and `witnesses` as keys with their names; `groups`: how many of which names it takes."""

    logs: tuple[tuple[str, Ed25519PublicKey], ...]
    witnesses: Mapping[str, tuple[str, WitnessKey]]
    groups: Mapping[str, tuple[int, tuple[str, ...]]]
    wanted: str | None

    def met(self, checkpoint: Checkpoint, lines: str) -> bool:
        """Whether enough witnesses signed this state in these lines."""
        return self.wanted is None or self._signed(self.wanted, checkpoint, lines)

    def _signed(self, name: str, checkpoint: Checkpoint, lines: str) -> bool:
        if name in self.witnesses:
            return bool(cosigned_at(checkpoint, lines, [self.witnesses[name]]))
        least, members = self.groups[name]
        return sum(self._signed(one, checkpoint, lines) for one in members) >= least


def read_quorum(text: str) -> Quorum:
    """Raises VerifyError for what is no such file."""
    logs: list[tuple[str, Ed25519PublicKey]] = []
    witnesses: dict[str, tuple[str, WitnessKey]] = {}
    groups: dict[str, tuple[int, tuple[str, ...]]] = {}
    wanted: list[str] = []
    try:
        for line in text.splitlines():
            match line.split():
                case []:
                    continue
                case [first, *_] if first.startswith("#"):
                    continue
                case ["log", key, *_]:
                    logs.append(read_verifier_key(key))
                case ["witness", name, key, *_] if name not in {*witnesses, *groups, "none"}:
                    witnesses[name] = read_cosigner_key(key)
                case ["group", name, least, *members] if name not in {*witnesses, *groups, "none"}:
                    groups[name] = _threshold(least, len(members)), tuple(members)
                    if not {*witnesses, *groups}.issuperset(members) or name in members:
                        raise ValueError
                case ["quorum", name]:
                    wanted.append(name)
                case _:
                    raise ValueError
        [quorum] = wanted
        if quorum != "none" and quorum not in witnesses and quorum not in groups:
            raise ValueError
    except ValueError:
        raise VerifyError("this is no policy of a log (C2SP tlog-policy)") from None
    return Quorum(tuple(logs), witnesses, groups, None if quorum == "none" else quorum)


def quorum_text(logs: Sequence[str], witnesses: Sequence[tuple[str, str]], least: int) -> str:
    """A file that wants this many of these witnesses; keys as text."""
    lines = [f"log {key}" for key in logs] + [f"witness {name} {key}" for name, key in witnesses]
    if least and witnesses:
        names = " ".join(name for name, _ in witnesses)
        lines += [f"group witnesses {min(least, len(witnesses))} {names}", "quorum witnesses"]
    else:
        lines.append("quorum none")
    return "".join(f"{line}\n" for line in lines)


def _threshold(text: str, count: int) -> int:
    """Raises ValueError."""
    least = {"any": 1, "all": count}.get(text) or int(text)
    if not 1 <= least <= count:
        raise ValueError
    return least
