"""The engine inside this process: regorus, the interpreter, over one release.

Rules of this module:

- One engine, one thread: it panics when another thread asks it or frees it, and freeing happens wherever the
  garbage collector runs. So each thread holds its own engines, an evaluator only has the number of one, and
  another thread gets PolicyUnavailable. Make it where it is used (an app: in its lifespan).
- A panic is a BaseException; everything but the end of the process or of a task becomes PolicyUnavailable, or
  ReleaseError while it is made.
"""

import asyncio
import itertools
import json
import threading
from collections import deque
from importlib.metadata import version
from typing import Any

from policies.errors import PolicyUnavailable, ReleaseError
from policies.release import Release

try:
    import regorus  # type: ignore[import-untyped]

    NAME = f"regorus {version('gordon-to-regorus')}"
    """The engine and its version, as each decision is recorded with it."""
except ImportError:  # it may have to go: an OPA server decides alike (docs/decisions/0108)
    regorus = None
    NAME = "regorus, which is not installed"


class _Held(threading.local):
    """The engines of this thread by number, and the numbers that other threads let go of."""

    def __init__(self) -> None:
        self.engines: dict[int, Any] = {}
        self.gone: deque[int] = deque()

    def hold(self, number: int, engine: Any) -> None:
        while self.gone:
            self.engines.pop(self.gone.popleft(), None)
        self.engines[number] = engine


_held = _Held()
_numbers = itertools.count()


class Evaluator:
    """Evaluates rules of one release. Raises ReleaseError when the engine cannot use it."""

    def __init__(self, release: Release) -> None:
        self._number = next(_numbers)
        self._gone = _held.gone
        engine = None
        try:
            if regorus is None:
                raise ReleaseError(f"The policy engine is {NAME}: set `policy_engine` to `server_alone`.")
            engine = regorus.Engine()
            for path, source in release.rego().items():
                engine.add_policy(path, source)
            engine.add_data_json(json.dumps(release.data()))
            _held.hold(self._number, engine)
        except ReleaseError:
            raise
        except BaseException as error:
            _let_go(error)
            raise ReleaseError("The policy engine cannot use this release of the hand-out.") from error
        finally:
            del engine  # a kept traceback keeps this frame, and frees it where it likes

    def __del__(self) -> None:
        if _held.gone is self._gone:
            self.close()
        else:
            self._gone.append(self._number)

    def value(self, rule: str, document: str) -> str:
        """The value of a rule (`data.handout.decision`) for an input, both as JSON. An undefined rule has the
        value "<undefined>", which is no document.

        Raises PolicyUnavailable.
        """
        engine = self._engine()
        try:
            engine.set_input_json(document)
            return str(engine.eval_rule_as_json(rule))
        except BaseException as error:
            _let_go(error)
            raise PolicyUnavailable("The policy engine failed.") from None
        finally:
            del engine

    def syntax(self) -> list[Any]:
        """The syntax tree of every module. Raises PolicyUnavailable."""
        return json.loads(self._engine().get_ast_as_json())  # type: ignore[no-any-return]

    def watch(self) -> None:
        """From now on, keep which lines of the rules are reached. Raises PolicyUnavailable."""
        self._engine().set_enable_coverage(True)

    def unreached(self) -> tuple[str, ...]:
        """The lines that nothing reached since, as `handout/case/case.rego:14`. Raises PolicyUnavailable."""
        report = json.loads(self._engine().get_coverage_report_as_json())
        return tuple(
            f"{file['path']}:{line}"
            for file in sorted(report["files"], key=lambda one: str(one["path"]))
            for line in sorted(file["not_covered"])
        )

    def close(self) -> None:
        _held.engines.pop(self._number, None)

    def _engine(self) -> Any:
        engine = _held.engines.get(self._number)
        if engine is None:
            raise PolicyUnavailable(
                "The policy engine is closed, or was asked from another thread than its own."
            )
        return engine


def _let_go(error: BaseException) -> None:
    """Re-raise what ends a process or a task; a panic of the engine is a BaseException too."""
    if isinstance(error, KeyboardInterrupt | SystemExit | asyncio.CancelledError | GeneratorExit):
        raise error
