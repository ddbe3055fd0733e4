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
    """The prompt: how a persona and an item become text; a key that is left out stays as in the bundled prompt of that style."""

    persona: str | None = Field(None, description="What is said about who answers; slot {persona}.")
    item: str | None = Field(None, description="What is asked; slots {item}, {options}, {instruction}.")
    option: str | None = Field(None, description="One line of the options; slots {mark}, {label}.")
    closed: str | None = Field(None, description="Instruction where one option is to be answered; slots {first}, {last}.")
    between: str | None = Field(None, description="Instruction where a number is to be answered; slots {low}, {high}.")
    open: str | None = Field(None, description="Instruction where free text is to be answered.")
    json_: str | None = Field(None, alias="json", description="Added to the instruction for answers in JSON.")
    place: Place = Field("system", description="Where the persona is told.")
    style: Style = Field("label", description="What is answered: the label, its number, its letter, or JSON with the label.")

    def prompt(self) -> Prompt:
        """The prompt.

        Raises:
            StudyError: a template lacks a slot or has an unknown one.
        """
        shipped = Prompt.styled(self.style)
        given = {name: value for name, value in self.model_dump(by_alias=True).items() if value is not None}
        return Prompt(**{**asdict(shipped), **given})


class SamplingPart(Part):
    """The sampling of answers; null leaves a setting to the model and sends nothing."""

    temperature: float | None = Field(1.0, ge=0, le=5, description="0: the likeliest answer; 1: the model's own probabilities.")
    top_p: float | None = Field(None, gt=0, le=1, description="Share of the likeliest tokens to draw from.")
    max_tokens: int = Field(128, ge=1, description="Longest answer.")
    seed: int | None = Field(None, description="Every run gets a seed of its own from it, and a call of its own.")

    def sampling(self) -> Sampling:
        """The sampling."""
        return Sampling(**self.model_dump())


class PricesPart(Part):
    """Money per million tokens."""

    tokens_in: float = Field(ge=0, description="For reading.")
    tokens_out: float = Field(ge=0, description="For writing.")
    currency: str = Field("$", max_length=5, description="Sign before amounts.")


class RolePart(Part):
    """The model of another role, and its settings; a setting that is left out stays as the study has it."""

    model: str = Field(min_length=1, description="Any model, as for `model`.")
    key_variable: str = Field("", description="The environment variable that holds its key; empty: OPENAI_API_KEY at OpenAI, else none.")
    temperature: float | None = Field(None, ge=0, le=5, description="0: the likeliest answer; 1: the model's own probabilities.")
    top_p: float | None = Field(None, gt=0, le=1, description="Share of the likeliest tokens to draw from.")
    max_tokens: int | None = Field(None, ge=1, description="Longest reply, reasoning included.")
    seed: int | None = Field(None, description="Every run gets a seed of its own from it.")
    prices: PricesPart | None = Field(None, description="Money per million tokens; without it, the listed prices of the model.")

    def sampling(self, sampling: Sampling) -> Sampling:
        """Return the sampling of a study with the settings of the role."""
        given = {name: getattr(self, name) for name in ("temperature", "top_p", "max_tokens", "seed")}
        return replace(sampling, **{name: value for name, value in given.items() if value is not None})


class ControlsPart(Part):
    """Controls that are asked in addition to the panel: what its spread is worth."""

    none: bool = Field(default=True, description="Ask the model without any persona.")
    shuffled: bool = Field(default=True, description="Answers under another persona's text; costs nothing, the replies are shared.")
    irrelevant: int = Field(5, ge=0, description="Irrelevant texts of the same length as this many personas; 0: none.")


class RoomPart(Part):
    """The length limit of dialogues."""

    tokens: int = Field(0, ge=0, description="Tokens of a prompt at most, four characters counted as one; 0: no limit.")
    overflow: Literal["stop", "truncate"] = Field(
        "stop", description="Beyond that the dialogue stops, or it goes on without its oldest turns, which the table says."
    )


class CapsPart(Part):
    """The limits of a run, retries and all roles included."""

    calls: int | None = Field(None, ge=1, description="Calls to the model.")
    tokens: int | None = Field(None, ge=1, description="Tokens read and written.")
    money: float | None = Field(None, gt=0, description="In the currency of the prices.")


