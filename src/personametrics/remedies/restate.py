"""The persona is told again, turn after turn."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Literal, get_args

from personametrics.data.errors import StudyError, options
from personametrics.data.remedy import Remedy, RemedyWorld, Stage
from personametrics.data.request import Message, Request, slot
from personametrics.dialogues.commitments import commitments
from personametrics.dialogues.fading_world import REMINDED_FADES, REMINDED_STAYS, consistent, worn
from personametrics.dialogues.rewriting import by_persona, composed, rewritten, told

Form = Literal["card", "summary"]
SUMMARY = " You have said so far:\n{lines}\n"
"""What follows the persona where its own lines are told again, too."""


@dataclass(frozen=True)
class Restate(Remedy):
    """A reminder of the persona before what the other side says; it stays in the transcript.

    Nothing is asked more often; prompts grow by the persona in each turn, and with `summary` by all lines before, so with the square of
    the turns. Laban et al. (2025, arXiv 2505.06120) restate the whole task in each turn ("snowball"), which won back about a third of what
    telling it bit by bit had lost.

    Attributes:
        every: in each so-manieth turn.
        form: `card`: the persona's text; `summary`: and after it the persona's own lines so far, word for word.
        template: of the reminder, with {} for these.
    """

    every: int = 1
    form: Form = "card"
    template: str = "Remember who you are. {}"
    says: ClassVar[str] = "Tell the persona again in each turn of a dialogue."
    acts_on: ClassVar[Stage] = "asks"
    cite: ClassVar[tuple[str, ...]] = ("laban2025",)

    def __post_init__(self) -> None:
        """Refuse what is none."""
        if self.every < 1:
            message = f"restate.every: {self.every} is no number of turns; write 1 for each turn."
            raise StudyError(message)
        if self.form not in get_args(Form):
            message = f'restate.form: "{self.form}" is unknown: {options(self.form, get_args(Form))}.'
            raise StudyError(message)
        if self.template.count("{}") != 1:
            message = "restate.template: write {} once, where the persona is to stand."
            raise StudyError(message)

    def requests(self, requests: Sequence[Request]) -> list[Request]:
        """Every line and question of a persona, with reminders in the turns before it; what the model itself says stays."""
        return rewritten(requests, self._reminded)

    def _reminded(self, request: Request) -> Request:
        """One of them."""
        persona = told(request)
        if not by_persona(request) or not persona:
            return request
        messages, own, turn = list[Message](), list[Message](), 0
        for message in request.messages:
            turn += message.role == "user"
            own += [message] if message.role == "assistant" else []
            due = message.role == "user" and turn % self.every == 0 and not message.told  # or it is told twice in one turn
            messages.append(self._reminder(persona, own, message) if due else message)
        return replace(request, messages=tuple(messages))

    def _reminder(self, persona: str, own: Sequence[Message], turn: Message) -> Message:
        """A turn with a reminder before it."""
        said = (commitments(own, SUMMARY),) if self.form == "summary" and own else ()
        parts = {"persona": Message("user", persona), "said": Message("user", slot(0), said) if said else Message("user", ""), "turn": turn}
        return composed("user", self.template.replace("{}", "{persona}{said}") + " {turn}", parts)

    def known(self) -> RemedyWorld:
        """People whom talking wears off, and whom a reminder holds; in the other world it makes no difference."""
        change = consistent(REMINDED_FADES, REMINDED_STAYS) - consistent()
        return RemedyWorld(**worn(), change={"prompt_to_line": change}, remedy=replace(self, every=1))
