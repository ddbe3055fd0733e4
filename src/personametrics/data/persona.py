"""Simulated people, and the tasks that they have as users in a conversation."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Persona:
    """A simulated person.

    Attributes:
        id: a text that is unique in the panel.
        text: the description that the model receives.
        attributes: properties for grouping and for pairing with people; they never stand in a prompt.
    """

    id: str
    text: str
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Task:
    """The aim of a simulated user in a conversation.

    Attributes:
        id: a text that is unique among the tasks.
        text: the aim, as the prompt of the user states it.
        attributes: properties for grouping; they never stand in a prompt.
    """

    id: str
    text: str
    attributes: Mapping[str, str] = field(default_factory=dict)
