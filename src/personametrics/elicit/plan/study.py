"""The study file as a typed model: personas, items, models, runs, prompts, caps."""

from dataclasses import asdict, replace
from functools import cached_property
from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from personametrics.data.columns import Columns
from personametrics.data.model import key_variable
from personametrics.data.prompt import Place, Prompt, Style
from personametrics.data.request import Sampling
from personametrics.data.responses import Responses
from personametrics.data.role import JUDGE, PARTNER
from personametrics.measures.population import read_people

Condition = Literal["wording", "order", "place"]


class Part(BaseModel):
    """A part of a study file: no key that is not known, nothing coerced in silence."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)

    @field_validator("key_variable", check_fields=False)
    @classmethod
    def _refuse_key(cls, value: str) -> str:
        """Refuse a key in the place of the name of its variable, before anything keeps it."""
        return key_variable(value)


class PromptPart(Part):
    """The prompt, made from a persona and an item; a key that is left out is taken from the bundled prompt of the style."""

    persona: str | None = Field(None, description="The template for the text of the persona; slot {persona}.")
    item: str | None = Field(None, description="The template for the question; slots {item}, {options}, {instruction}.")
    option: str | None = Field(None, description="The template for each option; slots {mark}, {label}.")
    closed: str | None = Field(None, description="The instruction for items with options; slots {first}, {last}.")
    between: str | None = Field(None, description="The instruction for items answered with a number; slots {low}, {high}.")
    open: str | None = Field(None, description="The instruction for items answered with free text.")
    json_: str | None = Field(None, alias="json", description="Text added to the instruction if answers are in JSON.")
    place: Place = Field("system", description="The message that contains the text of the persona.")
    style: Style = Field("label", description="The form of an answer: the label, its number, its letter, or JSON with the label.")

    def prompt(self) -> Prompt:
        """Return the prompt; a template that lacks a slot or has an unknown one is a StudyError."""
        shipped = Prompt.styled(self.style)
        given = {name: value for name, value in self.model_dump(by_alias=True).items() if value is not None}
        return Prompt(**{**asdict(shipped), **given})


class SamplingPart(Part):
    """The sampling of answers; with null a setting is not sent, and the model uses its own."""

    temperature: float | None = Field(1.0, ge=0, le=5, description="0: the likeliest answer; 1: the model's own probabilities.")
    top_p: float | None = Field(None, gt=0, le=1, description="Only the likeliest tokens with this total probability are drawn.")
    max_tokens: int = Field(128, ge=1, description="Largest number of tokens in an answer.")
    seed: int | None = Field(None, description="Every run gets its own seed, derived from this number, and its own call.")

    def sampling(self) -> Sampling:
        """Return the sampling."""
        return Sampling(**self.model_dump())


class PricesPart(Part):
    """Money per million tokens."""

    tokens_in: float = Field(ge=0, description="Price of a million tokens that the model reads.")
    tokens_out: float = Field(ge=0, description="Price of a million tokens that the model writes.")
    currency: str = Field("$", max_length=5, description="The sign before amounts of money.")


class RolePart(Part):
    """The model of another role, and its settings; a setting that is left out is taken from the study."""

    model: str = Field(min_length=1, description="Any model, as for `model`.")
    key_variable: str = Field("", description="The environment variable with its key; empty: OPENAI_API_KEY for OpenAI, no key for others.")
    temperature: float | None = Field(None, ge=0, le=5, description="0: the likeliest answer; 1: the model's own probabilities.")
    top_p: float | None = Field(None, gt=0, le=1, description="Only the likeliest tokens with this total probability are drawn.")
    max_tokens: int | None = Field(None, ge=1, description="Largest number of tokens in a reply, reasoning included.")
    seed: int | None = Field(None, description="Every run gets its own seed, derived from this number.")
    prices: PricesPart | None = Field(None, description="Money per million tokens; without it, the listed prices of the model.")

    def sampling(self, sampling: Sampling) -> Sampling:
        """Return the sampling of a study with the settings of the role."""
        given = {name: getattr(self, name) for name in ("temperature", "top_p", "max_tokens", "seed")}
        return replace(sampling, **{name: value for name, value in given.items() if value is not None})


class ControlsPart(Part):
    """Controls, asked in addition to the panel, which show whether its spread comes from the personas."""

    none: bool = Field(default=True, description="Ask the model without any persona.")
    shuffled: bool = Field(
        default=True, description="Compare with answers to another persona's text; free, because the panel's replies are used."
    )
    irrelevant: int = Field(5, ge=0, description="Number of irrelevant texts, each as long as the text of one persona; 0: none.")


class RoomPart(Part):
    """The length limit of dialogues."""

    tokens: int = Field(0, ge=0, description="Largest number of tokens in a prompt; four characters count as one token. 0: no limit.")
    overflow: Literal["stop", "truncate"] = Field(
        "stop", description="At the limit: stop the dialogue, or leave out its oldest turns (truncate). A column marks these lines."
    )


class CapsPart(Part):
    """The largest amounts that a run may use, retries and all roles included."""

    calls: int | None = Field(None, ge=1, description="Largest number of calls to models.")
    tokens: int | None = Field(None, ge=1, description="Largest number of tokens, read and written together.")
    money: float | None = Field(None, gt=0, description="Largest sum of money, in the currency of the prices.")


class LimitsPart(Part):
    """The load on a server."""

    connections: int = Field(64, ge=1, description="Largest number of calls at the same time; lowered while the server refuses some.")
    requests_per_minute: int | None = Field(None, ge=1, description="Largest number of calls that begin in any minute.")
    tokens_per_minute: int | None = Field(None, ge=1, description="Largest estimated number of tokens of calls that begin in any minute.")
    timeout: float = Field(120.0, gt=0, description="Largest number of seconds for one call.")
    attempts: int = Field(6, ge=1, description="Largest number of calls for one request; after these it counts as failed.")


class HumanPart(Part):
    """People's answers, for the studies and remedies that compare with them or learn from them."""

    file: str = Field(min_length=1, description="A table of people's answers, one per row; a column named weight is used too.")
    respondent: str = Field("respondent", description="The column with the id of the person who answers.")
    item: str = Field("item", description="The column with the id of the item.")
    answer: str = Field("answer", description="The column with the answer.")
    scale: str = Field("ordinal", description="The scale of people's answers, written as in a table of items.")
    attributes: list[str] = Field(default_factory=list, description="The columns with attributes of the person who answers, such as age.")
    match: dict[str, str] = Field(default_factory=dict, description="Groups to compare: attribute of personas, column of this table.")

    @cached_property
    def answers(self) -> Responses:
        """The answers, read from the file."""
        attributes = tuple(dict.fromkeys([*self.attributes, *self.match.values()]))
        return read_people(self.file, Columns(self.respondent, self.item, self.answer, attributes=attributes), self.scale)


