"""The exception tree of quakeloom.

Every error that a user can cause derives from :class:`QuakeloomError` and says four
things: the object, what was observed, the consequence, and the remedy. The command line
prints the message without a traceback and exits with :attr:`QuakeloomError.exit_code`.
"""

_LONGEST = 1500
"""Letters of a message about a file: some ten lines; chosen here."""


class QuakeloomError(Exception):
    """Base of all errors that quakeloom raises on purpose."""

    exit_code = 1


class _FileError(QuakeloomError):
    """An error that quotes a file, whose words may be as long as the file: the middle is cut."""

    exit_code = 2

    def __init__(self, message: str = "") -> None:
        if len(message) > _LONGEST:
            half = _LONGEST // 2
            message = f"{message[:half]} … {message[-half:]}"
        super().__init__(message)


class StoppedError(QuakeloomError):
    """A signal stopped the work; what was complete is kept.

    Parameters
    ----------
    message : str
    number : int
        The signal, 2 for Ctrl-C.
    """

    def __init__(self, message: str, number: int = 2) -> None:
        super().__init__(message)
        self.exit_code = 128 + number


class SettingsError(QuakeloomError):
    """A setting is unknown, has the wrong unit, or has an impossible value."""

    exit_code = 2


class FormatError(_FileError):
    """A file is not in the format it was said to be in."""


class InputError(_FileError):
    """An input is missing or holds nothing that can be used."""


class SchemaError(QuakeloomError):
    """A table or array does not agree with the registry of variables."""


class PlanError(QuakeloomError):
    """A plan is missing, stale, or asks for something that cannot be done."""


class AlignmentError(QuakeloomError):
    """A write does not cover whole shards and would overwrite its neighbors."""


class IncompleteError(QuakeloomError):
    """A stage is asked to finish while partitions are missing."""


class VerificationError(QuakeloomError):
    """A store does not agree with its recorded digests."""


class MemoryPromiseError(QuakeloomError):
    """A stage would need more memory than it is allowed."""


class ClusterError(QuakeloomError):
    """A Dask scheduler or its workers are not there, went away, or are not as they must be."""


class StorageError(QuakeloomError):
    """An object storage does not answer, or not as it should, after all tries."""


MACHINE_TROUBLE = (MemoryError, OSError, StorageError)
"""Errors of the machine and not of an event: they are no result of it, and are raised.

Memory that is short and files that cannot be read would give other numbers when tried again.
"""