class LimitsPart(Part):
    """The load on a server."""

    connections: int = Field(64, ge=1, description="Calls in flight at most; fewer while the server says it is too many.")
    requests_per_minute: int | None = Field(None, ge=1, description="Calls begun in any minute.")
    tokens_per_minute: int | None = Field(None, ge=1, description="Estimated tokens of the calls begun in any minute.")
    timeout: float = Field(120.0, gt=0, description="Seconds for one call.")
    attempts: int = Field(6, ge=1, description="Calls for one ask before it counts as failed.")


class HumanPart(Part):
    """People's answers, for the studies and remedies that compare with them or learn from them."""

    file: str = Field(min_length=1, description="A table of people's answers, one a row; its column weight is taken, too.")
    respondent: str = Field("respondent", description="Column: who answers.")
    item: str = Field("item", description="Column: what is asked.")
    answer: str = Field("answer", description="Column: the answer.")
    scale: str = Field("ordinal", description="How people's answers are read, as in a table of items.")
    attributes: list[str] = Field(default_factory=list, description="Columns: attributes of who answers, such as age.")
    match: dict[str, str] = Field(default_factory=dict, description="Groups that fidelity compares: attribute of personas, column here.")

    @cached_property
    def answers(self) -> Responses:
        """The answers.

        Raises:
            InputError: the table cannot be read.
        """
        attributes = tuple(dict.fromkeys([*self.attributes, *self.match.values()]))
        return read_people(self.file, Columns(self.respondent, self.item, self.answer, attributes=attributes), self.scale)


class Plan(Part):
    """A study file.

    Attributes:
        model: `openai:NAME[@BASE_URL]`, `local:FOLDER`, `embedded`, or the name of an entry point.
        personas: a table with the columns id, text and attributes, or the rows themselves.
        items: a table with the columns id, text, scale, or the rows themselves.
    """

    schema_name: ClassVar[str] = "study"
    model: str = Field(description="openai:NAME[@BASE_URL], local:FOLDER, embedded, or an entry point's name.")
    personas: str | list[dict[str, str]] | None = Field(
        None, description="A table with the columns id, text and attributes; or its rows; null: bundled ones (run and compare only)."
    )
    items: str | list[dict[str, str]] | None = Field(
        None, description="A table with the columns id, text, scale; or its rows; null: bundled ones (run and compare only)."
    )
    runs: int = Field(5, ge=1, le=1_000_000, description="How often every persona is asked every item.")
    out: str = Field("run", min_length=1, description="The run directory.")
    score: bool = Field(default=False, description="Ask for label probabilities instead of answers; runs then count as one.")
    conditions: dict[Condition, list[str]] = Field(default_factory=dict, description="Levels of wording, order, place; all combinations.")
    prompt: PromptPart = PromptPart()
    sampling: SamplingPart = SamplingPart()
    controls: ControlsPart = ControlsPart()
    room: RoomPart = RoomPart()
    check: bool | None = Field(
        None, description="Before anything else, check that the persona reaches the model; null: audit does, run and compare do not."
    )
    adaptive: bool = Field(
        default=False, description="Spend runs where they narrow the interval most, and stop when the verdict is decided."
    )
    structured: Literal["", "json_schema", "choice"] = Field("", description="Let the server allow nothing but the choices.")
    scoring: Literal["first_token", "continuation"] = Field(
        "first_token", description="How a server gives label probabilities: of the first token, or of every token of each label (vLLM)."
    )
    key_variable: str = Field(
        "", description="The environment variable that holds the key, never the key itself; empty: OPENAI_API_KEY at OpenAI, else none."
    )
    limits: LimitsPart = LimitsPart()
    caps: CapsPart = CapsPart()
    prices: PricesPart | None = Field(None, description="Money per million tokens; without it, the listed prices of the model.")
    judge: RolePart | None = Field(None, description="Who judges lines of dialogues; null: the model itself.")
    partner: RolePart | None = Field(
        None, description="Who speaks the other side of dialogues that is not scripted; null: the model itself."
    )
    roles: dict[str, RolePart] = Field(
        default_factory=dict, description="Models of other roles: writer, who writes personas; the names in `models` of capability."
    )
    human: HumanPart | None = Field(None, description="People's answers, for the studies and remedies that compare with them.")
    studies: list[str] = Field(default_factory=list, description="What else is measured: names of studies, or all.")
    remedies: list[str] = Field(
        default_factory=list, description="What is tried and measured again: names of remedies, or auto for the two cheapest that fit."
    )
    level: float = Field(0.9, gt=0, lt=1, description="Coverage of the intervals.")
    target: float = Field(0.8, gt=0, lt=1, description="Reliability that the D-study aims at.")
    seed: int = Field(0, description="Draws the irrelevant texts and the order of adaptive asking.")
