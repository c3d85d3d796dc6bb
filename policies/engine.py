"""The seam of the policy engines, and the one strict reader behind which they all stand.

Rules of this module:

- An input is a closed vocabulary. A field that the vocabulary does not know is an error; a value that it
  does not know is treated as absent and never reaches an engine. Absent facts are refused by the rules.
- A decision is believed only if every field of it fits the release: known codes, the row's own limits, the
  same revision. Anything else is PolicyUnavailable, never a permit and never a part of a list.
- A refusal without a reason means that a rule was undefined: PolicyUnavailable.
"""

import json
from collections.abc import Container, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, Literal, Protocol, TypeVar

from policies.catalogue import Catalogue, Rule
from policies.errors import PolicyUnavailable

DecisionEffect = Literal["permit", "refusal"]
Mode = Literal["automatic", "human"]
Deadline = Literal["human_deadline", "fast_deadline"]

Facts = tuple[str | bool | None, ...]  # in the order of the vocabulary; None where absent or unknown

_Word = TypeVar("_Word", bound=str)


@dataclass(frozen=True)
class Reason:
    """Why not: a code of the catalogue, with its articles."""

    code: str
    citations: tuple[str, ...]


@dataclass(frozen=True)
class Decision:
    """The decision on one question.

    A permit has a rule, a mode, answer codes, legal bases and a deadline (also when it is automatic: without
    a standing decision of the holder a person must release). A refusal has reasons, and a rule where one row
    was the cause.
    """

    effect: DecisionEffect
    rule: str | None
    mode: Mode | None
    answer_codes: tuple[str, ...]
    desk: bool
    deadline: Deadline | None
    reasons: tuple[Reason, ...]
    legal_bases: tuple[str, ...]
    obligations: tuple[str, ...]
    transparency: tuple[str, ...]
    retention: tuple[str, ...]
    status: str
    revision: str

    @cached_property
    def facts(self) -> dict[str, Any]:
        """The fields as JSON values. Worked out once: a remembered decision is used many times."""
        return asdict(self)

    @property
    def permitted(self) -> bool:
        return self.effect == "permit"

    def as_json(self) -> str:
        """The one canonical form: sorted keys, no spaces."""
        return json.dumps(self.facts, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def read_decision(document: Mapping[str, Any]) -> Decision:
    """A decision that was kept as JSON values (`Decision.facts`). Raises KeyError, TypeError."""
    read: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in document.items()
    }
    reasons = tuple(Reason(one["code"], tuple(one["citations"])) for one in document["reasons"])
    return Decision(**{**read, "reasons": reasons})


class Policy(Protocol):
    """Decides on questions under one release.

    `decide` answers all inputs, in their order, or raises PolicyUnavailable: never a part, never a guess.
    """

    revision: str
    engine: str

    async def decide(self, inputs: Sequence[Mapping[str, object]]) -> list[Decision]: ...

    async def verify(self) -> None:
        """The engine itself decides, on an input without facts. Raises PolicyUnavailable when it does not."""

    async def close(self) -> None: ...


