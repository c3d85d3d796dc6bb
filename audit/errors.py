"""What can go wrong with a trail.

TrailError            a trail that cannot be opened: the text says what to do
└── TrailUnavailable  it cannot be written or read now; nothing was recorded
StepRefused           a step about an obligation that changes nothing
StepRaced             somebody else took a step about it first
CaseHeld              a case of which nothing may be destroyed
NothingKept           a case or subject of which nothing is here
CaseTaken             a case that somebody took up while it was to be destroyed
VerifyError           a leaf, proof or checkpoint that is not what it must be
"""


class TrailError(Exception):
    """The trail cannot be opened. The text says what to do."""


class TrailUnavailable(TrailError):
    """The trail cannot be written or read now. Nothing was recorded."""


class StepRefused(Exception):
    """The step changes nothing: the obligation is unknown or in another state, or a proof is missing."""


class StepRaced(Exception):
    """Somebody else took a step about this obligation since it was looked at."""


class CaseHeld(Exception):
    """Nothing of this case may be destroyed. The text says what to do."""


class NothingKept(Exception):
    """There is nothing here of that case or subject. The text says so."""


class CaseTaken(Exception):
    """Something of this case came in since it was looked at. Nothing was destroyed."""


class VerifyError(Exception):
    """A leaf, a proof or a checkpoint does not hold."""
