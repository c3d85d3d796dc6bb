"""A partner's own side, put together: what asks, what answers, the desk, and who may call."""

from dataclasses import dataclass

from adapters.contract.hand_outs import HandOuts
from adapters.contract.signatory import Signatory
from adapters.node.answering import Answering
from adapters.node.asking import Asking
from adapters.node.bearer import IdentityProvider
from adapters.node.comparing import Comparing
from adapters.node.desk import Desk
from adapters.node.exports import Exports
from adapters.node.informing import Informing
from adapters.node.outbox import Outbox
from adapters.node.reading import Reading
from adapters.node.rectifying import Rectifying
from adapters.node.releases import Releases
from adapters.node.requests import Requests
from adapters.node.witness import Witness
from audit.trail import Trail
from policies import Release


@dataclass(frozen=True)
class Node:
    signatory: Signatory
    hand_outs: HandOuts
    releases: Releases
    trail: Trail
    asking: Asking
    answering: Answering
    desk: Desk
    people: IdentityProvider
    witness: Witness
    informing: Informing
    comparing: Comparing
    outbox: Outbox
    reading: Reading
    rectifying: Rectifying
    requests: Requests
    exports: Exports

    @property
    def release(self) -> Release:
        """The newest release in force that this partner accepted: where texts come from."""
        return self.hand_outs.newest(int(self.signatory.now().timestamp()))