class Plan(Part):
    """A study file."""

    schema_name: ClassVar[str] = "study"
    model: str = Field(description="openai:NAME[@BASE_URL], local:FOLDER, embedded, or an entry point's name.")
    personas: str | list[dict[str, str]] | None = Field(
        None, description="A table with the columns id, text and attributes, or its rows; null: bundled personas (run and compare only)."
    )
    items: str | list[dict[str, str]] | None = Field(
        None, description="A table with the columns id, text and scale, or its rows; null: bundled items (run and compare only)."
    )
    runs: int = Field(5, ge=1, le=1_000_000, description="Number of times that every persona is asked every item.")
    out: str = Field("run", min_length=1, description="The run directory.")
    score: bool = Field(default=False, description="Ask for label probabilities instead of answers; runs then count as one.")
    conditions: dict[Condition, list[str]] = Field(
        default_factory=dict, description="Levels of wording, order and place; every combination is asked."
    )
    prompt: PromptPart = PromptPart()
    sampling: SamplingPart = SamplingPart()
    controls: ControlsPart = ControlsPart()
    room: RoomPart = RoomPart()
    check: bool | None = Field(
        None, description="Before anything else, check that the persona reaches the model; null: audit checks, run and compare do not."
    )
    adaptive: bool = Field(
        default=False, description="Make the requests that narrow the interval most first, and stop when the verdict is clear."
    )
    structured: Literal["", "json_schema", "choice"] = Field(
        "", description="The form of structured output, which allows only the options; empty: none."
    )
    scoring: Literal["first_token", "continuation"] = Field(
        "first_token", description="The tokens that give label probabilities: the first token, or every token of each label (vLLM)."
    )
    key_variable: str = Field(
        "", description="The environment variable with the key, never the key itself; empty: OPENAI_API_KEY for OpenAI, no key for others."
    )
    limits: LimitsPart = LimitsPart()
    caps: CapsPart = CapsPart()
    prices: PricesPart | None = Field(None, description="Money per million tokens; without it, the listed prices of the model.")
    judge: RolePart | None = Field(None, description="The model that judges lines of dialogues; null: the model itself.")
    partner: RolePart | None = Field(
        None, description="The model that speaks the other side of a dialogue where it is not scripted; null: the model itself."
    )
    roles: dict[str, RolePart] = Field(
        default_factory=dict, description="Models of other roles: writer (writes personas), or the names in `models` of capability."
    )
    human: HumanPart | None = Field(None, description="People's answers, for the studies and remedies that compare with them.")
    studies: list[str] = Field(default_factory=list, description="Further studies to measure: their names, or all.")
    remedies: list[str] = Field(
        default_factory=list,
        description="Remedies to try: names, or auto for the two cheapest that fit. The panel is measured again after each.",
    )
    level: float = Field(0.9, gt=0, lt=1, description="Confidence level of the intervals.")
    target: float = Field(0.8, gt=0, lt=1, description="The reliability that the D study has to reach.")
    seed: int = Field(0, description="Seed for drawing the irrelevant texts and the order of adaptive asking.")

    @property
    def role_parts(self) -> dict[str, RolePart]:
        """The settings of every other role that has some, by its name."""
        parts = {JUDGE: self.judge, PARTNER: self.partner, **self.roles}
        return {role: part for role, part in parts.items() if part is not None}
