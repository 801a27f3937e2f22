"""What a run's folder holds, by name, and which names people may give."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime

from dixtill_core.errors import ConfigError

FORMAT = 1
RUN, EPOCHS, WATCHED, LOG = "run.json", "epochs.jsonl", "watched.jsonl", "log.txt"
LOCK, EDIT_LOCK, STOP = "run.lock", "run.json.lock", "run.stop"
UPLOAD = "upload"
TEACHER, TEACHING_STATE = "teacher", "teaching_state.safetensors"
SWEEP = "sweep.json"
"""In the folder that holds the runs of a sweep."""
LONGEST_NAME = 120
LONGEST_TAG, MOST_TAGS = 40, 20


def checked_name(name: str) -> str:
    """A name of one line. Raises ConfigError where it is empty, too long or cannot be printed."""
    name = " ".join(name.split())
    if not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
        raise ConfigError(f"The name of a run has 1 to {LONGEST_NAME} printable characters, this one has {len(name)}.")
    return name


def checked_tags(tags: Iterable[str]) -> tuple[str, ...]:
    """Tags without repetition. Raises ConfigError where there are too many, or one is empty or too long."""
    found = tuple(dict.fromkeys(" ".join(tag.split()) for tag in tags))
    if len(found) > MOST_TAGS or not all(0 < len(tag) <= LONGEST_TAG and tag.isprintable() for tag in found):
        raise ConfigError(f"A run has {MOST_TAGS} tags at most, of 1 to {LONGEST_TAG} printable characters each.")
    return found


def folder_name(title: str) -> str:
    """A file name that every system takes, made of a title."""
    plain = re.sub(r"[^A-Za-z0-9]+", "-", title).strip("-").lower()
    return plain[:40].strip("-") or "run"


def now() -> str:
    """ISO 8601, UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")
