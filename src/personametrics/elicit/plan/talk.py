"""The file of `personametrics talk` as a typed model: personas, tasks, the system under test, turns, runs."""

from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from pydantic import Field

from personametrics.data.errors import StudyError
from personametrics.data.prompt import Place, Prompt, check_slots
from personametrics.data.study import Room
from personametrics.data.task import Task
from personametrics.dialogues.dialogue import BEGIN
from personametrics.dialogues.user_dialogue import Assistant
from personametrics.elicit.plan.file import local, read
from personametrics.elicit.plan.study import CapsPart, LimitsPart, Part, Plan, PricesPart, RoomPart, SamplingPart

TURNS = 10
"""Number of turns of each side by default."""


class PartnerPart(Part):
    """The system under test: a model, or the words that it always says."""

    model: str = Field("", description="Any model, as for `model`; it is told of no persona.")
    says: list[str] = Field(default_factory=list, description="Instead of a model: what it says, turn by turn.")
    instructions: str = Field("", description="Its system message; empty: none.")
    sampling: SamplingPart = Field(SamplingPart(max_tokens=512), description="How its words are drawn.")
    key_variable: str = Field("", description="As for the model of the personas.")


class UserPart(Part):
    """The prompt of simulated users."""

    persona: str = Field(
        "You are the person described here, and write to an assistant. Write only your own next message, in the first person, as this "
        "person would. Stay this person throughout.\n\n{persona}",
        description="What is said about who writes; slot {persona}.",
    )
    task: str = Field(
        "What you want of the assistant: {task}", description="What follows on the persona where there is a task; slot {task}."
    )
    opening: str = Field(BEGIN, min_length=1, description="What stands in the place of a first turn.")
    place: Place = Field("system", description="Where the persona and its task are told.")


class TalkPlan(Part):
    """A file of dialogues between simulated users and a system under test.

    Attributes:
        model: who plays the personas.
        partner: what they talk to.
        personas: a table with the columns id, text and attributes, or the rows themselves.
        tasks: a table with the columns id and text, or the rows themselves.
    """

    schema_name: ClassVar[str] = "talk"
    model: str = Field(description="Who plays the personas: openai:NAME[@BASE_URL], local:FOLDER, embedded, or an entry point's name.")
    partner: PartnerPart = Field(description="What they talk to.")
    personas: str | list[dict[str, str]] = Field(description="A table with the columns id, text and attributes; or its rows.")
    tasks: str | list[dict[str, str]] | None = Field(
        None, description="What they want: a table with the columns id and text, or its rows; every persona talks about every task."
    )
    turns: int | None = Field(
        None, ge=1, le=1_000, description=f"How often each side speaks; null: {TURNS}, or as often as the partner has words."
    )
    runs: int = Field(1, ge=1, le=1_000_000, description="How often every dialogue is held.")
    out: str = Field("talk", min_length=1, description="The run directory.")
    user: UserPart = UserPart()
    sampling: SamplingPart = SamplingPart()
    room: RoomPart = RoomPart()
    key_variable: str = Field(
        "", description="The environment variable that holds the key, never the key itself; empty: OPENAI_API_KEY at OpenAI, else none."
    )
    limits: LimitsPart = LimitsPart()
    caps: CapsPart = CapsPart()
    prices: PricesPart | None = Field(None, description="Money per million tokens, of both sides; null: the listed prices.")

    def lasting(self) -> int:
        """Return the number of turns of each side.

        Raises:
            StudyError: the partner has fewer words than that, or both or neither a model and words.
        """
        says = self.partner.says
        if bool(self.partner.model) == bool(says):
            wrong = "a model and what it says exclude each other" if says else "it needs a model or words"
            message = f"partner: {wrong}; give partner.model or partner.says."
            raise StudyError(message)
        if says and self.turns is not None and self.turns > len(says):
            message = f"partner.says has {len(says)} turns and turns is {self.turns}; add words, or let turns be {len(says)} at most."
            raise StudyError(message)
        return self.turns or len(says) or TURNS

    def prompt(self) -> Prompt:
        """Return the prompt that introduces a persona.

        Raises:
            StudyError: a template lacks its slot or has an unknown one.
        """
        for name in ("persona", "task"):
            check_slots(f"user.{name}", getattr(self.user, name), {name}, {name})
        return Prompt(persona=self.user.persona, place=self.user.place)

    def told(self, task: Task) -> Task:
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
    """Read a file of dialogues; paths in it are relative to it.

    Args:
        path: YAML (.yaml, .yml) or TOML (.toml).

    Raises:
        ReadError: it cannot be read, or is neither YAML nor TOML.
        StudyError: an unknown key or a wrong value; the message names line and key.
    """
    plan = read(path, TalkPlan)
    partner = plan.partner.model_copy(update={"model": local(Path(path), plan.partner.model)})
    return plan.model_copy(update={"partner": partner})
