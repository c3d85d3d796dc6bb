"""A partner's own side, put together: what asks, what answers, the desk, and who may call."""

from dataclasses import dataclass

from adapters.contract.signatory import Signatory
from adapters.node.answering import Answering
from adapters.node.asking import Asking
from adapters.node.bearer import IdentityProvider
from adapters.node.desk import Desk
from audit.trail import Trail
from policies import Release


@dataclass(frozen=True)
class Node:
    signatory: Signatory
    release: Release
    trail: Trail
    asking: Asking
    answering: Answering
    desk: Desk
    people: IdentityProvider
