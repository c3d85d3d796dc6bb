"""A partner's own side, put together: what asks, what answers, the desk, and who may call."""

from dataclasses import dataclass

from adapters.node.answering.answering import Answering
from adapters.node.answering.desk import AnsweringDesk
from adapters.node.asking.asking import Asking
from adapters.node.asking.cases import OwnCases
from adapters.node.asking.onward_shares import OnwardShares
from adapters.node.asking.overdue import OverdueMeldingen
from adapters.node.handout.releases import Releases
from adapters.node.informing.informing import Informing
from adapters.node.outbox import Outbox
from adapters.node.reviewing.reviews import UrgentReviews
from adapters.node.rights.overviews import Overviews
from adapters.node.rights.rectifying import Rectifying
from adapters.node.rights.requests import Requests
from adapters.node.trail.comparing import Comparing
from adapters.node.trail.exports import Exports
from adapters.node.trail.reading import Reading
from adapters.node.trail.witness import Witnessing
from audit.trail import Trail
from contract.signatory import Signatory
from party.bearer import IdentityProvider
from party.hand_outs import HandOuts
from policies import Release


@dataclass(frozen=True)
class Node:
    signatory: Signatory
    hand_outs: HandOuts
    releases: Releases
    trail: Trail
    cases: OwnCases
    overdue: OverdueMeldingen
    asking: Asking
    onward_shares: OnwardShares
    answering: Answering
    desk: AnsweringDesk
    people: IdentityProvider
    witness: Witnessing
    informing: Informing
    comparing: Comparing
    outbox: Outbox
    reading: Reading
    rectifying: Rectifying
    requests: Requests
    overviews: Overviews
    reviews: UrgentReviews
    exports: Exports

    @property
    def release(self) -> Release:
        """The newest release in force that this partner accepted: where texts come from."""
        return self.hand_outs.newest(int(self.signatory.now().timestamp()))

    @property
    def asking_roles(self) -> frozenset[str]:
        """The roles in which that release lets people of this kind of partner ask; some in urgency alone."""
        catalogue = self.release.catalogue
        asking = catalogue.asking_roles.get(str(self.signatory.party.partner), ())
        return frozenset({*asking, *catalogue.urgent_asking_roles})
