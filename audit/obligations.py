"""Who must be told, by whom, before when: a fold over the trail (handout.md 11). Pure; time is an argument.

- Each question that was put to a holder opens one obligation per subject and receiving partner, whatever the
  answer becomes: the earliest permit sets the clock. A refusal opens none: nothing was disclosed. A permit
  whose question may never have arrived counts: in doubt it did.
- Time alone never ends an obligation; it only makes it overdue.
- It ends by a notice of which there is proof (`met`), or by an omission that the data protection officer
  signed (`omitted`). An entry without that proof or signature changes nothing.
- What is asked after the end opens a new one.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal

BASES: Mapping[str, str] = {
    "vt_informs": "Wmo 5.3.1",
    "avg_informs": "AVG 14(3)",
    "general_notice": "Wpg 24a; Wjsg 17a",
}
"""Transparency codes that make the receiver inform, with the article. T3 has no clock of its own in law; the
working clock is that of the joint notice.
"""

_Key = tuple[str, str, str]


@dataclass(frozen=True)
class Obligation:
    """The duty of one receiving partner to tell one subject. `state` never depends on the clock."""

    case_ref: str
    subject_ref: str
    receiver: str
    basis: str
    opened_at: datetime
    due_at: datetime
    state: Literal["open", "met", "omitted"] = "open"

    def overdue(self, now: datetime) -> bool:
        return self.state == "open" and now >= self.due_at


def obligations(entries: Iterable[Mapping[str, Any]], *, notice_days: int) -> list[Obligation]:
    """The obligations that these entries (leaves, in their order) open and end, oldest first.

    A `notice` or `omission` names `case_ref`, `subject_ref` and `receiver`; a notice has the digest of its
    `proof`, an omission that of the `fg_signature`. Whoever records them verifies these.
    """
    still_open: dict[_Key, Obligation] = {}
    ended: list[Obligation] = []
    for entry in entries:
        if entry["kind"] == "permit":
            _open(still_open, entry, timedelta(days=notice_days))
        elif entry["kind"] == "notice" and entry.get("proof"):
            _end(still_open, ended, entry, "met")
        elif entry["kind"] == "omission" and entry.get("fg_signature"):
            _end(still_open, ended, entry, "omitted")
    found = [*still_open.values(), *ended]
    return sorted(found, key=lambda one: (one.opened_at, one.case_ref, one.subject_ref, one.receiver))


def _open(still_open: dict[_Key, Obligation], entry: Mapping[str, Any], notice: timedelta) -> None:
    codes = [code for code in entry["transparency"] if code in BASES]
    key = (entry["case_ref"], entry["subject_ref"], entry["requester"])
    if codes and key not in still_open:
        opened_at = datetime.fromisoformat(entry["at"])
        still_open[key] = Obligation(*key, BASES[codes[0]], opened_at, opened_at + notice)


def _end(
    still_open: dict[_Key, Obligation],
    ended: list[Obligation],
    entry: Mapping[str, Any],
    state: Literal["met", "omitted"],
) -> None:
    found = still_open.pop((entry["case_ref"], entry["subject_ref"], entry["receiver"]), None)
    if found is not None:
        ended.append(replace(found, state=state))
