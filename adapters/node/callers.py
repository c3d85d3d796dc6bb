"""What the node's handlers are given: the node, and the person of this party who calls, if admitted."""

import re
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, Request

from adapters.node.asking import enrichments
from adapters.node.node import Node
from adapters.node.roles import ADMISSIONS, NOBODY, ROLES
from audit.entry import Entry
from audit.kinds import Kind
from contract.problems import NotAllowed
from party.bearer import Authorization, Colleague
from party.parts import part

ThisNode = Annotated[Node, part("node")]
_PREFIX = "/v1"
_REF = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


async def _signed_in(
    request: Request, node: ThisNode, authorization: Authorization = None
) -> AsyncIterator[Colleague]:
    """Lets in whom the table of roles admits to this operation. Whoever is refused there, or further in, has
    left an entry before hearing so, where it is about a case.

    Raises NotSignedIn, IdentityProviderUnavailable, NotAllowed, TrailUnavailable.
    """
    person = await node.people.person(authorization)
    operation = f"{request.method} {request.scope['route'].path_format.removeprefix(_PREFIX)}"
    admission = ADMISSIONS.get(operation, NOBODY)
    try:
        if not admission.admits(person, node.asking_roles):
            raise NotAllowed
        yield person
    except NotAllowed as refused:
        if admission.of_case:
            await _record(node, person, operation, request, refused)
        raise


async def _record(
    node: Node, person: Colleague, operation: str, request: Request, refused: NotAllowed
) -> None:
    facts = {"user": person.user, "mandated": person.mandated, "operation": operation, "code": refused.code}
    refs = [value for value in request.path_params.values() if _REF.fullmatch(value)]  # else it may be a name
    case_ref = refused.case_ref or await _known_case(node, refs)
    more = {"ref": refs[0]} if refs else {}
    if case_ref is not None:
        more["case_ref"] = case_ref
    roles = sorted(person.roles & ROLES)
    await node.trail.append([Entry(Kind.ATTEMPT, {**facts, **more, "roles": roles})])


async def _known_case(node: Node, refs: list[str]) -> str | None:
    for ref in refs:
        case = await node.trail.read(lambda store, ref=ref: enrichments.load_case(store, ref))  # type: ignore[misc]
        if case is not None:
            return case.case_ref
    return None


SignedIn = Annotated[Colleague, Depends(_signed_in)]
