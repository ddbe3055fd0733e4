"""The file of `personametrics talk` as a typed model: personas, tasks, the system under test, turns, runs."""

from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from pydantic import Field

from personametrics.data.errors import StudyError, ensure
from personametrics.data.persona import Task
from personametrics.data.prompt import Place, Prompt, check_slots
from personametrics.data.study import Room
from personametrics.dialogues.dialogue import BEGIN
from personametrics.dialogues.user_dialogue import Assistant
from personametrics.elicit.plan.file import local, read
from personametrics.elicit.plan.study import CapsPart, LimitsPart, Part, Plan, PricesPart, RoomPart, SamplingPart

TURNS = 10
"""Number of turns of each side by default."""


class PartnerPart(Part):
    """The system under test: a model, or the words that it always says."""

    model: str = Field("", description="The name of a model, written like `model`. This model does not see the persona.")
    says: list[str] = Field(default_factory=list, description="The words of the partner, turn by turn, in place of a model.")
    instructions: str = Field("", description="The system message of the partner; empty: none.")
    sampling: SamplingPart = Field(SamplingPart(max_tokens=512), description="The sampling of the partner's words.")
    key_variable: str = Field("", description="The environment variable with its key, as for the model of the personas.")


class UserPart(Part):
    """The prompt of simulated users."""

    persona: str = Field(
        "You are the person described here, and write to an assistant. Write only your own next message, in the first person, as this "
        "person would. Stay this person throughout.\n\n{persona}",
        description="The template for the text of the persona; slot {persona}.",
    )
    task: str = Field(
        "What you want of the assistant: {task}", description="The template for a task, which follows the persona; slot {task}."
    )
    opening: str = Field(BEGIN, min_length=1, description="The message that stands before the first line.")
    place: Place = Field("system", description="The message that contains the persona and its task.")


class TalkPlan(Part):
    """A file of dialogues between simulated users and a system under test."""

    schema_name: ClassVar[str] = "talk"
    model: str = Field(
        description="The model that writes the personas' lines: openai:NAME[@BASE_URL], local:FOLDER, embedded, or an entry point's name."
    )
    partner: PartnerPart = Field(description="The system under test, to which the personas talk.")
    personas: str | list[dict[str, str]] = Field(description="A table with the columns id, text and attributes, or its rows.")
    tasks: str | list[dict[str, str]] | None = Field(
        None, description="The aims of the personas: a table with the columns id and text, or its rows. All talk about every task."
    )
    turns: int | None = Field(
        None, ge=1, le=1_000, description=f"Number of lines of each side; null: {TURNS}, or the number of lines in partner.says."
    )
    runs: int = Field(1, ge=1, le=1_000_000, description="Number of times that every dialogue is held.")
    out: str = Field("talk", min_length=1, description="The run directory.")
    user: UserPart = UserPart()
    sampling: SamplingPart = SamplingPart()
    room: RoomPart = RoomPart()
    key_variable: str = Field(
        "", description="The environment variable with the key, never the key itself; empty: OPENAI_API_KEY for OpenAI, no key for others."
    )
    limits: LimitsPart = LimitsPart()
    caps: CapsPart = CapsPart()
    prices: PricesPart | None = Field(None, description="Money per million tokens, for both sides; without it, the listed prices.")

    def lasting(self) -> int:
        """Return the number of turns of each side; refuse a partner with fewer words, or with both or neither of a model and words."""
        says = self.partner.says
        if bool(self.partner.model) == bool(says):
            wrong = "both a model and words" if says else "neither a model nor words"
            message = f"partner has {wrong}. Give either partner.model or partner.says."
            raise StudyError(message)
        message = f"partner.says has {len(says)} turns, but turns is {self.turns}. Add words, or set turns to {len(says)} or less."
        ensure(not says or self.turns is None or self.turns <= len(says), message, StudyError)
        return self.turns or len(says) or TURNS

    def prompt(self) -> Prompt:
        """Return the prompt that introduces a persona; a template that lacks its slot or has an unknown one is a StudyError."""
        for name in ("persona", "task"):
            check_slots(f"user.{name}", getattr(self.user, name), {name}, {name})
        return Prompt(persona=self.user.persona, place=self.user.place)

    def worded(self, task: Task) -> Task:
        """Return a task in the words that the persona is given."""
        return replace(task, text=self.user.task.format(task=task.text))

    def assistant(self) -> Assistant:
        """Return the system under test."""
        partner = self.partner
        return Assistant(partner.instructions, tuple(partner.says), partner.sampling.sampling(), self.user.opening)

    def limit(self) -> Room:
        """Return the length limit of dialogues."""
        return Room(self.room.tokens, self.room.overflow)

    def settings(self) -> Plan:
        """Return the settings that dialogues share with every other command."""
        shared = {"model", "runs", "out", "sampling", "room", "key_variable", "limits", "caps", "prices"}
        return Plan(check=False, **{name: getattr(self, name) for name in shared})

    def decides(self) -> dict[str, Any]:
        """Return the settings other than personas and tasks that decide what is asked, as JSON values."""
        aside = {"model", "personas", "tasks", "out", "limits", "caps", "prices", "key_variable"}
        kept = self.model_dump(exclude=aside)
        kept["partner"].pop("key_variable")
        return kept


def load_talk(path: str | Path) -> TalkPlan:
    """Read a file of dialogues, YAML (.yaml, .yml) or TOML (.toml); paths in it are relative to it."""
    plan = read(path, TalkPlan)
    partner = plan.partner.model_copy(update={"model": local(Path(path), plan.partner.model)})
    return plan.model_copy(update={"partner": partner})
