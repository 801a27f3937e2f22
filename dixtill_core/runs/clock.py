"""Time spent on a run, how far it is and what is left, kept in its run.json for readers in other processes."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import asdict, replace

from dixtill_core.progress import Progress
from dixtill_core.runs.estimate import TEACHING, TRAINING
from dixtill_core.runs.folder import Run
from dixtill_core.runs.records import RunProgress

REPORT_SECONDS = 1.0
"""How often run.json says how far a run is."""
BELIEVED_SECONDS = 2.0
"""A stage that has run this long says itself how long it will take; until then, the estimate does."""


class Clock:
    """Follows the progress of one run."""

    def __init__(self, run: Run, seconds_before: float) -> None:
        self.run = run
        self._before = seconds_before
        self._started = time.monotonic()
        self._reported = -math.inf
        self._stages: list[str] = []
        """Every stage so far, in the order of their first sight."""
        self._stage_started = self._started
        self._stage_done = 0.0
        """Units that were done when the stage began here: a resumed training starts within it."""
        self._expected: dict[str, float] = {}
        self._epochs: dict[str, int] = {}
        self._left_of: dict[str, float] = {}

    @property
    def seconds(self) -> float:
        """Spent on the run, earlier processes counted."""
        return self._before + time.monotonic() - self._started

    def expect(self, seconds: Mapping[str, float], epochs: Mapping[str, int], left: Mapping[str, float]) -> None:
        """What each stage is thought to take as a whole, and how many epochs the stages of training have.

        Args:
            left: share of a stage that is still to be done, where a run is resumed; 1 where it says nothing.
        """
        self._expected, self._epochs, self._left_of = dict(seconds), dict(epochs), dict(left)

    def see(self, progress: Progress) -> Progress:
        """Write down how far the run is: at once where a stage begins, else now and then. Adds the time left."""
        if progress.note:
            self.run.say(progress.note)
        stage = _of_training(progress.stage)
        done, total = self._units(progress, stage)
        is_new = not self._stages or self._stages[-1] != stage
        if is_new:
            self._stages.append(stage)
            self._stage_started, self._stage_done = time.monotonic(), done if done > 1 else 0.0
            self.run.say(stage)
        seen = replace(progress, seconds_left=self._left(stage, done, total))
        if is_new or progress.metrics or time.monotonic() - self._reported >= REPORT_SECONDS:
            self._reported = time.monotonic()
            where = RunProgress(seen.stage, seen.done, seen.total, seen.epoch, seen.seconds_left, seen.detail)
            self.run.update(progress=asdict(where), seconds=round(self.seconds, 2))
        return seen

    def end(self, status: str, error: str | None = None) -> None:
        """Write down how the run ended."""
        where = asdict(replace(self.run.card().progress, seconds_left=None))
        self.run.update(status=status, error=error, seconds=round(self.seconds, 2), progress=where)
        self.run.say(status if error is None else f"{status}: {error}")

    def _units(self, progress: Progress, stage: str) -> tuple[float, float]:
        """How far the stage is, in epochs where it has some."""
        epochs = self._epochs.get(stage, 0)
        if not epochs or not progress.epoch:
            return float(progress.done), float(progress.total)
        if progress.metrics:
            return float(progress.epoch), float(epochs)
        return progress.epoch - 1 + (progress.done / progress.total if progress.total else 0.0), float(epochs)

    def _left(self, stage: str, done: float, total: float) -> float | None:
        if not self._expected:
            return None
        spent, moved = time.monotonic() - self._stage_started, done - self._stage_done
        if not total:
            here = 0.0
        elif spent >= BELIEVED_SECONDS and moved > 0:
            here = spent / moved * (total - done)
        else:
            here = self._expected.get(stage, 0.0) * (1 - done / total)
        names = list(self._expected)
        later = names[names.index(stage) + 1 :] if stage in names else [name for name in names if name not in self._stages]
        return here + sum(self._expected[name] * self._left_of.get(name, 1.0) for name in later)


def _of_training(stage: str) -> str:
    """Training and validation take turns; together they are one stage."""
    return {"validating the teacher": TEACHING, "validating the student": TRAINING}.get(stage, stage)
