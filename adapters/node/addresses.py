"""Parts of addresses that more than one room has."""

from typing import Annotated

from fastapi import Path

from contract.codes import Ref

CaseRef = Annotated[Ref, Path(alias="id", description="Kenmerk van de casus")]
InquiryId = Annotated[Ref, Path(alias="id", description="Kenmerk van de bevraging")]
Index = Annotated[int, Path(ge=0, lt=60, description="Plaats van de vraag in de bevraging")]
