"""The lines of a training document."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from personametrics.data.request import Message, Role


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a conversation, with the other texts that could have stood in its place.

    Attributes:
        role: `system`, `user` or `assistant`; the model learns only the lines of the assistant.
        text: the words.
        odds: probability of every text that a drawn line of the assistant could have been; empty: the line is learned as it stands.
    """

    role: Role
    text: str
    odds: Mapping[str, float] = field(default_factory=dict)

    @property
    def message(self) -> Message:
        """The line as a message of a request."""
        return Message(self.role, self.text)


Document = tuple[Line, ...]
"""The type of a conversation, from its first line."""
