"""Every study there is: found, never listed."""

import pkgutil
import re
from collections.abc import Mapping
from functools import lru_cache
from importlib import import_module
from importlib.metadata import entry_points

import personametrics.studies
from personametrics.data.errors import StudyError, options
from personametrics.data.study import Study

GROUP = "personametrics.studies"
"""Entry points of this group are further studies."""


@lru_cache(maxsize=1)
def studies() -> Mapping[str, type[Study]]:
    """Studies by name: the classes with a `known` world in the files of `studies`, and those of entry points."""
    found: dict[str, type[Study]] = {}
    for module in pkgutil.iter_modules(personametrics.studies.__path__):
        for member in vars(import_module(f"personametrics.studies.{module.name}")).values():
            if isinstance(member, type) and hasattr(member, "known") and member.__module__.endswith(f".{module.name}"):
                found[module.name] = member
    return found | {entry.name: entry.load() for entry in entry_points(group=GROUP)}


def name_of(one: Study) -> str:
    """The name of a study: that of its file."""
    return type(one).__module__.rpartition(".")[2]


def study(text: str) -> Study:
    """A study by its name, with knobs: `expertise:margin=0.1`.

    Raises:
        StudyError: there is no such study or knob, or the value is none of its kind.
    """
    name, _, rest = text.partition(":")
    if name not in studies():
        message = f'There is no study "{name}": {options(name, list(studies()), 30)}.'
        raise StudyError(message)
    kind = studies()[name]
    knobs: dict[str, object] = {}
    defaults = vars(kind())
    for part in filter(None, re.split(r",(?=\w+=)", rest)):
        knob, _, value = part.partition("=")
        if knob not in defaults:
            message = f'{name} has no knob "{knob}": {options(knob, list(defaults), 30)}.'
            raise StudyError(message)
        knobs[knob] = _of_kind(value, defaults[knob], f"{name}:{knob}")
    return kind(**knobs)


def _of_kind(value: str, default: object, where: str) -> object:
    """A value written as text, of the kind of a default."""
    if default is None:
        message = f"{where} cannot be written as text; give it from Python: run(…({where.rpartition(':')[2]}=…), …)."
        raise StudyError(message)
    try:
        if isinstance(default, bool):
            return {"true": True, "false": False, "yes": True, "no": False}[value.casefold()]
        if isinstance(default, tuple):
            return tuple(value.split("/"))
        return type(default)(value)  # type: ignore[call-arg]
    except (KeyError, TypeError, ValueError):
        message = f'{where}: "{value}" is no {type(default).__name__}, such as {default}.'
        raise StudyError(message) from None
