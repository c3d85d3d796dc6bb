"""What can go wrong with a policy.

PolicyError
├── ReleaseError        a folder or bundle is not a usable release; nothing may start on it
└── PolicyUnavailable   no trustworthy decision; nothing may leave (503)

A refusal is neither: it is a Decision.
"""


class PolicyError(Exception):
    """Base of this package's errors. The text is a sentence and holds no input."""


class ReleaseError(PolicyError):
    """The files are not a usable release of the hand-out."""


class PolicyUnavailable(PolicyError):
    """There is no decision that can be trusted."""
