"""How far a run is, in words: its stages, the one that it is in, the time that is left. No Streamlit here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from dixtill_core.runs.records import RunCard, RunProgress
    from dixtill_core.runs.spec import RunSpec

State = Literal["done", "now", "later"]
STARTING_TEXT = "Starting: a process of its own loads PyTorch, which takes some seconds"


class Stage(NamedTuple):
    name: str
    state: State


TEACHER, EXPLANATIONS, LOGITS, EPOCHS, TEST = "Teacher", "Explanations", "Teacher's answers", "Epochs", "Test"
_STAGE_OF = {
    "reading the data": TEACHER,
    "training the teacher": TEACHER,
    "validating the teacher": TEACHER,
    "loading the teacher": TEACHER,
    "explaining the watched sentence": EXPLANATIONS,
    "explaining with the teacher": EXPLANATIONS,
    "making texts": LOGITS,
    "asking the teacher": LOGITS,
    "resuming": EPOCHS,
    "training the student": EPOCHS,
    "validating the student": EPOCHS,
    "done": EPOCHS,
    "evaluating": TEST,
    "evaluated": TEST,
}
"""Which of a run's few stages each step of the core belongs to."""


def run_stages(spec: RunSpec, progress: RunProgress, status: str) -> tuple[Stage, ...]:
    """The stages that a run goes through, each done, in progress or still to come."""
    names = [TEACHER, EXPLANATIONS]
    if spec.distill.augmented_texts and spec.distill.method != "ce":
        names.append(LOGITS)
    names += [EPOCHS, TEST] if spec.test_data is not None else [EPOCHS]
    if status == "finished":
        return tuple(Stage(name, "done") for name in names)
    at = _STAGE_OF.get(progress.stage, TEACHER)
    place = names.index(at) if at in names else 0
    return tuple(Stage(name, "done" if i < place else "now" if i == place else "later") for i, name in enumerate(names))


def run_share(spec: RunSpec, progress: RunProgress) -> float:
    """How much of the stage in progress is done, from 0 to 1; of all epochs, where it has some."""
    epochs = _epochs(spec, progress)
    if not epochs:
        return progress.share
    if progress.stage.startswith("validating"):
        return min(1.0, progress.epoch / epochs)
    return min(1.0, (max(0, progress.epoch - 1) + progress.share) / epochs)


def progress_text(card: RunCard) -> str:
    """One line: what is being done, how much of it, the time left."""
    at, spec = card.progress, card.spec
    if not at.stage or spec is None:
        return STARTING_TEXT
    epochs = _epochs(spec, at)
    counted = f"epoch {at.epoch} of {epochs}" if epochs else f"{at.done:,} of {at.total:,}" if at.total > 1 else ""
    left = f"about {duration(at.seconds_left)} left" if at.seconds_left is not None else ""
    return " · ".join(filter(None, [at.stage.capitalize(), counted, at.detail, left, f"{duration(card.seconds)} so far"]))


def duration(seconds: float) -> str:
    """As people say it: 40 s, 3 min, 1 h 20 min."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60:02d} min" if minutes % 60 else f"{minutes // 60} h"


def _epochs(spec: RunSpec, progress: RunProgress) -> int:
    """Epochs of the training that a stage belongs to; 0 for any other stage."""
    if not progress.epoch:
        return 0
    if progress.stage in ("training the teacher", "validating the teacher") and spec.teach is not None:
        return spec.teach.epochs
    return spec.distill.epochs if _STAGE_OF.get(progress.stage) == EPOCHS else 0
