"""Populations of invented persons for the demo's registers and the tests. TEST: no real persons.

Deterministic by seed. A BSN, where a person has one, is from the test range 9999xxxxx.
"""

from demo.population.build import build, persons
from demo.population.member import CastMember, MemberFacts

__all__ = ["CastMember", "MemberFacts", "build", "persons"]
