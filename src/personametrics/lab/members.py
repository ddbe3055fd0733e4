"""The studies and remedies that are available: those of this library, of installed packages, and of files that were loaded."""

import pkgutil
import re
import sys
from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

import personametrics.remedies
import personametrics.studies
from personametrics.data.errors import StudyError, ensure, options
from personametrics.data.remedy import Chain, Remedy
from personametrics.data.study import Responses, Study

PLUGINS = "personametrics_plugins"
"""Package under whose name loaded files are imported."""
Kind = type[Study] | type[Remedy]
Member = TypeVar("Member", Study, Remedy)

_loaded: dict[str, Kind] = {}
"""Members of the files that `load` was given, by file and name."""


def studies() -> Mapping[str, type[Study]]:
    """Return the studies by name; further ones come from entry points of the group `personametrics.studies` and from `load`."""
    return _installed(Study) | _from_files(Study)


def remedies() -> Mapping[str, type[Remedy]]:
    """Return the remedies by name; further ones come from entry points of the group `personametrics.remedies` and from `load`."""
    return _installed(Remedy) | _from_files(Remedy)


def load(path: str | Path) -> list[str]:
    """Import a Python file, and return the names of its studies and remedies, which can then be opened by name.

    The file's code is executed. The file's name is the member's name; where a file has several studies, or several remedies, each needs
    the class attribute `name`. A StudyError says that the file cannot be imported, has no such class, or uses a name that is taken.
    """
    path = Path(path).resolve()
    module = _import_file(path)
    kinds: list[Kind] = [*_defined(module, Study), *_defined(module, Remedy)]
    message = f"{path} has no study and no remedy. Write a subclass of personametrics.Study or Remedy in it."
    ensure(kinds, message, StudyError)
    for key in [key for key in _loaded if key.startswith(f"{path}:")]:  # loaded before
        del _loaded[key]
    for kind in kinds:
        name, is_study = _kind_name(kind), issubclass(kind, Study)
        noun = "study" if is_study else "remedy"
        message = f'{path} has a {noun} "{name}", but another {noun} has this name. Rename the file, or set the class attribute `name`.'
        ensure(name not in (studies() if is_study else remedies()), message, StudyError)
        _loaded[f"{path}:{noun}:{name}"] = kind
    return [_kind_name(kind) for kind in kinds]


def _import_file(path: Path) -> ModuleType:
    """Return the module of a file; refuse what is not a Python file, or fails when it is run."""
    name = f"{PLUGINS}.{path.stem}"
    spec = spec_from_file_location(name, path) if path.is_file() else None
    if spec is None or spec.loader is None:
        message = f"{path} is not a Python file. Give the path of a file that ends in .py."
        raise StudyError(message)
    sys.modules[name] = module = module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[name]
        message = f"{path} cannot be imported: {type(error).__name__}: {error}"
        raise StudyError(message) from error
    return module


@cache
def _installed(base: type[Member]) -> dict[str, type[Member]]:
    """Return the members of the library and of entry points by name."""
    package = personametrics.studies if base is Study else personametrics.remedies
    modules = [import_module(f"{package.__name__}.{module.name}") for module in pkgutil.iter_modules(package.__path__)]
    kinds = [kind for module in modules for kind in _defined(module, base)]
    kinds += [_from_entry_point(entry, base) for entry in entry_points(group=package.__name__)]
    return {_kind_name(kind): kind for kind in kinds}


def _from_entry_point(entry: EntryPoint, base: type[Member]) -> type[Member]:
    """Return the class that an installed package offers; refuse what cannot be imported or is not a subclass of the base."""
    try:
        kind: Any = entry.load()
    except Exception as error:
        message = f"The entry point {entry.name} = {entry.value} cannot be loaded: {type(error).__name__}: {error}"
        raise StudyError(message) from error
    message = f"The entry point {entry.name} = {entry.value} is not a subclass of {base.__name__}."
    ensure(isinstance(kind, type) and issubclass(kind, base), message, StudyError)
    chosen: type[Member] = kind
    return chosen


def _from_files(base: type[Member]) -> dict[str, type[Member]]:
    """Return the members of loaded files by name."""
    return {_kind_name(kind): kind for kind in _loaded.values() if issubclass(kind, base)}


