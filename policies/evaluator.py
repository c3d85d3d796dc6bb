"""The engine inside this process: regorus, the interpreter, over one release.

Rules of this module:

- One engine, one thread: it answers another thread with a panic, so another thread gets PolicyUnavailable.
  Make it where it is used (an app: in its lifespan).
- A panic is a BaseException; everything but the end of the process or of a task becomes PolicyUnavailable, or
  ReleaseError while it is made.
"""

import asyncio
import json
import threading
from importlib.metadata import version
from typing import Any

import regorus  # type: ignore[import-untyped]

from policies.errors import PolicyUnavailable, ReleaseError
from policies.release import Release

NAME = f"regorus {version('gordon-to-regorus')}"
"""The engine and its version, as each decision is recorded with it."""


class Evaluator:
    """Evaluates rules of one release. Raises ReleaseError when the engine cannot use it."""

    def __init__(self, release: Release) -> None:
        self._thread = threading.get_ident()
        try:
            engine = regorus.Engine()
            for path, source in release.rego().items():
                engine.add_policy(path, source)
            engine.add_data_json(json.dumps(release.data()))
            self._engine: regorus.Engine | None = engine
        except BaseException as error:
            _let_go(error)
            raise ReleaseError("The policy engine cannot use this release of the hand-out.") from error

    def value(self, rule: str, document: str) -> str:
        """The value of a rule (`data.handout.decision`) for an input, both as JSON. An undefined rule has the
        value "<undefined>", which is no document.

        Raises PolicyUnavailable.
        """
        if self._engine is None or threading.get_ident() != self._thread:
            raise PolicyUnavailable(
                "The policy engine is closed, or was asked from another thread than its own."
            )
        try:
            self._engine.set_input_json(document)
            return str(self._engine.eval_rule_as_json(rule))
        except BaseException as error:
            _let_go(error)
            raise PolicyUnavailable("The policy engine failed.") from None

    def syntax(self) -> list[Any]:
        """The syntax tree of every module."""
        if self._engine is None:
            raise PolicyUnavailable("The policy engine is closed.")
        return json.loads(self._engine.get_ast_as_json())  # type: ignore[no-any-return]

    def watch(self) -> None:
        """From now on, keep which lines of the rules are reached."""
        if self._engine is not None:
            self._engine.set_enable_coverage(True)

    def unreached(self) -> tuple[str, ...]:
        """The lines that nothing reached since, as `handout/case/case.rego:14`."""
        if self._engine is None:
            return ()
        report = json.loads(self._engine.get_coverage_report_as_json())
        return tuple(
            f"{file['path']}:{line}"
            for file in sorted(report["files"], key=lambda one: str(one["path"]))
            for line in sorted(file["not_covered"])
        )

    def close(self) -> None:
        self._engine = None


def _let_go(error: BaseException) -> None:
    """Re-raise what ends a process or a task; a panic of the engine is a BaseException too."""
    if isinstance(error, KeyboardInterrupt | SystemExit | asyncio.CancelledError | GeneratorExit):
        raise error
