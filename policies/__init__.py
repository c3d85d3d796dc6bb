"""The hand-out as data and rules, two engines that decide by it, and everything about its versions."""

from policies.catalogue import Catalogue, LegalBasis, Parameters, Purpose, Question, ReasonText, Rule
from policies.embedded import EmbeddedPolicy
from policies.engine import Decision, Policy, Reason
from policies.errors import PolicyError, PolicyUnavailable, ReleaseError
from policies.opa_server import OpaServerPolicy
from policies.release import Release, load_release

__all__ = [
    "Catalogue",
    "Decision",
    "EmbeddedPolicy",
    "LegalBasis",
    "OpaServerPolicy",
    "Parameters",
    "Policy",
    "PolicyError",
    "PolicyUnavailable",
    "Purpose",
    "Question",
    "Reason",
    "ReasonText",
    "Release",
    "ReleaseError",
    "Rule",
    "load_release",
]
