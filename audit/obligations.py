"""Who must be told, by whom, before when: a fold over the trail (docs/law.md). Pure; time is an argument.

    open ──► planned ──► sent ──► met                    deferred ──► open     by itself, on its date
     ▲ └────────┴──► deferred, met_by_other, omitted         └──────► met_by_other, omitted
     └── failure (sent, met_by_other) · resumption (deferred) · reopening (omitted, by the FG)

- Each question that was put to a holder opens one obligation per subject and receiving partner, whatever the
  answer becomes; the earliest permit sets the clock. A refusal opens none: nothing was disclosed. A permit
  whose question may never have arrived counts: in doubt it did.
- Every permit stands in an obligation. A notice ends it for what the notice covers; what it does not cover
  is owed still, from its own day on, as an obligation of its own.
- Where the law of the receiver says so (AVG 14(3)(c)), a person is told at the latest when an answer is first
  passed on to another partner. Whoever got it so is told of with the rest.
- Time alone raises an obligation and ends a deferral; it never ends an obligation. A step without its proof
  or signature, or from another state, changes nothing. A clock that jumps back changes nothing that was.
- The joint trail (`joint`) knows open (open, planned, sent), deferred, met and omitted; what is in between
  happens in the receiver's own trail, and so do grounds.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from audit.kinds import Kind
from audit.terms import last_of

State = Literal["open", "planned", "sent", "deferred", "met", "met_by_other", "omitted"]

BASES: Mapping[str, str] = {
    "vt_informs": "Wmo 5.3.1",
    "avg_informs": "AVG 14(3)",
    "general_notice": "Wpg 24a, 24b(3)-(4), 27; Wjsg 17a-17b",
}
"""Transparency codes that make the receiver inform, with the article. T3 has no clock of its own in law; the
working clock is that of the joint notice.
"""

_AT_FIRST_SHARE = frozenset({"avg_informs"})
"""Those whose clock an onward share ends (AVG 14(3)(c))."""

LONGEST_DEFERRAL = timedelta(days=14)
"""At once (Wmo 5.3.1); it may be renewed, and each renewal is a decision of its own."""

_LATEST_NOTICE_DAYS = 28
_SINCE_MORNING = timedelta(hours=15, minutes=59, seconds=59)
"""From 8.00 to the end of a day: who is reminded on a day, can act on it."""

ENDED: frozenset[State] = frozenset({"met", "met_by_other", "omitted"})

_LIVE_STEPS: Mapping[Kind, frozenset[State]] = {
    Kind.DEFERRAL: frozenset({"open", "planned", "deferred"}),
    Kind.RESUMPTION: frozenset({"deferred"}),
    Kind.COVERAGE: frozenset({"open", "planned", "deferred"}),
    Kind.OMISSION: frozenset({"open", "planned", "deferred"}),
    Kind.FAILURE: frozenset({"sent", "met_by_other"}),
    Kind.REOPENING: frozenset({"omitted"}),
}
_OWN_STEPS: Mapping[Kind, frozenset[State]] = {
    **_LIVE_STEPS,
    Kind.PLAN: frozenset({"open", "planned"}),
    Kind.NOTICE: frozenset({"planned"}),
    Kind.DELIVERY: frozenset({"sent"}),
}
_JOINT_STEPS: Mapping[Kind, frozenset[State]] = {**_LIVE_STEPS, Kind.DELIVERY: frozenset({"open"})}

STEPS = frozenset(_OWN_STEPS)
"""Kinds of entries that move an obligation; each names it as `obligation`."""

JOINT_STEPS = frozenset(_JOINT_STEPS)
"""Those that the joint trail hears of; what lies between open and met stays with the receiver."""

_NEEDS: Mapping[Kind, str] = {
    Kind.DELIVERY: "proof",
    Kind.COVERAGE: "notice",
    Kind.OMISSION: "fg_signature",
    Kind.REOPENING: "fg_signature",
}
"""What a step proves or is signed by. Whoever records it verifies that."""

_AFTER: Mapping[Kind, State] = {
    Kind.PLAN: "planned",
    Kind.NOTICE: "sent",
    Kind.DELIVERY: "met",
    Kind.FAILURE: "open",
    Kind.DEFERRAL: "deferred",
    Kind.RESUMPTION: "open",
    Kind.COVERAGE: "met_by_other",
    Kind.OMISSION: "omitted",
    Kind.REOPENING: "open",
}


@dataclass(frozen=True)
class NoticeClocks:
    """The clocks that the hand-out had when a question was put: days until the person must have been told,
    days that this can be postponed at once, the days on which the sender is reminded, and from which deferral
    and after how many weeks the FG looks.
    """

    notice_days: int = _LATEST_NOTICE_DAYS
    deferral_max_days: int = LONGEST_DEFERRAL.days
    notice_reminder_days: tuple[int, ...] = (14, 21, 25)
    fg_review_deferral: int = 3
    fg_review_week: int = 10

    def told_by(self, asked: datetime) -> datetime:
        """The end of the last day on which the person must have been told."""
        return last_of(asked, self.notice_days)

    def longest(self, now: datetime) -> datetime:
        """Until when what is deferred now may wait: the end of its last day."""
        return last_of(now, self.deferral_max_days)


def clocks_of(told: Any) -> NoticeClocks:
    """The clocks that a permit's entry tells, each no later than the law's, which holds where one is not
    told, or is none.
    """
    law, found = NoticeClocks(), dict[str, Any]()
    for name, most in vars(law).items():
        value = told.get(name) if isinstance(told, Mapping) else None
        if name == "notice_reminder_days":
            days = value if isinstance(value, list | tuple) else ()
            if days and all(type(day) is int and day > 0 for day in days):
                found[name] = tuple(days)
        elif type(value) is int and 0 < value <= most:
            found[name] = value
    return replace(law, **found)


@dataclass(frozen=True)
class Disclosure:
    """A question that was put to a holder: the id of its permit in the joint trail, and when it was given."""

    permit: str
    at: datetime
    holder: str
    question: str
    purpose: str
    rule: str
    legal_bases: tuple[str, ...] = ()
    passed_to: tuple[str, ...] = ()  # other partners that its answer was passed on to


@dataclass(frozen=True)
class Obligation:
    """The duty of one receiving partner to tell one subject. `id` is that of its first permit; `version`
    counts its steps; `state` is that after the last of them (`at` says what it is by now).
    """

    id: str
    case_ref: str
    subject_ref: str
    receiver: str
    code: str
    disclosures: tuple[Disclosure, ...]
    due_at: datetime
    changed_at: datetime
    state: State = "open"
    version: int = 0
    until: datetime | None = None
    deferrals: int = 0
    covers: tuple[str, ...] = ()
    covers_others: tuple[str, ...] = ()
    reminded: tuple[str, ...] = ()
    taken: tuple[str, ...] = ()  # ids of its steps, as whoever took them calls them
    places: tuple[int, ...] = ()  # where they stand in the trail
    clocks: NoticeClocks = NoticeClocks()
    waited_s: int = 0  # how long it was deferred in all, in seconds
    breached_since: datetime | None = None  # its time was over before anybody decided that it may wait

    @property
    def latest_at(self) -> datetime:
        """The cap: four weeks, and two for each deferral; `due_at` is the working date within it (T1)."""
        return last_of(
            self.opened_at, self.clocks.notice_days + self.deferrals * self.clocks.deferral_max_days
        )

    def for_the_fg(self, now: datetime) -> bool:
        """Whether a further deferral is for the data protection officer to decide: after many deferrals, and
        from many weeks on.
        """
        weeks = timedelta(weeks=self.clocks.fg_review_week)
        return self.deferrals >= self.clocks.fg_review_deferral or now >= self.opened_at + weeks

    def breached(self, now: datetime) -> datetime | None:
        """Since when it is too late, whatever was decided afterwards; None: it is not."""
        if self.breached_since is not None:
            return self.breached_since
        return self.due_at if self.overdue(now) else None

    @property
    def opened_at(self) -> datetime:
        return self.disclosures[0].at

    @property
    def basis(self) -> str:
        return BASES[self.code]

    @property
    def key(self) -> tuple[str, str, str]:
        return self.case_ref, self.subject_ref, self.receiver

    @property
    def live(self) -> bool:
        return self.state not in ENDED

    def at(self, now: datetime) -> "Obligation":
        """As it is by now: a deferral that was not renewed has ended by itself."""
        if self.state == "deferred" and self.until is not None and now >= self.until:
            return replace(self, state="open")
        return self

    def overdue(self, now: datetime) -> bool:
        """Whether its time is over and nobody decided that it may wait."""
        one = self.at(now)
        return one.live and one.state != "deferred" and now > one.due_at


@dataclass
class Obligations:
    """The fold. Takes leaves in their order; holds every obligation by its id. `changed` are the ids that
    the leaves since the last `settle` touched.
    """

    joint: bool = False
    by_id: dict[str, Obligation] = field(default_factory=dict)
    changed: set[str] = field(default_factory=set)
    _live: dict[tuple[str, str, str], set[str]] = field(default_factory=dict)

    def put(self, one: Obligation) -> None:
        """Holds this obligation as it was kept."""
        self.by_id[one.id] = one
        ids = self._live.setdefault(one.key, set())
        if one.live:
            ids.add(one.id)
        else:
            ids.discard(one.id)

    def take(self, entry: Mapping[str, Any], position: int = 0) -> None:
        """What the leaf at this position does; one that does nothing is passed over."""
        kind = entry["kind"]
        if kind == Kind.PERMIT:
            self._disclosed(entry)
        elif kind == Kind.REMINDER:
            self._reminded(entry)
        elif kind == Kind.ONWARD_SHARE:
            self._passed_on(entry)
        elif kind in STEPS:
            self._step(entry, position)

    def settle(self) -> list[Obligation]:
        """What changed since the last time, as it is now."""
        changed = [self.by_id[one] for one in sorted(self.changed)]
        self.changed.clear()
        return changed

    def after(self, one: Obligation, step: Mapping[str, Any]) -> Obligation | None:
        """The obligation after this step; None when the step changes nothing."""
        kind = step["kind"]
        now = max(datetime.fromisoformat(step["at"]), one.changed_at)
        before = one.at(now)
        allowed = (_JOINT_STEPS if self.joint else _OWN_STEPS).get(kind, frozenset())
        needed, step_id = _NEEDS.get(kind), str(step.get("step", step["id"]))
        if (
            step_id in one.taken
            or before.state not in allowed
            or (needed is not None and not step.get(needed))
        ):
            return None
        fresh: dict[str, Any] = {
            "state": _AFTER[kind],
            "version": one.version + 1,
            "changed_at": now,
            "taken": (*one.taken, step_id),
        }
        if kind == Kind.DEFERRAL:
            until = _moment(step.get("until"))
            if until is None or not now < until <= one.clocks.longest(now):
                return None
            still = one.until if one.state == "deferred" and one.until is not None else now
            waited = one.waited_s + max(int((until - max(now, still)).total_seconds()), 0)
            fresh |= {"until": until, "deferrals": one.deferrals + 1, "waited_s": waited}
            fresh |= {"due_at": _due(one, until, waited), "breached_since": before.breached(now)}
        elif kind == Kind.RESUMPTION and one.until is not None:
            left = max(int((one.until - now).total_seconds()), 0)
            waited = max(one.waited_s - left, 0)
            fresh |= {"until": None, "waited_s": waited, "due_at": _due(one, now, waited)}
        elif kind in {Kind.NOTICE, Kind.DELIVERY}:
            known = {disclosure.permit for disclosure in one.disclosures}
            told = [permit for permit in step.get("covers", one.covers) if permit in known]
            if not told:
                return None
            fresh |= {"covers": tuple(told), "covers_others": tuple(step.get("covers_others", ()))}
        elif kind == Kind.COVERAGE and self.joint and not self._covered(one, str(step["notice"])):
            return None
        return replace(before, **fresh)

    def _disclosed(self, entry: Mapping[str, Any]) -> None:
        codes = [code for code in entry["transparency"] if code in BASES]
        if not codes:
            return
        # a receiver's own trail says where and when the permit stands in the joint one
        permit = str(entry.get("joint_id", entry["id"]))
        at = datetime.fromisoformat(entry.get("joint_at", entry["at"]))
        disclosure = Disclosure(
            permit=permit,
            at=at,
            holder=entry["holder"],
            question=entry["question"],
            purpose=entry["purpose"],
            rule=entry["rule"],
            legal_bases=tuple(entry.get("legal_bases", ())),
        )
        key = (entry["case_ref"], entry["subject_ref"], entry["requester"])
        live = [self.by_id[one] for one in self._live.get(key, ())]
        if live:
            one = min(live, key=lambda one: (one.opened_at, one.id))
            if any(known.permit == permit for known in one.disclosures):
                return
            self._keep(replace(one, disclosures=(*one.disclosures, disclosure)))
        elif permit not in self.by_id:
            self._open(key, codes[0], (disclosure,), at, clocks_of(entry.get("clocks")))

    def _open(
        self,
        key: tuple[str, str, str],
        code: str,
        disclosures: tuple[Disclosure, ...],
        at: datetime,
        clocks: NoticeClocks,
    ) -> None:
        first = disclosures[0]
        due = clocks.told_by(first.at)
        self._keep(Obligation(first.permit, *key, code, disclosures, due, at, clocks=clocks))

    def _step(self, entry: Mapping[str, Any], position: int) -> None:
        one = self.by_id.get(str(entry.get("obligation")))
        after = None if one is None else self.after(one, entry)
        if one is None or after is None:
            return
        after = replace(after, places=(*one.places, position))
        if after.state == "met":
            left = tuple(row for row in one.disclosures if row.permit not in after.covers)
            if left:  # asked after the notice was written: owed still
                told = tuple(row for row in one.disclosures if row.permit in after.covers)
                after = replace(after, disclosures=told)
                self._keep(after)
                self._open(one.key, one.code, left, after.changed_at, one.clocks)
                return
        self._keep(after)

    def _reminded(self, entry: Mapping[str, Any]) -> None:
        one = self.by_id.get(str(entry.get("obligation")))
        if one is not None and entry["reminder"] not in one.reminded:
            self._keep(replace(one, reminded=(*one.reminded, str(entry["reminder"]))))

    def _passed_on(self, entry: Mapping[str, Any]) -> None:
        if entry["own"]:  # a colleague is no other receiver
            return
        at, to = datetime.fromisoformat(entry["at"]), str(entry["receiver"])
        passed = {(one["holder"], one["question"]) for one in entry["answers"]}
        about = entry["case_ref"], entry["subject_ref"]
        for one in [one for one in self.by_id.values() if one.key[:2] == about]:
            told = tuple(
                replace(row, passed_to=tuple(dict.fromkeys((*row.passed_to, to))))
                if (row.holder, row.question) in passed
                else row
                for row in one.disclosures
            )
            if told != one.disclosures:
                hastened = one.live and one.code in _AT_FIRST_SHARE
                due = min(one.due_at, at) if hastened else one.due_at
                self._keep(replace(one, disclosures=told, due_at=due))

    def _covered(self, one: Obligation, other_id: str) -> bool:
        """Whether the notice of this other obligation reached the person, and says that it covers this
        one.
        """
        other = self.by_id.get(other_id)
        return other is not None and other.state == "met" and one.id in other.covers_others

    def _keep(self, one: Obligation) -> None:
        self.put(one)
        self.changed.add(one.id)


def _due(one: Obligation, until: datetime, waited_s: int) -> datetime:
    """Never before the deferral ends; then two weeks, within its first term and as long as it waited (T1)."""
    first = one.clocks.told_by(one.opened_at)
    longest = timedelta(days=one.clocks.deferral_max_days)
    return max(first, until, min(until + longest, first + timedelta(seconds=waited_s)))


def obligations(entries: Iterable[Mapping[str, Any]], *, joint: bool = False) -> list[Obligation]:
    """The obligations that a trail leaves, oldest first; `entries` are its leaves, from the first on."""
    fold = Obligations(joint)
    for position, entry in enumerate(entries):
        fold.take(entry, position)
    return sorted(fold.by_id.values(), key=in_order)


def in_order(one: Obligation) -> tuple[datetime, str, str, str]:
    """Sorts obligations, oldest first."""
    return one.opened_at, one.case_ref, one.subject_ref, one.id


@dataclass(frozen=True)
class Reminder:
    """Somebody is to be reminded: `code` is unique within the obligation, `to` are roles of the receiver."""

    code: str
    at: datetime
    to: tuple[str, ...]


def reminders(one: Obligation) -> Iterator[Reminder]:
    """All that are still to come or due, soonest or not (docs/law.md): on the days of its clocks to the
    sender; at its time to chair and FG; when a deferral passes, the same day; after many deferrals and many
    weeks to the FG.
    """
    if not one.live:
        return
    day, clocks = one.due_at.date().isoformat(), one.clocks
    long = f"week_{clocks.fg_review_week}"
    found = [
        *(
            Reminder(
                f"{left}_days_left:{day}", one.due_at - timedelta(days=left) - _SINCE_MORNING, ("sender",)
            )
            for left in (clocks.notice_days - reminded for reminded in clocks.notice_reminder_days)
            if left > 0
        ),
        Reminder(f"overdue:{day}", one.due_at, ("chair", "fg")),
        Reminder(long, one.opened_at + timedelta(weeks=clocks.fg_review_week), ("fg",)),
    ]
    if one.state == "deferred" and one.until is not None:  # until then nobody but the FG has to act
        ended = Reminder(f"deferral_ended:{one.deferrals}", one.until, ("sender", "chair"))
        found = [ended, *(row for row in found if row.at >= one.until or row.code == long)]
    if one.deferrals >= clocks.fg_review_deferral:
        found.append(Reminder(f"deferral_{one.deferrals}", one.changed_at, ("fg",)))
    yield from (row for row in found if row.code not in one.reminded)


def next_reminder(one: Obligation) -> datetime | None:
    """When the next one is due; None when nobody is waited for."""
    return min((row.at for row in reminders(one)), default=None)


def _moment(text: Any) -> datetime | None:
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else None
