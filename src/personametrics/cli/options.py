"""The options shared by all commands that ask a model, and the plan made from them."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from personametrics.data.columns import Columns
from personametrics.data.errors import InputError
from personametrics.elicit.plan.file import checked, load
from personametrics.elicit.plan.study import Plan
from personametrics.elicit.plan.talk import TalkPlan
from personametrics.lab import members

File = Annotated[Path | None, typer.Argument(help="A study file, YAML or TOML (see: personametrics schema study).")]
StudyFile = Annotated[Path | None, typer.Option("--settings", help="A study file. Options and --set override its keys.")]
ModelName = Annotated[
    str | None, typer.Option("--model", help="openai:NAME\\[@BASE_URL], local:FOLDER, embedded, or an entry point's name.")
]
Personas = Annotated[Path | None, typer.Option(help="A table with the columns id, text and attributes.")]
Items = Annotated[Path | None, typer.Option(help="A table with the columns id, text, scale.")]
Runs = Annotated[int | None, typer.Option(help="Number of times that every persona is asked every item.")]
Out = Annotated[Path | None, typer.Option(help="The run directory.")]
Score = Annotated[bool, typer.Option("--score", help="Request label probabilities instead of answers.")]
Temperature = Annotated[float | None, typer.Option(help="Sampling temperature of the answers. Default: 1.", min=0)]
Judge = Annotated[
    str | None,
    typer.Option(
        "--judge",
        help="Model that judges lines of dialogues. Default: the model itself. oracle: a perfect judge, for the embedded model only.",
    ),
]
Partner = Annotated[
    str | None,
    typer.Option(
        "--partner", help="Model that speaks as the partner in dialogues whose turns are not scripted. Default: the model itself."
    ),
]
Adaptive = Annotated[
    bool, typer.Option("--adaptive", help="Spend runs where they narrow the interval most, and stop when the verdict is clear.")
]
Set = Annotated[
    list[str] | None,
    typer.Option("--set", help="Any key of a study file, such as caps.calls=500, sampling.temperature=0.7 or judge.max_tokens=2000."),
]
Plugin = Annotated[
    list[Path] | None, typer.Option("--plugin", help="A Python file with a study or remedy of your own. The file is executed.")
]
Extend = Annotated[bool, typer.Option("--extend", help="Continue in a run directory that was begun with a different study.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]
Folder = Annotated[Path, typer.Argument(help="The run directory.", metavar="RUN_DIR")]


def plan_of(study: Path | None, options: Mapping[str, Any], settings: list[str] | None, needed: tuple[str, ...] = ("model",)) -> Plan:
    """Return the plan of a study file changed by options, or of options alone.

    Args:
        study: study file, or None.
        options: values of options by key of the study file; None: not given.
        settings: `key=value` pairs of `--set`.
        needed: keys that must be given.

    Raises:
        InputError: a key is missing, or a value cannot be used.
    """
    given = {name: str(value) if isinstance(value, Path) else value for name, value in options.items() if value is not None}
    content: dict[str, Any] = load(study).model_dump(by_alias=True) if study is not None else {}
    for name, value in given.items():
        content[name] = {**content[name], **value} if isinstance(value, dict) and isinstance(content.get(name), dict) else value
    for setting in settings or []:
        _set(content, setting)
    if lacking := [f"--{name}" for name in needed if content.get(name) is None]:
        message = f"Name a study file, or give {', '.join(lacking)}."
        raise InputError(message)
    return checked(content, lambda place: "--set" if place and place[0] not in given else "The options")


def with_settings(plan: TalkPlan, options: Mapping[str, Any], settings: list[str] | None) -> TalkPlan:
    """Return a plan of dialogues changed by options and by `--set`."""
    content: dict[str, Any] = plan.model_dump() | {name: value for name, value in options.items() if value is not None}
    for setting in settings or []:
        _set(content, setting)
    return checked(content, lambda _: "--set", TalkPlan)


def asked(
    temperature: float | None, judge: str | None, partner: str | None, *, score: bool = False, adaptive: bool = False
) -> dict[str, Any]:
    """Return the options of sampling, judge and partner as keys of a study file."""
    return {
        "score": score or None,
        "adaptive": adaptive or None,
        "sampling": None if temperature is None else {"temperature": temperature},
        "judge": None if judge is None else {"model": judge},
        "partner": None if partner is None else {"model": partner},
    }


def people(file: Path | None, columns: Columns, scale: str) -> dict[str, Any]:
    """Return the options of human answers as keys of a study file."""
    if file is None:
        return {}
    names = {"respondent": columns.persona, "item": columns.item, "answer": columns.answer, "attributes": list(columns.attributes)}
    return {"human": {"file": str(file), "scale": scale, **names}}


def names(text: str | None) -> list[str] | None:
    """Return names separated by commas. A comma before `option=` separates options of one name."""
    return [name.strip() for name in re.split(r",(?!\w+=)", text)] if text else None


def load_plugins(files: list[Path] | None) -> None:
    """Make the studies and remedies of Python files available by name.

    Raises:
        InputError: a file cannot be executed, or defines neither a study nor a remedy.
    """
    for file in files or []:
        members.load(file)


def _set(content: dict[str, Any], setting: str) -> None:
    """Put a setting such as `prompt.style=letter` into a study. Its value is read as in a study file."""
    path, equals, text = setting.partition("=")
    if not equals:
        message = f'--set "{setting}" is not of the form key=value, such as sampling.temperature=0.7.'
        raise InputError(message)
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError:
        value = text
    *parts, last = path.strip().split(".")
    part = content
    for name in parts:
        inner = part.get(name)
        part[name] = dict(inner) if isinstance(inner, dict) else {}
        part = part[name]
    part[last] = value
