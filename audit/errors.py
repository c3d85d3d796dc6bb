"""What can go wrong with a trail.

TrailError            a trail that cannot be opened: the text says what to do
└── TrailUnavailable  it cannot be written or read now; nothing was recorded
StepRefused           a step about an obligation that changes nothing
StepRaced             somebody else took a step about it first
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


class VerifyError(Exception):
    """A leaf, a proof or a checkpoint does not hold."""
