"""The remedy that compiles a fresh prompt for each turn: the persona, its lines so far, and the turn."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

from personametrics.data.errors import StudyError
from personametrics.data.remedy import Remedy, RemedyWorld, Stage
from personametrics.data.request import Message, Request, slot
from personametrics.dialogues.commitments import LINES, SAID, commitments
from personametrics.dialogues.fading_world import FADES, consistent_share, fading_world
from personametrics.dialogues.rewriting import by_persona, compose, persona_text, rewrite

Keep = Literal["consistent", "all", "none"]


@dataclass(frozen=True)
class Mediator(Remedy):
    """A prompt that is compiled anew in each turn instead of the conversation: the persona, its own lines so far, and the turn.

    Liu and others (2026, arXiv 2602.07338) let a model rewrite the conversation into one request, which a fresh context then answers. Here
    no model rewrites anything: persona, lines and turn stand in the template word for word. The other side's earlier turns are left out.

    Attributes:
        keep: lines that are listed: those that a judge finds `consistent` with the persona (or cannot judge), `all`, or `none`. A list
            with lines out of character passes that on.
        template: text before the turn, with {lines}.
    """

    keep: Keep = "consistent"
    template: str = SAID
    says: ClassVar[str] = "Write a new prompt for each turn, with the persona, its own lines so far, and the turn."
    acts_on: ClassVar[Stage] = "requests"
    against: ClassVar[tuple[str, ...]] = ("drift",)
    cite: ClassVar[tuple[str, ...]] = ("liu2026mediator", "laban2025")

    def __post_init__(self) -> None:
        """Refuse a template without a place for the lines."""
        super().__post_init__()
        if not LINES.search(self.template):
            message = "mediator.template: the place of the lines is missing. Write {lines} where they should stand."
            raise StudyError(message)

    def requests(self, requests: Sequence[Request]) -> list[Request]:
        """Return every line and question of a persona in a fresh context; first turns and requests without a persona as they are."""
        return rewrite(requests, self._compiled)

    def _compiled(self, request: Request) -> Request:
        """Return a request in a fresh context."""
        persona, lines = persona_text(request), [message for message in request.messages if message.role == "assistant"]
        if not by_persona(request) or not persona or not lines:
            return request
        first, turn = request.messages[0], request.messages[-1]
        background = persona if self.keep == "consistent" else ""
        about = {name: request.about[name] for name in ("persona", "item") if name in request.about}
        listed = () if self.keep == "none" else (commitments(lines, self.template, background, about),)
        parts = {"said": Message("user", slot(0), listed) if listed else Message("user", ""), "turn": turn}
        if first.role == "system":
            return replace(request, messages=(first, compose("user", "{said}{turn}", parts)))
        parts["head"] = Message("user", first.text[: first.text.index(persona) + len(persona)])
        return replace(request, messages=(replace(compose("user", "{head}\n\n{said}{turn}", parts), persona=persona),))

    def rival(self) -> str:
        """Return the remedy that repeats the persona in each turn of the same conversation."""
        return "restate"

    def known(self) -> RemedyWorld:
        """Return a world in which personas fade in a conversation, but not in a context without the lines out of character."""
        change = {"prompt_to_line": consistent_share(stays=FADES) - consistent_share()}
        return RemedyWorld(**fading_world(), change=change, remedy=replace(self, keep="consistent"))
