"""Each turn a fresh context, compiled from who one is, what one has said, and what is asked now."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Literal, get_args

from personametrics.data.errors import StudyError, options
from personametrics.data.remedy import Remedy, RemedyWorld, Stage
from personametrics.data.request import Message, Request, slot
from personametrics.dialogues.commitments import LINES, SAID, commitments
from personametrics.dialogues.fading_world import FADES, consistent, worn
from personametrics.dialogues.rewriting import by_persona, composed, rewritten, told

Keep = Literal["consistent", "all", "none"]


@dataclass(frozen=True)
class Mediator(Remedy):
    """A persona never reads the conversation, but a prompt that is compiled anew in each turn: persona, its own lines so far, the turn.

    Liu et al. (2026, arXiv 2602.07338) have a model rewrite the conversation into one request, which a fresh context then answers. Here
    nothing is rewritten: persona, lines and turn stand there word for word, and nothing else but the template. What the other side said in
    earlier turns is left out.

    Attributes:
        keep: which lines are commitments: those a judge finds `consistent` with the persona (or cannot judge), `all`, or `none`. A list
            in which the persona has already left its part hands that on.
        template: what stands before the turn, with {lines}.
    """

    keep: Keep = "consistent"
    template: str = SAID
    says: ClassVar[str] = "Compile a fresh prompt for each turn: the persona, what it has said so far, and the turn."
    acts_on: ClassVar[Stage] = "asks"
    cite: ClassVar[tuple[str, ...]] = ("liu2026mediator", "laban2025")

    def __post_init__(self) -> None:
        """Refuse what is none."""
        if self.keep not in get_args(Keep):
            message = f'mediator.keep: "{self.keep}" is unknown: {options(self.keep, get_args(Keep))}.'
            raise StudyError(message)
        if not LINES.search(self.template):
            message = "mediator.template: write {lines} where the lines are to stand."
            raise StudyError(message)

    def requests(self, requests: Sequence[Request]) -> list[Request]:
        """Every line and question of a persona in its fresh context; the first turn is fresh already, and the model itself stays."""
        return rewritten(requests, self._compiled)

    def _compiled(self, request: Request) -> Request:
        """One of them."""
        persona, own = told(request), [message for message in request.messages if message.role == "assistant"]
        if not by_persona(request) or not persona or not own:
            return request
        first, turn = request.messages[0], request.messages[-1]
        background = persona if self.keep == "consistent" else ""
        about = {name: request.about[name] for name in ("persona", "item") if name in request.about}
        said = () if self.keep == "none" else (commitments(own, self.template, background, about),)
        parts = {"said": Message("user", slot(0), said) if said else Message("user", ""), "turn": turn}
        if first.role == "system":
            return replace(request, messages=(first, composed("user", "{said}{turn}", parts)))
        head = first.text[: first.text.index(persona) + len(persona)]
        parts["head"] = Message("user", head)
        return replace(request, messages=(replace(composed("user", "{head}\n\n{said}{turn}", parts), told=persona),))

    def rival(self) -> str:
        """The persona told again in each turn of the same conversation."""
        return "restate"

    def known(self) -> RemedyWorld:
        """People whom talking wears off, and who begin anew in a context that does not show it."""
        return RemedyWorld(
            **worn(), change={"prompt_to_line": consistent(stays=FADES) - consistent()}, remedy=replace(self, keep="consistent")
        )
