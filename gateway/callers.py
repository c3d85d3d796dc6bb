"""What the broker's handlers are given: the broker, and who calls where no signed document says so itself."""

from typing import Annotated

from fastapi import Depends, Request

from contract.directory import Party
from contract.documents import Caller
from contract.problems import NotFound
from contract.signatory import Signatory
from gateway.broker import Broker
from party.bearer import Authorization, bearer_of
from party.parts import part

ThisBroker = Annotated[Broker, part("broker")]


async def _calling(
    request: Request,
    signatory: Annotated[Signatory, part("signatory")],
    authorization: Authorization = None,
) -> Party:
    """Whose token this is: fresh, and signed for this one address.

    Raises NotSignedIn, a document problem, NotFound for a token of another address.
    """
    caller = signatory.read(Caller, bearer_of(authorization))
    if caller.document.path != request.scope["path"]:
        raise NotFound
    return caller.sender


Calling = Annotated[Party, Depends(_calling)]
