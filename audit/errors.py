"""What can go wrong with a trail.

TrailError            a trail that cannot be opened: the text says what to do
└── TrailUnavailable  it cannot be written or read now; nothing was recorded
VerifyError           a leaf, proof or checkpoint that is not what it must be
"""


class TrailError(Exception):
    """The trail cannot be opened. The text says what to do."""


class TrailUnavailable(TrailError):
    """The trail cannot be written or read now. Nothing was recorded."""


class VerifyError(Exception):
    """A leaf, a proof or a checkpoint does not hold."""
