"""The options that several commands share, as dataclasses, and the plans and columns made from them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import yaml
from typer import Argument, Option

from personametrics.data.columns import Columns
from personametrics.data.errors import InputError, ensure
from personametrics.data.study import Study
from personametrics.elicit.plan.file import checked, load
from personametrics.elicit.plan.study import Plan
from personametrics.elicit.plan.talk import TalkPlan
from personametrics.lab import members
from personametrics.measures.population import read_people

ANSWERS, HUMANS = "Answers", "Human answers"
"""Headings of the help."""
answers_option, humans_option = (partial(Option, rich_help_panel=panel) for panel in (ANSWERS, HUMANS))

File = Annotated[Path | None, Argument(help="A study file, YAML or TOML. `personametrics schema study` prints its keys.")]
AnswerFile = Annotated[Path, Argument(help="CSV, TSV, Parquet or NDJSON with one answer per row.")]
StudyFile = Annotated[Path | None, Option("--settings", help="A study file. Options and --set override its keys.")]
Adaptive = Annotated[
    bool, Option("--adaptive", help="Make the requests that narrow the interval most first, and stop when the verdict is clear.")
]
Set = Annotated[
    list[str] | None,
    Option("--set", help="Set any key of a study file, such as caps.calls=500, sampling.temperature=0.7 or judge.max_tokens=2000."),
]
Plugin = Annotated[list[Path] | None, Option("--plugin", help="A Python file with a study or remedy of your own. The file is executed.")]
Json = Annotated[bool, Option("--json", help="Print JSON and nothing else.")]
Folder = Annotated[Path, Argument(help="The run directory.", metavar="RUN_DIR")]
Group = Annotated[str, Option(help="Column or attribute that forms groups of personas. The spread within each group is checked.")]
HumanAttribute = Annotated[
    list[str] | None, humans_option("--human-attribute", help="Column of an attribute of respondents, such as age. Repeatable.")
]
HumanScale = Annotated[
    str, humans_option("--human-scale", help="Scale of people's answers, written as in `personametrics measure --scale`.")
]


@dataclass(frozen=True)
class ModelOptions:
    """The options of every command that asks a model: keys of a study file that override those of the file."""

    model: Annotated[
        str | None, Option(help="Name of the model: openai:NAME\\[@BASE_URL], local:FOLDER, embedded, or an entry point's name.")
    ] = None
    personas: Annotated[Path | None, Option(help="A table with the columns id, text and attributes.")] = None
    items: Annotated[Path | None, Option(help="A table with the columns id, text and scale.")] = None
    runs: Annotated[int | None, Option(help="Number of times that every persona is asked every item.")] = None
    out: Annotated[Path | None, Option(help="The run directory.")] = None
    score: Annotated[bool, Option("--score", help="Request label probabilities instead of answers.")] = False
    temperature: Annotated[float | None, Option(help="Sampling temperature of the answers. Default: 1.", min=0)] = None
    judge: Annotated[
        str | None,
        Option(
            help="Model that judges lines of dialogues. Default: the model itself. oracle: a perfect judge, for the embedded model only."
        ),
    ] = None
    partner: Annotated[
        str | None, Option(help="Model that speaks as the partner in dialogues whose turns are not scripted. Default: the model itself.")
    ] = None
    settings: Set = None
    plugin: Plugin = None

    def plan(self, study: Path | None, needed: tuple[str, ...] = ("model",), **more: Any) -> Plan:
        """Load the plugins, and return the plan of a study file changed by these options and by more keys.

        Raises:
            InputError: a key is missing, a value cannot be used, or a plugin cannot be loaded.
        """
        load_plugins(self.plugin)
        options: dict[str, Any] = {
            "model": self.model, "personas": self.personas, "items": self.items, "runs": self.runs, "out": self.out,
            "score": self.score or None,
        }  # fmt: skip
        parts = {"sampling": ("temperature", self.temperature), "judge": ("model", self.judge), "partner": ("model", self.partner)}
        options |= {part: {key: value} for part, (key, value) in parts.items() if value is not None}
        return plan_of(study, {**options, **more}, self.settings, needed)


@dataclass(frozen=True)
class AnswerOptions:
    """The options that name the columns of recorded answers, and how they are read."""

    persona: Annotated[str, answers_option(help="Column of the persona.")] = "persona"
    item: Annotated[str, answers_option(help="Column of the item.")] = "item"
    answer: Annotated[str, answers_option(help="Column of the answer.")] = "answer"
    run: Annotated[
        str | None, answers_option(help="Column with the number of the run (retest). Without it, rows of one persona and item are runs.")
    ] = None
    condition: Annotated[
        list[str] | None,
        answers_option(help="Column of a condition, such as wording, order or language. Repeatable: the columns form one condition."),
    ] = None
    probabilities: Annotated[
        str | None, answers_option(help="Columns of label probabilities or log-probabilities, separated by commas.")
    ] = None
    scale: Annotated[
        str,
        answers_option(
            help="Scale of the answers: ordinal, nominal, numeric or text; or its labels or range, such as 1|2|3, nominal:yes|no or 0..10."
        ),
    ] = "ordinal"
    missing: Annotated[list[str] | None, answers_option(help="Code for a missing answer, such as -1. Repeatable.")] = None
    where: Annotated[list[str] | None, answers_option(help="Keep only rows with COLUMN=VALUE, or with COLUMN!=VALUE. Repeatable.")] = None

    @property
    def columns(self) -> Columns:
        """The columns."""
        labels = tuple(name.strip() for name in (self.probabilities or "").split(",") if name.strip())
        return Columns(self.persona, self.item, self.answer, self.run, tuple(self.condition or ()), probabilities=labels)


@dataclass(frozen=True)
class HumanOptions:
    """The options of human answers, for studies that compare with them."""

    human: Annotated[Path | None, humans_option(help="A table of people's answers, one per row: respondent, item, answer.")] = None
    human_respondent: Annotated[str, humans_option(help="Column of the respondent.")] = "respondent"
    human_item: Annotated[str, humans_option(help="Column of the item.")] = "item"
    human_answer: Annotated[str, humans_option(help="Column of the answer.")] = "answer"

    def columns(self, attributes: Sequence[str] | None) -> Columns:
        """Return the columns of the table. A column `weight`, if present, is used as the weight of each respondent."""
        return Columns(self.human_respondent, self.human_item, self.human_answer, attributes=tuple(attributes or ()))

    def plan(self, attributes: Sequence[str] | None, scale: str) -> dict[str, Any]:
        """Return these options as keys of a study file."""
        names = {"respondent": self.human_respondent, "item": self.human_item, "answer": self.human_answer}
        return {"human": self.human and {"file": str(self.human), "scale": scale, **names, "attributes": list(attributes or ())}}

    def compared(self, study: Study, attributes: Sequence[str] | None, scale: str) -> Study:
        """Return a study with the human answers, or the study unchanged if there are none.

        Raises:
            InputError: the study does not compare with people, or the table cannot be read.
        """
        return members.with_people(study, partial(read_people, self.human, self.columns(attributes), scale)) if self.human else study


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
    ensure(equals, f'--set "{setting}" is not of the form key=value, such as sampling.temperature=0.7.', InputError)
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
