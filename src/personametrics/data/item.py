"""An item: a question with its scale."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from personametrics.data.scale import Scale


@dataclass(frozen=True)
class Item:
    """A question with its scale.

    Attributes:
        id: a text that is unique in the questionnaire.
        text: the question.
        scale: the scale that reads an answer.
        attributes: properties such as topic, keyed direction, or gold answer.
        wordings: other texts of the same question, by name.
    """

    id: str
    text: str
    scale: Scale
    attributes: Mapping[str, str] = field(default_factory=dict)
    wordings: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_control(self) -> bool:
        """True if the answer cannot depend on the persona: the attribute `control` is `yes`."""
        return self.attributes.get("control", "").strip().casefold() == "yes"
