"""What works for a teacher, and what to do where it does not: `dixtill doctor`.

Each check tries on a few odd sentences what distilling and explaining rely on, so that a model which would give wrong
or no attributions says so before an hour of work. A check that fails says what to do; none of them raises.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dixtill_core.errors import DixtillError
from dixtill_core.models.teacher_reference import BUNDLED, find_teacher
from dixtill_core.progress import Progress

if TYPE_CHECKING:
    from dixtill_core.models.teacher import Teacher

NOTHING_ELSE = "What is wrong stands below. Nothing else could be checked."


class CheckFailed(Exception):
    """Something is wrong with a teacher; the message says what, and what to do."""


@dataclass(frozen=True)
class Check:
    name: str
    ok: bool
    detail: str
    """What was found; where it is not ok, also what to do."""


@dataclass(frozen=True)
class Diagnosis:
    """All checks of a teacher. Those that need it loaded are not in it where it cannot be."""

    reference: str
    checks: tuple[Check, ...]

    @property
    def ok(self) -> bool:
        return all(check.ok for check in self.checks)

    def to_dict(self) -> dict[str, Any]:
        """`ok` and `checks`, a list of `name`, `ok` and `detail`."""
        return {"ok": self.ok, "checks": [asdict(check) for check in self.checks]}


def diagnose(reference: str | Path = BUNDLED, *, device: str | None = None, allow_download: bool = True) -> Iterator[Progress | Diagnosis]:
    """Yield progress before each check, and last the diagnosis.

    Args:
        reference, device, allow_download: as in `load_teacher`.
    """
    try:
        find_teacher(reference)
    except DixtillError as error:
        yield Diagnosis(str(reference), (Check("loading", False, str(error)),))
        return
    # Only now, since where nothing lies to be loaded that is said without waiting for PyTorch.
    from dixtill_core.doctor_checks import CHECKS, loaded_checks
    from dixtill_core.models.teacher import load_teacher
    from dixtill_core.models.teacher_loading import NotAClassifierError, TokenizerError

    total = 2 + len(CHECKS)
    yield Progress("checking the teacher", 0, total, detail="loading")
    try:
        teacher = load_teacher(reference, device=device, allow_download=allow_download)
    except TokenizerError as error:
        yield Diagnosis(str(reference), (Check("loading", False, NOTHING_ELSE), Check("fast tokenizer", False, str(error))))
        return
    except NotAClassifierError as error:
        yield Diagnosis(str(reference), (Check("loading", False, NOTHING_ELSE), Check("classifier", False, str(error))))
        return
    except DixtillError as error:
        yield Diagnosis(str(reference), (Check("loading", False, str(error)),))
        return
    checks = loaded_checks(teacher)
    for done, (name, check) in enumerate(CHECKS.items(), start=2):
        yield Progress("checking the teacher", done, total, detail=name)
        checks.append(_run(name, check, teacher))
    yield Progress("checking the teacher", total, total)
    yield Diagnosis(str(reference), tuple(checks))


def _run(name: str, check: Callable[[Teacher], str], teacher: Teacher) -> Check:
    try:
        return Check(name, True, check(teacher))
    except (CheckFailed, DixtillError) as error:
        return Check(name, False, str(error))
    except Exception as error:  # Whatever a network raises, the other checks go on.
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        return Check(name, False, f"It failed: {reason.rstrip('.')}. Choose another model, or report this.")
