"""Who is simulated."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Persona:
    """Who is simulated.

    Attributes:
        id: unique in its panel.
        text: what the model is told.
        attributes: for grouping and for pairing with humans; never told to the model.
    """

    id: str
    text: str
    attributes: Mapping[str, str] = field(default_factory=dict)
