"""What can go wrong, and for whom.

    PersonametricsError
    ├── InputError              what was given cannot be used; the command line exits with 2
    │   ├── ReadError           the file: missing, empty, truncated, a directory, of an unknown kind
    │   ├── ColumnError         a column: missing, or named twice
    │   ├── AnswerError         an answer: not on the scale, text where a number belongs, given twice
    │   ├── DesignError         the panel: too few personas or items for the question
    │   ├── StudyError          a study file: an unknown key, a wrong value, a template with an empty slot
    │   └── RunError            a run directory: in use, of another study, damaged
    ├── ModelError              no ask can be answered: wrong key, no such model, no server
    └── MissingExtraError       an optional part is not installed

Every message is one sentence that names the place and the fix.
"""

from collections.abc import Iterable
from difflib import get_close_matches


class PersonametricsError(Exception):
    """Anything this library raises on purpose."""


class InputError(PersonametricsError):
    """What was given cannot be used as it is."""


class ReadError(InputError):
    """A file cannot be read."""


class ColumnError(InputError):
    """A column is missing or named twice."""


class AnswerError(InputError):
    """An answer cannot be taken as it stands."""


class DesignError(InputError):
    """The panel is too small for the question."""


class StudyError(InputError):
    """A study file, or what it names, cannot be used."""


class RunError(InputError):
    """A run directory cannot be used."""


class ModelError(PersonametricsError):
    """A model can answer no ask at all."""


class MissingExtraError(PersonametricsError):
    """An optional part of the installation is missing."""


def options(given: str, valid: Iterable[str], most: int = 12) -> str:
    """End of a message about an unknown name: the closest valid one, or all of them.

    Examples:
        >>> options("persona", ["persona_id", "item"])
        'did you mean "persona_id"? There are: persona_id, item'
    """
    names = list(valid)
    close = get_close_matches(given, names, 1)
    listed = ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
    return (f'did you mean "{close[0]}"? ' if close else "") + f"There are: {listed}"