class Reader:
    """Reads inputs and decisions strictly, against one release. Both engines use it, none can go round it."""

    def __init__(self, catalogue: Catalogue, revision: str) -> None:
        self._catalogue = catalogue
        self._revision = revision
        self._fields = tuple(
            (path.rpartition(".")[0], path.rpartition(".")[2], frozenset(values))
            for path, values in catalogue.vocabulary.items()
        )
        self._names: dict[str, set[str]] = {}
        for group, name, _ in self._fields:
            self._names.setdefault(group, set()).add(name)

    def facts(self, given: Mapping[str, object]) -> Facts:
        """The values of an input in the order of the vocabulary.

        Raises PolicyUnavailable for a field outside the vocabulary: that may be personal data.
        """
        groups: dict[str, Mapping[str, object]] = {"": given}
        for name, value in given.items():
            if name in self._names[""]:
                continue
            if name not in self._names:
                raise PolicyUnavailable(_UNKNOWN_FIELD)
            groups[name] = value if isinstance(value, Mapping) else {}
            if not groups[name].keys() <= self._names[name]:
                raise PolicyUnavailable(_UNKNOWN_FIELD)
        found = [(groups.get(group, _NOTHING).get(name), allowed) for group, name, allowed in self._fields]
        # 1 == True in Python, and only a real boolean is a fact here
        return tuple(
            [value if type(value) in _KINDS and value in allowed else None for value, allowed in found]
        )

    def document(self, facts: Facts) -> dict[str, object]:
        """The input as an engine gets it: known values only."""
        built: dict[str, dict[str, object]] = {group: {} for group in self._names}
        for (group, name, _), value in zip(self._fields, facts, strict=True):
            if value is not None:
                built[group][name] = value
        return {**built.pop(""), **built}

    def decisions(self, facts: Sequence[Facts], answers: object) -> list[Decision]:
        """All decisions of one call. Raises PolicyUnavailable if there are more or fewer than inputs."""
        if not isinstance(answers, list) or len(answers) != len(facts):
            raise PolicyUnavailable(
                "The policy engine answered another number of questions than it was asked."
            )
        return [self.decision(one, answer) for one, answer in zip(facts, answers, strict=True)]

    def decision(self, facts: Facts, answer: object) -> Decision:
        """One decision. Raises PolicyUnavailable if anything in it does not fit the release."""
        if not isinstance(answer, dict) or answer.keys() != _FIELDS:
            raise PolicyUnavailable("The policy engine gave no decision, or one of another shape.")
        if answer["revision"] != self._revision:
            raise PolicyUnavailable("The policy engine works with another revision of the hand-out.")
        rule = self._rule(answer["rule"])
        read = Decision(
            effect=_one_of(answer["effect"], _EFFECTS, "effect"),
            rule=None if rule is None else rule.code,
            mode=None if answer["mode"] is None else _one_of(answer["mode"], _MODES, "mode"),
            answer_codes=_codes(answer["answer_codes"], "answer_codes"),
            desk=_flag(answer["desk"]),
            deadline=None
            if answer["deadline"] is None
            else _one_of(answer["deadline"], _DEADLINES, "deadline"),
            reasons=self._reasons(answer["reasons"]),
            legal_bases=_codes(answer["legal_bases"], "legal_bases", self._catalogue.legal_bases),
            obligations=_codes(answer["obligations"], "obligations", self._catalogue.obligations),
            transparency=_codes(answer["transparency"], "transparency", self._catalogue.transparency),
            retention=_codes(answer["retention"], "retention", self._catalogue.retention),
            status=self._status(answer["status"], rule),
            revision=self._revision,
        )
        if read.permitted:
            self._verify_permit(read, rule, dict(zip(self._catalogue.vocabulary, facts, strict=True)))
        else:
            _verify_refusal(read)
        return read

    def _rule(self, code: object) -> Rule | None:
        if code is None:
            return None
        rule = self._catalogue.rules.get(code) if isinstance(code, str) else None
        if rule is None:
            raise PolicyUnavailable("A decision names a rule that the hand-out does not know.")
        return rule

    def _reasons(self, given: object) -> tuple[Reason, ...]:
        if not isinstance(given, list):
            raise PolicyUnavailable("A decision has no list of reasons.")
        read = []
        for one in given:
            if not isinstance(one, dict) or one.keys() != {"code", "citations"}:
                raise PolicyUnavailable("A decision has a reason of another shape.")
            code = one["code"]
            text = self._catalogue.reasons.get(code) if isinstance(code, str) else None
            if text is None or _codes(one["citations"], "citations") != text.citations:
                raise PolicyUnavailable("A decision has a reason that the hand-out does not know.")
            read.append(Reason(text.code, text.citations))
        if len({reason.code for reason in read}) != len(read):
            raise PolicyUnavailable("A decision names a reason twice.")
        return tuple(read)

    def _status(self, status: object, rule: Rule | None) -> str:
        expected = self._catalogue.status if rule is None else rule.status
        if status != expected:
            raise PolicyUnavailable("A decision has another status than its rule.")
        return expected

    def _verify_permit(self, read: Decision, rule: Rule | None, facts: Mapping[str, object]) -> None:
        """A permit keeps within what its row says of this question, requester, purpose and subject."""
        if rule is None or rule.mode == "refuse":
            raise PolicyUnavailable("A permit names no rule that can permit.")
        about = rule.subjects.get(str(facts["subject.role"]))
        if about is None or None in facts.values():
            raise PolicyUnavailable("A permit does not speak of this subject, or rests on an absent fact.")
        question = str(facts["question"])
        if not (
            (facts["requester.partner"], question) in rule.cells
            and facts["holder"] == self._catalogue.questions[question].holder
            and facts["purpose"] in rule.purposes
            and facts["subject.age_band"] in about.ages
            and (facts["subject.dual_role"] or not about.dual_role)  # C17
        ):
            raise PolicyUnavailable("A permit does not fit the row that it names.")
        if (
            read.reasons
            or not read.answer_codes
            or not set(read.answer_codes) <= set(about.answer_codes)
            or (read.desk and not rule.desk)
        ):
            raise PolicyUnavailable("A permit has a reason, or answer codes beyond its row.")
        bases = rule.legal_bases[str(facts["requester.partner"])]
        if read.legal_bases != bases or not read.transparency or not read.retention:
            raise PolicyUnavailable("A permit has another legal basis than its row.")
        by_machine = rule.mode == "automatic" and facts["purpose"] not in rule.by_hand_for
        if read.mode is None or (read.mode == "automatic" and not by_machine):
            raise PolicyUnavailable("A permit has no mode, or a looser one than its row.")
        needed = self._catalogue.permit_obligations(rule, about, read.mode)
        duties = self._catalogue.obligations
        if read.mode == "automatic" and any(duties[code].by_person for code in read.obligations):
            raise PolicyUnavailable("A permit is automatic, and obliges to what only a person can do.")
        if read.deadline is None or not needed <= set(read.obligations):
            raise PolicyUnavailable("A permit lacks a deadline, or an obligation of its row.")


