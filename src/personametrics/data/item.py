"""What is asked."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from personametrics.data.scale import Scale


@dataclass(frozen=True)
class Item:
    """What is asked.

    Attributes:
        id: unique in its questionnaire.
        text: the question.
        scale: how an answer is read.
        attributes: topic, keyed direction, gold answer …
        wordings: other texts of the same question, by name.
    """

    id: str
    text: str
    scale: Scale
    attributes: Mapping[str, str] = field(default_factory=dict)
    wordings: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_control(self) -> bool:
        """Whether its answer cannot depend on the persona: its attribute `control` is `yes`."""
        return self.attributes.get("control", "").strip().casefold() == "yes"
