"""The remedy that repeats the persona, turn after turn."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

from personametrics.data.errors import StudyError
from personametrics.data.remedy import Remedy, RemedyWorld, Stage
from personametrics.data.request import Message, Request, slot
from personametrics.dialogues.commitments import commitments
from personametrics.dialogues.fading_world import REMINDED_FADES, REMINDED_STAYS, consistent_share, fading_world
from personametrics.dialogues.rewriting import by_persona, compose, persona_text, rewrite

Form = Literal["card", "summary"]
SUMMARY = " You have said so far:\n{lines}\n"
"""The text after the persona, if its own lines are repeated too."""


@dataclass(frozen=True)
class Restate(Remedy):
    """A reminder of the persona before the other side's turn; it stays in the transcript.

    The number of calls stays the same. Prompts grow by the persona in each turn, and with `summary` by all earlier lines, so with the
    square of the turns. Laban and others (2025, arXiv 2505.06120) restate the whole task in each turn ("snowball"), which won back about a
    third of the loss from giving the task bit by bit.

    Attributes:
        every: remind the persona every N turns.
        form: `card`: the persona's text. `summary`: the persona's text, then its own lines so far, word for word.
        template: text of the reminder, with {} for the form.
    """

    every: int = 1
    form: Form = "card"
    template: str = "Remember who you are. {}"
    says: ClassVar[str] = "Repeat the persona in each turn of a dialogue."
    acts_on: ClassVar[Stage] = "requests"
    against: ClassVar[tuple[str, ...]] = ("drift",)
    cite: ClassVar[tuple[str, ...]] = ("laban2025",)

    def __post_init__(self) -> None:
        """Refuse a number of turns below 1, and a template without a place for the persona."""
        super().__post_init__()
        if self.every < 1:
            message = f"restate.every: {self.every} is not a number of turns. Write 1 for each turn."
            raise StudyError(message)
        if self.template.count("{}") != 1:
            message = "restate.template: the place of the persona is unclear. Write {} once, where the persona should stand."
            raise StudyError(message)

    def requests(self, requests: Sequence[Request]) -> list[Request]:
        """Return every line and question of a persona with reminders in the turns before it; requests without a persona as they are."""
        return rewrite(requests, self._reminded)

    def _reminded(self, request: Request) -> Request:
        """Return a request with reminders."""
        persona = persona_text(request)
        if not by_persona(request) or not persona:
            return request
        messages, lines, turn = list[Message](), list[Message](), 0
        for message in request.messages:
            turn += message.role == "user"
            lines += [message] if message.role == "assistant" else []
            due = message.role == "user" and turn % self.every == 0 and not message.persona  # a turn with the persona needs no reminder
            messages.append(self._reminder(persona, lines, message) if due else message)
        return replace(request, messages=tuple(messages))

    def _reminder(self, persona: str, lines: Sequence[Message], turn: Message) -> Message:
        """Return a turn with a reminder before it."""
        listed = (commitments(lines, SUMMARY),) if self.form == "summary" and lines else ()
        summary = Message("user", slot(0), listed) if listed else Message("user", "")
        parts = {"persona": Message("user", persona), "said": summary, "turn": turn}
        return compose("user", self.template.replace("{}", "{persona}{said}") + " {turn}", parts)

    def known(self) -> RemedyWorld:
        """Return a world in which personas fade and a reminder keeps them in character; in the null world it makes no difference."""
        change = consistent_share(REMINDED_FADES, REMINDED_STAYS) - consistent_share()
        return RemedyWorld(**fading_world(), change={"prompt_to_line": change}, remedy=replace(self, every=1))