_UNKNOWN_FIELD = "An input has a field that the vocabulary of the hand-out does not know."
_NOTHING: Mapping[str, object] = {}
_KINDS = frozenset({str, bool})
_FIELDS = frozenset(Decision.__dataclass_fields__)
_EFFECTS: tuple[DecisionEffect, ...] = ("permit", "refusal")
_MODES: tuple[Mode, ...] = ("automatic", "human")
_DEADLINES: tuple[Deadline, ...] = ("human_deadline", "fast_deadline")


def _verify_refusal(read: Decision) -> None:
    if not read.reasons:
        raise PolicyUnavailable("A refusal has no reason: a rule of the hand-out was undefined.")
    if read.mode or read.answer_codes or read.desk or read.deadline or read.legal_bases or read.obligations:
        raise PolicyUnavailable("A refusal gives something.")


def _one_of(value: object, allowed: tuple[_Word, ...], name: str) -> _Word:
    for word in allowed:
        if value == word and isinstance(value, str):
            return word
    raise PolicyUnavailable(f"A decision has an unknown {name}.")


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise PolicyUnavailable("A decision does not say whether there is a desk.")
    return value


def _codes(value: object, name: str, known: Container[str] | None = None) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(code, str) for code in value):
        raise PolicyUnavailable(f"A decision has no list of codes in {name}.")
    if len(set(value)) != len(value) or (known is not None and not all(code in known for code in value)):
        raise PolicyUnavailable(f"A decision has an unknown or repeated code in {name}.")
    return tuple(value)
