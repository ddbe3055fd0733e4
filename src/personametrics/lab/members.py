"""Every study and every remedy there is: found, never listed."""

import pkgutil
import re
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass, replace
from functools import lru_cache
from importlib import import_module
from importlib.metadata import entry_points
from types import ModuleType
from typing import Any, TypeVar

import personametrics.remedies
import personametrics.studies
from personametrics.data.errors import DesignError, StudyError, options
from personametrics.data.remedy import Chain, Remedy
from personametrics.data.responses import Responses
from personametrics.data.study import Study

GROUP = "personametrics.studies"
"""Entry points of this group are further studies …"""
CURES = "personametrics.remedies"
"""… and of this one further remedies."""
Member = TypeVar("Member")


@lru_cache(maxsize=1)
def studies() -> Mapping[str, type[Study]]:
    """Studies by name: the classes with a `known` world in the files of `studies`, and those of entry points."""
    return _members(personametrics.studies, GROUP)


@lru_cache(maxsize=1)
def remedies() -> Mapping[str, type[Remedy]]:
    """Remedies by name: the classes with a `known` world in the files of `remedies`, and those of entry points."""
    return _members(personametrics.remedies, CURES)


def _members(package: ModuleType, group: str) -> dict[str, Any]:
    """The class with a `known` world in every file of a package, by the file's name."""
    found: dict[str, Any] = {}
    for module in pkgutil.iter_modules(package.__path__):
        for member in vars(import_module(f"{package.__name__}.{module.name}")).values():
            if isinstance(member, type) and hasattr(member, "known") and member.__module__.endswith(f".{module.name}"):
                found[module.name] = member
    return found | {entry.name: entry.load() for entry in entry_points(group=group)}


def name_of(one: Study | Remedy) -> str:
    """The name of a study or remedy: that of its file; of a chain, those of its links."""
    if isinstance(one, Chain):
        return "+".join(map(name_of, one.remedies))
    home = type(one).__module__.rpartition(".")[2]
    return type(one).__name__.casefold() if home == "__main__" else home  # of a script or a notebook


def spelled(one: Study | Remedy) -> str:
    """A study or remedy as it is written, with the knobs that are not as they ship.

    Examples:
        >>> spelled(remedy("average:k=3+debias"))
        'average:k=3+debias'
    """
    if isinstance(one, Chain):
        return "+".join(map(spelled, one.remedies))
    shipped = knobs(type(one)())
    given = [f"{name}={_text(value)}" for name, value in knobs(one).items() if value != shipped.get(name) and _text(value)]
    return ":".join([name_of(one), *([",".join(given)] if given else [])])


def _text(value: object) -> str:
    """A knob's value as it is written; "" of one that cannot be."""
    if isinstance(value, tuple):
        return "/".join(map(str, value)) if all(isinstance(one, str | int | float) for one in value) else ""
    return f"{value:g}" if isinstance(value, float) else str(value) if isinstance(value, str | int) else ""


def study(text: str) -> Study:
    """A study by its name, with knobs: `expertise:margin=0.1`.

    Raises:
        StudyError: there is no such study or knob, or the value is none of its kind.
    """
    return _made(text, studies(), "study")


def remedy(text: str) -> Remedy:
    """A remedy by its name, with knobs: `average:k=3`; several in a chain: `spell_out+average:k=3`.

    Raises:
        StudyError: there is no such remedy or knob, or the value is none of its kind.
    """
    found = [_made(part, remedies(), "remedy") for part in re.split(r"\+(?=[a-z])", text)]
    return found[0] if len(found) == 1 else Chain(remedies=tuple(found))


def _made(text: str, known: Mapping[str, type[Member]], what: str) -> Member:
    """A member by its name, with knobs."""
    name, _, rest = text.partition(":")
    if name not in known:
        message = f'There is no {what} "{name}": {options(name, list(known), 30)}.'
        raise StudyError(message)
    kind = known[name]
    defaults = knobs(kind())
    given: dict[str, object] = {}
    for part in filter(None, re.split(r",(?=\w+=)", rest)):
        knob, _, value = part.partition("=")
        if knob not in defaults:
            message = f'{name} has no knob "{knob}": {options(knob, list(defaults), 30)}.'
            raise StudyError(message)
        given[knob] = _of_kind(value, defaults[knob], f"{name}:{knob}")
    return kind(**given)


def knobs(member: object) -> dict[str, object]:
    """The knobs of a study or remedy, with their values; what a remedy has learned (its fields by keyword only) is none."""
    learned = {one.name for one in fields(member) if one.kw_only} if is_dataclass(member) else set()
    return {name: value for name, value in vars(member).items() if name not in learned}


def at(study: Study, level: float) -> Study:
    """A study at a level of its intervals, where it has one."""
    changed: Any = study
    return replace(changed, level=level) if "level" in vars(study) else study


def with_people(study: Study, human: Responses | Callable[[], Responses]) -> Study:
    """A study with people's answers.

    Args:
        study: that wants them.
        human: the answers, or what reads them.

    Raises:
        DesignError: it does not compare with people.
    """
    if "human" not in vars(study):
        message = f"{name_of(study)} does not compare with people; leave human out."
        raise DesignError(message)
    human = human if isinstance(human, Responses) else human()
    changed: Any = study
    found: Study = replace(changed, human=human)
    return found


def _of_kind(value: str, default: object, where: str) -> object:
    """A value written as text, of the kind of a default."""
    if default is None:
        message = f"{where} cannot be written as text; give it from Python: …({where.rpartition(':')[2]}=…)."
        raise StudyError(message)
    try:
        if isinstance(default, bool):
            return {"true": True, "false": False, "yes": True, "no": False}[value.casefold()]
        if isinstance(default, tuple):
            return tuple(type(default[0])(one) for one in value.split("/")) if default else tuple(value.split("/"))
        return type(default)(value)  # type: ignore[call-arg]
    except (KeyError, TypeError, ValueError):
        message = f'{where}: "{value}" is no {type(default).__name__}, such as {default}.'
        raise StudyError(message) from None
