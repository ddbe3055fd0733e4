"""Reading a study file, with errors that name line and key."""

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from personametrics.data.errors import ReadError, StudyError, options
from personametrics.elicit.plan import Plan


def load(path: str | Path) -> Plan:
    """Read a study file; paths in it are relative to it.

    Args:
        path: YAML (.yaml, .yml) or TOML (.toml).

    Raises:
        ReadError: it cannot be read, or is neither YAML nor TOML.
        StudyError: an unknown key or a wrong value; the message names line and key.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        message = f"{path} cannot be read ({reason})."
        raise ReadError(message) from error
    content = _toml(path, text) if path.suffix.lower() == ".toml" else _yaml(path, text)
    plan = checked(content, lambda place: f"{path}{_line(path, text, place)}")
    changed = {name: _beside(path, getattr(plan, name)) for name in ("personas", "items", "out")}
    provider, _, folder = plan.model.partition(":")
    return plan.model_copy(update=changed | {"model": f"local:{_beside(path, folder)}" if provider == "local" else plan.model})


def checked(content: Any, where: Any = lambda _: "The study") -> Plan:
    """Values as a plan.

    Args:
        content: a mapping of the study's keys.
        where: what a message calls the place of a key.

    Raises:
        StudyError: an unknown key or a wrong value.
    """
    if not isinstance(content, dict):
        message = f"{where(())}: a study is a mapping with the keys model, personas, items; see `personametrics schema study`."
        raise StudyError(message)
    try:
        return Plan.model_validate(content)
    except ValidationError as error:
        first, more = max(error.errors(), key=lambda one: len(one["loc"])), error.error_count() - 1
        place = tuple(one for one in first["loc"] if not (isinstance(one, str) and ("[" in one or one == "str")))
        rest = f" ({more} more mistake{'s' if more > 1 else ''})" if more else ""
        message = f'{where(place)}, key "{".".join(map(str, place))}": {_why(first, place)}{rest}.'
        raise StudyError(message) from None


def _why(error: Any, place: Sequence[Any]) -> str:
    """What is wrong with a value."""
    if error["type"] == "extra_forbidden":
        part: Any = Plan
        for name in place[:-1]:
            part = part.model_fields[name].annotation if hasattr(part, "model_fields") and name in part.model_fields else part
        names = [field.alias or name for name, field in part.model_fields.items()] if hasattr(part, "model_fields") else []
        return f"there is no such key; {options(str(place[-1]), names, 30)}"
    if error["type"] == "missing":
        return "it is missing"
    message = str(error["msg"]).rstrip(".")
    return f"{message[0].lower()}{message[1:]}, not {error['input']!r:.60}"


def _yaml(path: Path, text: str) -> Any:
    """YAML as plain values; nothing but plain values."""
    try:
        return yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        line = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        message = f"{path}{line}: {error.problem or 'this is no YAML'}."
        raise StudyError(message) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        message = f"{path} is no YAML ({str(error).splitlines()[0] if str(error) else type(error).__name__})."
        raise StudyError(message) from None


def _toml(path: Path, text: str) -> Any:
    """TOML as plain values."""
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        message = f"{path}: {error}."
        raise StudyError(message) from None


def _line(path: Path, text: str, place: Sequence[Any]) -> str:
    """Where a key stands, in the form of ", line N"; a missing key is looked for in the part that should hold it."""
    if path.suffix.lower() == ".toml":
        names = [str(name) for name in place if isinstance(name, str)]
        found = [at for at, line in enumerate(text.splitlines(), 1) if names and line.split("=")[0].strip(" []\"'").endswith(names[-1])]
        return f", line {found[0]}" if found else ""
    node, line = yaml.compose(text, Loader=yaml.SafeLoader), 0
    for name in place:
        if isinstance(node, yaml.MappingNode):
            pair = next(((key, value) for key, value in node.value if key.value == str(name)), None)
            if pair is None:
                break
            line, node = pair[0].start_mark.line + 1, pair[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(name, int) and name < len(node.value):
            node = node.value[name]
            line = node.start_mark.line + 1
    return f", line {line}" if line else ""


def _beside(path: Path, value: Any) -> Any:
    """A path in a study file, relative to it."""
    return str(path.parent / value) if isinstance(value, str) else value
