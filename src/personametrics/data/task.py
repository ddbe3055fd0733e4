"""What a simulated user wants."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Task:
    """What a simulated user wants.

    Attributes:
        id: unique among the tasks.
        text: what the user is told.
        attributes: for grouping; never told.
    """

    id: str
    text: str
    attributes: Mapping[str, str] = field(default_factory=dict)
