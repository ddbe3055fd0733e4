"""What a document to learn from is made of."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from personametrics.data.request import Message, Role


@dataclass(frozen=True, slots=True)
class Line:
    """What one side says, and what else it might have said.

    Attributes:
        role: `system`, `user` or `assistant`; the model learns to say what the assistant says.
        text: the words.
        odds: of an assistant's line that was drawn: every text it could have been, with its probability; empty: it is learned as it stands.
    """

    role: Role
    text: str
    odds: Mapping[str, float] = field(default_factory=dict)

    @property
    def message(self) -> Message:
        """What is read."""
        return Message(self.role, self.text)


Document = tuple[Line, ...]
"""A conversation from its beginning."""
