"""Who talks to what, about what, how long and how often: the file of `personametrics talk` as a model."""

from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import Field

from personametrics.data.errors import StudyError
from personametrics.data.prompt import Place, Prompt, check_slots
from personametrics.data.study import Room
from personametrics.data.task import Task
from personametrics.dialogues.dialogue import BEGIN
from personametrics.dialogues.user_dialogue import Assistant
from personametrics.elicit.plan.audit import LimitsPart, Part, SamplingPart
from personametrics.elicit.plan.file import local, read

TURNS = 10
"""How often each side speaks where nothing says it."""


class PartnerPart(Part):
    """The system under test: a model, or the words that it always says."""

    model: str = Field("", description="Any model, as for `model`; it is told of no persona.")
    says: list[str] = Field(default_factory=list, description="Instead of a model: what it says, turn by turn.")
    instructions: str = Field("", description="Its system message; empty: none.")
    sampling: SamplingPart = Field(SamplingPart(max_tokens=512), description="How its words are drawn.")
    key_variable: str = Field("", description="As for the model of the personas.")


class UserPart(Part):
    """What whoever plays a persona is told."""

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


class RoomPart(Part):
    """How long dialogues may grow."""

    tokens: int = Field(0, ge=0, description="Of a prompt at most, four characters taken for one; 0: as long as it gets.")
    overflow: Literal["stop", "truncate"] = Field(
        "stop", description="What happens beyond that: the dialogue stops, or goes on without its oldest turns, which the table says."
    )


class TalkCapsPart(Part):
    """What may be used at most by both sides, retries included."""

    calls: int | None = Field(None, ge=1, description="Calls to models.")
    tokens: int | None = Field(None, ge=1, description="Tokens read and written.")


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
    caps: TalkCapsPart = TalkCapsPart()

    def lasting(self) -> int:
        """How often each side speaks.

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
        """How a persona is told who it is.

        Raises:
            StudyError: a template lacks its slot or has an unknown one.
        """
        for name in ("persona", "task"):
            check_slots(f"user.{name}", getattr(self.user, name), {name}, {name})
        return Prompt(persona=self.user.persona, place=self.user.place)

    def told(self, task: Task) -> Task:
        """A task as the persona is told it."""
        return replace(task, text=self.user.task.format(task=task.text))

    def assistant(self) -> Assistant:
        """What personas talk to."""
        partner = self.partner
        return Assistant(partner.instructions, tuple(partner.says), partner.sampling.sampling(), self.user.opening)

    def limit(self) -> Room:
        """How long dialogues may grow."""
        return Room(self.room.tokens, self.room.overflow)

    def decides(self) -> dict[str, Any]:
        """Everything but personas and tasks that decides what is asked, as JSON values."""
        aside = {"model", "personas", "tasks", "out", "limits", "caps", "key_variable"}
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
