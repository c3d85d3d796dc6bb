"""What the data of a release says, typed: questions, rules, reasons, articles, purposes, parameters.

Read strictly when a release is loaded; every reference between the parts is checked there, so that nobody
needs to check it again. Texts are looked up here by code, outside the engine.
"""

from policies.catalogue.catalogue import Catalogue
from policies.catalogue.parameters import Parameters
from policies.catalogue.partner import Duty, PartnerKind, RequestedRight, Term
from policies.catalogue.question import Question
from policies.catalogue.reading import parse_catalogue
from policies.catalogue.region import Narrowing, Regime, Region
from policies.catalogue.rule import About, Rule, RuleMode
from policies.catalogue.texts import Called, Fact, LegalBasis, Named, PermitObligation, Purpose, ReasonText

__all__ = [
    "About",
    "Called",
    "Catalogue",
    "Duty",
    "Fact",
    "LegalBasis",
    "Named",
    "Narrowing",
    "Parameters",
    "PartnerKind",
    "PermitObligation",
    "Purpose",
    "Question",
    "ReasonText",
    "Regime",
    "Region",
    "RequestedRight",
    "Rule",
    "RuleMode",
    "Term",
    "parse_catalogue",
]
