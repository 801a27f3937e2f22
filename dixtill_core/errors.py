"""Errors that a user can act on: each message says what went wrong, where, and what to do."""


class DixtillError(Exception):
    """Base of every error whose message is meant for the user."""


class ConfigError(DixtillError):
    """A setting is outside its range or names something that does not exist."""


class DataError(DixtillError):
    """A data file or a text cannot be used as it is."""


class ModelError(DixtillError):
    """A teacher cannot be found, loaded or explained."""


class CheckpointError(DixtillError):
    """A saved model or a training state is missing, damaged or of another version."""
