"""A persona: a simulated person."""

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
