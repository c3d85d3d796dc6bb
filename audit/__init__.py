"""The trail that nobody can rewrite.

`audit.verify` needs nothing but `cryptography`: whoever checks an export imports that module alone.
"""

from audit.checkpoint import Checkpoint, sign_checkpoint, verifier_key, verify_checkpoint
from audit.entry import Entry, Recorded
from audit.errors import TrailError, TrailUnavailable, VerifyError
from audit.migration import KEYS, TRAIL, migrate
from audit.receipt import verify_receipt
from audit.trail import Appended, Opened, Proven, Trail

__all__ = [
    "KEYS",
    "TRAIL",
    "Appended",
    "Checkpoint",
    "Entry",
    "Opened",
    "Proven",
    "Recorded",
    "Trail",
    "TrailError",
    "TrailUnavailable",
    "VerifyError",
    "migrate",
    "sign_checkpoint",
    "verifier_key",
    "verify_checkpoint",
    "verify_receipt",
]
