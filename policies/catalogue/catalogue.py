"""The catalogue: all that the data of a release says, by code."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from policies.catalogue.parameters import Parameters
from policies.catalogue.partner import Duty, PartnerKind
from policies.catalogue.question import Question
from policies.catalogue.region import Narrowing, Regime, Region
from policies.catalogue.rule import About, Rule
from policies.catalogue.texts import Fact, LegalBasis, Named, PermitObligation, Purpose, ReasonText


@dataclass(frozen=True)
class Catalogue:
    """All of it. `vocabulary`: field of an input (`case.stage`) -> its closed list of values. `every_rule`:
    the conditions of every row, beside its own. `receivers`: who informs, by the partner that gets answers.
    """

    vocabulary: Mapping[str, tuple[str | bool, ...]]
    facts: Mapping[str, Fact]
    partners: Mapping[str, PartnerKind]
    questions: Mapping[str, Question]
    purposes: Mapping[str, Purpose]
    reasons: Mapping[str, ReasonText]
    legal_bases: Mapping[str, LegalBasis]
    open_questions: Mapping[str, Named]
    obligations: Mapping[str, PermitObligation]
    transparency: Mapping[str, Named]
    retention: Mapping[str, Named]
    statuses: Mapping[str, Named]
    secrecy: Mapping[str, str]
    conditions: Mapping[str, Named]
    modes: Mapping[str, Named]
    requester_roles: Mapping[str, Named]
    subject_roles: Mapping[str, Named]
    age_bands: Mapping[str, Named]
    answer_codes: Mapping[str, Named]
    rules: Mapping[str, Rule]
    status: str
    receivers: Mapping[str, tuple[str, ...]]
    asking_roles: Mapping[str, tuple[str, ...]]
    urgent_asking_roles: tuple[str, ...]
    every_rule: tuple[str, ...]
    every_permit: tuple[str, ...]
    by_mode: Mapping[str, tuple[str, ...]]
    by_urgency: Mapping[str, tuple[str, ...]]
    parameters: Parameters
    regions: Mapping[str, Region]

    @property
    def areas(self) -> dict[str, tuple[str, ...]]:
        """Regions with the same narrowings, by the first of them. Those without any come first."""
        found: dict[tuple[Narrowing, ...], list[str]] = {}
        for region in sorted(self.regions.values(), key=lambda one: bool(one.narrowings)):
            found.setdefault(region.narrowings, []).append(region.code)
        return {codes[0]: tuple(codes) for codes in found.values()}

    def has_duty(self, partner: str | None, duty: Duty) -> bool:
        """Whether this kind of partner does so; None (the broker) and an unknown kind do not."""
        known = self.partners.get(partner or "")
        return known is not None and duty in known.duties

    def may_declare_urgency(self, partner: str | None, role: str) -> bool:
        """Whether acute danger counts when this kind of partner says it in this role (C9)."""
        return role in self.asking_roles.get(partner or "", ()) or role in self.urgent_asking_roles

    def regime(self, region: str) -> Regime:
        """How partners work together in this region; of an unknown one, as where most is asked."""
        return self.regions[region].regime if region in self.regions else "zvh"

    def limits(self, region: str) -> Parameters:
        """The limits in this region: the national ones, or tighter. Those of an unknown region: national."""
        return self.regions[region].parameters if region in self.regions else self.parameters

    def permit_obligations(self, rule: Rule, about: About, mode: str) -> set[str]:
        """The least that a permit under this row must oblige to."""
        return {*self.every_permit, *rule.obligations, *about.obligations, *self.by_mode[mode]}

    def unsettled(self, legal_bases: Iterable[str]) -> tuple[Named, ...]:
        """The open legal questions on which these bases depend, each once."""
        codes = [code for basis in legal_bases for code in self.legal_bases[basis].open_questions]
        return tuple(self.open_questions[code] for code in dict.fromkeys(codes))

    def gaps(self, legal_bases: Iterable[str]) -> tuple[Named, ...]:
        """What these bases leave uncovered."""
        found = [self.legal_bases[basis].gap for basis in legal_bases]
        return tuple(gap for gap in found if gap is not None)

    def candidates(self, partner: str, question: str) -> tuple[Rule, ...]:
        """The rows that speak of this requester and question."""
        return tuple(rule for rule in self.rules.values() if (partner, question) in rule.cells)
