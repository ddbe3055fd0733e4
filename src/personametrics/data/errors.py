"""The errors of the library, by the person who can fix them.

    PersonametricsError
    ├── InputError              the input cannot be used; the command line exits with 2
    │   ├── ReadError           a file is missing, empty, truncated, a directory, or of an unknown kind
    │   ├── ColumnError         a column is missing, or named twice
    │   ├── AnswerError         an answer is not on the scale, is text in place of a number, or is given twice
    │   ├── DesignError         the panel has too few personas or items for the question
    │   ├── StudyError          a study file has an unknown key, a wrong value, or a template with an empty slot
    │   └── RunError            a run directory is in use, belongs to another study, or is damaged
    ├── ModelError              the model can answer no request: wrong key, unknown model, no server
    └── MissingExtraError       an optional part is not installed

Every message names the place and the fix in one or two sentences.
"""

from collections.abc import Iterable
from difflib import get_close_matches


class PersonametricsError(Exception):
    """The base of all errors that this library raises on purpose."""


class InputError(PersonametricsError):
    """The input cannot be used as it is."""


class ReadError(InputError):
    """A file cannot be read."""


class ColumnError(InputError):
    """A column is missing or named twice."""


class AnswerError(InputError):
    """An answer cannot be used as it is."""


class DesignError(InputError):
    """The panel is too small for the question."""


class StudyError(InputError):
    """A study file, or something that it names, cannot be used."""


class RunError(InputError):
    """A run directory cannot be used."""


class ModelError(PersonametricsError):
    """A model cannot answer any request."""


class MissingExtraError(PersonametricsError):
    """An optional part of the installation is missing."""


def options(given: str, valid: Iterable[str], most: int = 12) -> str:
    """Return the end of a message about an unknown name: the closest valid name, and up to `most` valid names.

    Examples:
        >>> options("persona", ["persona_id", "item"])
        'Did you mean "persona_id"? Available: persona_id, item'
    """
    names = list(valid)
    close = get_close_matches(given, names, 1)
    listed = ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
    return (f'Did you mean "{close[0]}"? ' if close else "") + f"Available: {listed}"


def ensure(condition: object, message: str, kind: type[InputError] = DesignError) -> None:
    """Raise an error with a message unless a condition holds."""
    if not condition:
        raise kind(message)
