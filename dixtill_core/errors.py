"""Errors that a user can act on: each message says what went wrong, where, and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

Setting = Literal["text_column", "label_column", "label_names", "label_map"]
"""How data are to be read, which a user may have to say where it cannot be guessed."""

COMMAND_LINE: Mapping[Setting, str] = {
    "text_column": "Name the column of texts with --text-column.",
    "label_column": "Name the column of labels with --label-column.",
    "label_names": "Name the labels in their order with --labels.",
    "label_map": "Say which is which, as in --label-map 'pos=bullish,neg=bearish,other=' (nothing after = leaves a label out).",
}
"""What the command line says of each setting; a page says it in the words of its own fields."""


class DixtillError(Exception):
    """Base of every error whose message is meant for the user."""


class StoppedError(DixtillError):
    """The user stopped a command with Ctrl-C; the message says what was kept."""


class ConfigError(DixtillError):
    """A setting is outside its range or names something that does not exist."""


class DataError(DixtillError):
    """A data file or a text cannot be used as it is.

    Args:
        problem: what went wrong and where; what to do too, unless a setting mends it.
        setting: the one that mends it. The message names it as the command line does.
    """

    def __init__(self, problem: str, setting: Setting | None = None) -> None:
        self.problem, self.setting = problem, setting
        super().__init__(self.worded(COMMAND_LINE))

    def worded(self, settings: Mapping[Setting, str]) -> str:
        """The message with the words that `settings` has for what the user can set."""
        return self.problem if self.setting is None else f"{self.problem} {settings[self.setting]}"


class ModelError(DixtillError):
    """A teacher cannot be found, loaded or explained."""


class CheckpointError(DixtillError):
    """A saved model or a training state is missing, damaged or of another version."""
