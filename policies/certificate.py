"""The certificate of a release as others read it: what `policy check` found, and that nobody changed it
since.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from policies.errors import ReleaseError


def fingerprint(found: Mapping[str, Any]) -> str:
    """SHA-256 over what was found, as JSON values; how long it took is left out, and this very digest."""
    held = {name: value for name, value in found.items() if name not in {"seconds", "certificate"}}
    text = json.dumps(held, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def verify_certificate(found: Mapping[str, Any], *, revision: str, digest: str) -> None:
    """That this certificate is the one of this digest, is about this release, and found nothing wrong.

    Whether it is true is for whoever tabulates the release again. Raises ReleaseError.
    """
    if fingerprint(found) != digest:
        raise ReleaseError("The certificate is not the one that was signed.")
    if found.get("revision") != revision:
        raise ReleaseError("The certificate is of another release.")
    try:
        wrong = [one["name"] for one in found["invariants"] if one["holds"] is not True]
        wrong += [one["name"] for one in found["engines"] if one["differences"]]
        wrong += found["rego"] or []
        wrong += (found["mutants"] or {"survived": []})["survived"]
    except (KeyError, TypeError) as error:
        raise ReleaseError("The certificate is not one of `policy check`.") from error
    if wrong or not found["invariants"]:
        raise ReleaseError("The certificate says that something does not hold.")
