"""The persona is told again, turn after turn."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Literal, get_args

from personametrics.data.ask import Ask, Message, slot
from personametrics.data.dialogues.commitments import commitments
from personametrics.data.dialogues.rewritten import by_persona, composed, rewritten, told
from personametrics.data.dialogues.worn import REMINDED_FADES, REMINDED_STAYS, consistent, worn
from personametrics.data.errors import StudyError, options
from personametrics.data.remedy import Cure, Remedy, Stage

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

    def asks(self, asks: Sequence[Ask]) -> list[Ask]:
        """Every line and question of a persona, with reminders in the turns before it; what the model itself says stays."""
        return rewritten(asks, self._reminded)

    def _reminded(self, ask: Ask) -> Ask:
        """One of them."""
        persona = told(ask)
        if not by_persona(ask) or not persona:
            return ask
        messages, own, turn = list[Message](), list[Message](), 0
        for message in ask.messages:
            turn += message.role == "user"
            own += [message] if message.role == "assistant" else []
            due = message.role == "user" and turn % self.every == 0 and not message.told  # or it is told twice in one turn
            messages.append(self._reminder(persona, own, message) if due else message)
        return replace(ask, messages=tuple(messages))

    def _reminder(self, persona: str, own: Sequence[Message], turn: Message) -> Message:
        """A turn with a reminder before it."""
        said = (commitments(own, SUMMARY),) if self.form == "summary" and own else ()
        parts = {"persona": Message("user", persona), "said": Message("user", slot(0), said) if said else Message("user", ""), "turn": turn}
        return composed("user", self.template.replace("{}", "{persona}{said}") + " {turn}", parts)

    def known(self) -> Cure:
        """People whom talking wears off, and whom a reminder holds; in the other world it makes no difference."""
        change = consistent(REMINDED_FADES, REMINDED_STAYS) - consistent()
        return Cure(**worn(), change={"prompt_to_line": change}, remedy=replace(self, every=1))
