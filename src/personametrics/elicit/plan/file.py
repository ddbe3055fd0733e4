"""Study files and files of dialogues, read with errors that name line and key."""

import re
import reprlib
import tomllib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar, get_args

import yaml
from pydantic import BaseModel, ValidationError

from personametrics.data.errors import ReadError, StudyError, options
from personametrics.elicit.plan.study import Plan

TABLES = ("personas", "items", "tasks")
"""Keys whose value is a path or rows: pydantic puts the kind that it tried into the place of a mistake."""
PATHS = (*TABLES, "out")
"""Keys whose value is relative to the file."""
Kind = TypeVar("Kind", bound=BaseModel)


def load(path: str | Path) -> Plan:
    """Read a study file, YAML (.yaml, .yml) or TOML (.toml); paths in it are relative to it."""
    return read(path, Plan)


def read(path: str | Path, kind: type[Kind]) -> Kind:
    """Read a file as a plan of a kind; paths in it are relative to it.

    Raises:
        ReadError: it cannot be read, or is neither YAML nor TOML.
        StudyError: an unknown key or a wrong value; the message names line and key.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        message = f"{path} cannot be read ({reason})."
        raise ReadError(message) from error
    content = _toml(path, text) if path.suffix.lower() == ".toml" else _yaml(path, text)
    plan = checked(content, lambda place: f"{path}{_line(path, text, place)}", kind)
    changed = {name: _beside(path, getattr(plan, name)) for name in PATHS if name in kind.model_fields}
    if (human := getattr(plan, "human", None)) is not None:
        changed["human"] = human.model_copy(update={"file": _beside(path, human.file)})
    return plan.model_copy(update={**changed, "model": local(path, getattr(plan, "model", ""))})


def local(path: Path, model: str) -> str:
    """Return a model string in a file, whose folder is relative to the file."""
    provider, _, folder = model.partition(":")
    return f"local:{_beside(path, folder)}" if provider == "local" else model


def checked(content: Any, where: Any = lambda _: "The study", kind: type[Kind] = Plan) -> Kind:  # type: ignore[assignment]
    """Return a mapping as a plan of a kind, or raise a StudyError that names the first mistake; `where` names the place of a key."""
    if not isinstance(content, dict):
        needed = ", ".join(name for name, field in kind.model_fields.items() if field.is_required())
        name = getattr(kind, "schema_name", kind.__name__)
        message = f"{where(())}: a {name} must be a mapping with the keys {needed}. See `personametrics schema {name}`."
        raise StudyError(message)
    try:
        return kind.model_validate(content)
    except ValidationError as error:
        mistakes = {_place(mistake["loc"]): mistake for mistake in error.errors() if _meant(mistake)}
        place = max(mistakes, key=lambda place: (len(place), mistakes[place]["type"] == "extra_forbidden"))
        more = len(mistakes) - 1
        rest = f" ({more} more mistake{'s' if more > 1 else ''})" if more else ""
        message = f'{where(place)}, key "{".".join(map(str, place))}": {_why(mistakes[place], place, kind)}{rest}.'
        raise StudyError(message) from None


def _place(loc: Sequence[int | str]) -> tuple[int | str, ...]:
    """Return the keys and positions down to a mistake."""
    return tuple(key for depth, key in enumerate(loc) if depth == 0 or not (key == "[key]" or (depth == 1 and loc[0] in TABLES)))


def _meant(error: Any) -> bool:
    """Return False for errors from the other alternative: a table is not reported as an invalid path, nor a path as an invalid table."""
    rows, loc = isinstance(error["input"], list), error["loc"]
    return loc[0] not in TABLES or len(loc) != 2 or rows == (loc[1] != "str")


def _why(error: Any, place: Sequence[Any], kind: type[BaseModel]) -> str:
    """Return the reason why a value is refused."""
    if error["type"] == "extra_forbidden":
        part: Any = kind
        for name in place[:-1]:
            inner = part.model_fields[name].annotation
            part = next(model for model in (inner, *get_args(inner)) if hasattr(model, "model_fields"))
        names = [field.alias or name for name, field in part.model_fields.items()]
        return f"unknown key. {options(str(place[-1]), names, 30)}"
    if error["type"] == "missing":
        return "it is missing"
    message = re.sub(r"valid dictionary( or instance of \w+)?", "mapping", str(error["msg"]).rstrip("."))
    return f"{message[0].lower()}{message[1:]}, not {reprlib.repr(error['input']):.60}"


def _yaml(path: Path, text: str) -> Any:
    """Return YAML as plain values."""
    try:
        loader = yaml.SafeLoader(text)
        node = loader.get_single_node()
        _check_keys(node)
        return None if node is None else loader.construct_document(node)
    except yaml.MarkedYAMLError as error:
        line = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        message = f"{path}{line}: {error.problem or 'this is not YAML'}."
        raise StudyError(message) from None
    except (yaml.YAMLError, ValueError, LookupError, AttributeError, RecursionError) as error:
        message = f"{path} is not YAML ({str(error).splitlines()[0] if str(error) else type(error).__name__})."
        raise StudyError(message) from None


def _check_keys(root: yaml.Node | None) -> None:
    """Refuse a key that stands twice in a mapping, where the last would win silently, and merged mappings, which can grow without end."""
    waiting, seen = [root], set[int]()
    while waiting:
        node = waiting.pop()
        if id(node) in seen or not isinstance(node, yaml.CollectionNode):
            continue
        seen.add(id(node))
        names = set[str]()
        for key, value in node.value if isinstance(node, yaml.MappingNode) else []:
            if not isinstance(key, yaml.ScalarNode):
                continue  # it cannot be a key, and will be refused as one
            if key.tag == "tag:yaml.org,2002:merge" or key.value in names:
                problem = (
                    "merged keys (<<) are not supported, so write out all keys"
                    if key.value == "<<"
                    else f'the key "{key.value}" is given twice'
                )
                raise yaml.MarkedYAMLError(problem=problem, problem_mark=key.start_mark)
            names.add(key.value)
            waiting.append(value)
        waiting += node.value if isinstance(node, yaml.SequenceNode) else []


def _toml(path: Path, text: str) -> Any:
    """Return TOML as plain values."""
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        message = f"{path}: {error}."
        raise StudyError(message) from None


def _line(path: Path, text: str, place: Sequence[Any]) -> str:
    """Return the line of a key as ", line N"; a missing key is looked up in the part that should hold it."""
    line = _toml_line(text, tuple(place)) if path.suffix.lower() == ".toml" else _yaml_line(text, place)
    return f", line {line}" if line else ""


def _toml_line(text: str, place: tuple[Any, ...]) -> int:
    """Return the line of the longest part of a place that stands in a line of its own; 0 if none does."""
    table, deepest, number = tuple[Any, ...](), 0, 0
    count = Counter[tuple[Any, ...]]()
    for index, line in enumerate(text.splitlines(), 1):
        head, key = re.match(r"\s*(\[\[?)([^\[\]]+)\]", line), re.match(r"\s*([^=#]+)=", line)
        if head:
            table = _toml_keys(head[2])
            if head[1] == "[[":
                count[table] += 1
                table = (*table, count[table] - 1)
        if not head and not key:
            continue
        here = (*table, *(_toml_keys(key[1]) if key else ()))
        if len(here) > deepest and here == place[: len(here)]:
            deepest, number = len(here), index
    return number


def _toml_keys(text: str) -> tuple[str, ...]:
    """Return a dotted key, in parts."""
    return tuple(part.strip(" \t\"'") for part in text.split("."))


def _yaml_line(text: str, place: Sequence[Any]) -> int:
    """Return the line of the deepest part of a place; 0 if none is there."""
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
    return line


def _beside(path: Path, value: Any) -> Any:
    """Return a path in a study file, relative to it."""
    return str(path.parent / value) if isinstance(value, str) else value