def _defined(module: ModuleType, base: type[Member]) -> list[type[Member]]:
    """Return the subclasses of a base that a module itself defines."""
    classes = [value for value in vars(module).values() if isinstance(value, type) and value.__module__ == module.__name__]
    return [kind for kind in classes if issubclass(kind, base)]


def _kind_name(kind: Kind) -> str:
    """Return the declared name of a class, or the name of its file; in a script or a notebook, the name of the class."""
    file = kind.__module__.rpartition(".")[2]
    return kind.name or (kind.__name__.casefold() if file == "__main__" else file)


def name_of(member: Study | Remedy) -> str:
    """Return the name of a study or remedy; of a chain, the names of its links."""
    return "+".join(map(name_of, member.links)) if isinstance(member, Chain) else _kind_name(type(member))


def spell(member: Study | Remedy) -> str:
    """Return a study or remedy as it is written on the command line, with the knobs that differ from their defaults.

    Examples:
        >>> spell(remedy("average:k=3+debias"))
        'average:k=3+debias'
    """
    if isinstance(member, Chain):
        return "+".join(map(spell, member.links))
    defaults = type(member)().knobs()
    knobs = [f"{name}={_text(value)}" for name, value in member.knobs().items() if value != defaults[name] and _text(value)]
    return ":".join([name_of(member), *([",".join(knobs)] if knobs else [])])


def _text(value: object) -> str:
    """Return a knob's value as it is written; "" if it cannot be written."""
    if isinstance(value, tuple):
        return "/".join(map(str, value)) if all(isinstance(part, str | int | float) for part in value) else ""
    return f"{value:g}" if isinstance(value, float) else str(value) if isinstance(value, str | int) else ""


def study(text: str) -> Study:
    """Return a study by its name, with knobs: `expertise:margin=0.1`."""
    return _parse(text, studies(), "study")


def remedy(text: str) -> Remedy:
    """Return a remedy by its name, with knobs: `average:k=3`; several make a chain: `spell_out+average:k=3`."""
    links = [_parse(part, remedies(), "remedy") for part in re.split(r"\+(?=[a-z])", text)]
    return links[0] if len(links) == 1 else Chain(remedies=tuple(links))


def _parse(text: str, kinds: Mapping[str, type[Member]], what: str) -> Member:
    """Return a member by its name, with knobs."""
    name, _, rest = text.partition(":")
    if name not in kinds:
        message = f'Unknown {what} "{name}". {options(name, list(kinds), 30)}.'
        raise StudyError(message)
    defaults = kinds[name]().knobs()
    knobs: dict[str, Any] = {}
    for part in filter(None, re.split(r",(?=\w+=)", rest)):
        knob, _, value = part.partition("=")
        if knob not in defaults:
            message = f'{name} has no option "{knob}". {options(knob, list(defaults), 30)}.'
            raise StudyError(message)
        knobs[knob] = _value(value, defaults[knob], f"{name}:{knob}")
    return kinds[name](**knobs)


def with_people(study: Study, human: Responses | Callable[[], Responses]) -> Study:
    """Return a study with people's answers, given or read by a function; refuse a study that does not compare with people."""
    ensure(study.compares_with_people, f"{name_of(study)} does not compare with people. Leave human out.")
    return study.set(human=human if isinstance(human, Responses) else human())


def _value(text: str, default: object, where: str) -> object:
    """Return a value written as text, in the type of a default."""
    if default is None:
        message = f"{where} cannot be written as text. Set it from Python: …({where.rpartition(':')[2]}=…)."
        raise StudyError(message)
    try:
        if isinstance(default, bool):
            return {"true": True, "false": False, "yes": True, "no": False}[text.casefold()]
        if isinstance(default, tuple):
            return tuple(type(default[0])(part) for part in text.split("/")) if default else tuple(text.split("/"))
        return type(default)(text)  # type: ignore[call-arg]
    except (KeyError, TypeError, ValueError):
        message = f'{where}: "{text}" is not a value of type {type(default).__name__}. An example: {default}.'
        raise StudyError(message) from None
