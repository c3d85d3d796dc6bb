"""What the node's handlers are given: the node, and the person of this party who calls."""

from typing import Annotated

from fastapi import Depends

from adapters.node.node import Node
from party.bearer import MANAGER, Authorization, Colleague
from party.parts import part

ThisNode = Annotated[Node, part("node")]


async def _signed_in(node: ThisNode, authorization: Authorization = None) -> Colleague:
    """Raises NotSignedIn, IdentityProviderUnavailable."""
    return await node.people.person(authorization)


SignedIn = Annotated[Colleague, Depends(_signed_in)]


async def _manager(person: SignedIn) -> Colleague:
    """Raises NotAllowed."""
    person.needs(MANAGER)
    return person


SignedInManager = Annotated[Colleague, Depends(_manager)]
