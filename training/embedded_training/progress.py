"""How a training stands: what was added up, how fast it goes, when it ends."""

import math
import time
from dataclasses import dataclass, fields

from embedded_training.optimiser import PLATEAU

SHOWN = 50
"""Steps between two lines."""


@dataclass
class Sums:
    """What is added up over steps and processes; losses in nats.

    Attributes:
        tokens: read, without padding.
        places: tokens that were to be predicted.
        said: those of them that are learned as they stand.
        hard: loss of those.
        soft: loss of the others, which were drawn from odds, above the entropy of the odds.
        answers: lines drawn from odds.
        stops: more than 0: a process was told to stop.
        dues: more than 0: it is time to let the learning rate fall.
    """

    tokens: float = 0
    places: float = 0
    said: float = 0
    hard: float = 0
    soft: float = 0
    answers: float = 0
    stops: float = 0
    dues: float = 0

    def __add__(self, other: "Sums") -> "Sums":
        """Sum by sum."""
        return Sums(*(getattr(self, field.name) + getattr(other, field.name) for field in fields(self)))

    @property
    def divergence(self) -> float:
        """Kullback–Leibler divergence of the model's answers from the planted ones, in nats an answer."""
        return self.soft / max(self.answers, 1)

    @property
    def surprise(self) -> float:
        """Cross-entropy of the words that are learned as they stand, in nats a token."""
        return self.hard / max(self.said, 1)


class Progress:
    """Follows a training.

    Args:
        steps: of the whole training; 0: as many as fit into the minutes.
        minutes: of wall time.
        processes: that share the work.
    """

    def __init__(self, steps: int, minutes: float = 0.0, processes: int = 1) -> None:
        self.steps, self.step = steps or math.inf, 0
        self._minutes, self._processes = minutes, processes
        self._began = self._shown = time.monotonic()
        self._tokens, self.recent, self._last = 0.0, Sums(), Sums()

    @property
    def minutes(self) -> float:
        """Since the beginning."""
        return (time.monotonic() - self._began) / 60

    @property
    def due(self) -> bool:
        """Whether the number of steps is open, and has to be settled now for the training to end in time."""
        return math.isinf(self.steps) and self.minutes >= PLATEAU * self._minutes

    @property
    def over(self) -> bool:
        """Whether all steps are taken."""
        return self.step >= self.steps

    def add(self, sums: Sums) -> str:
        """Note a step.

        Args:
            sums: of all processes.

        Returns:
            A line to show, now and then; else nothing.
        """
        self.step += 1
        self.recent += sums
        self._tokens += sums.tokens
        if sums.dues and math.isinf(self.steps):
            self.steps = round(self.step / PLATEAU)
        return self._line() if self.step % SHOWN == 0 or sums.stops or self.over else ""

    def _line(self) -> str:
        """What the last steps were like."""
        now = time.monotonic()
        speed = self.recent.tokens / (now - self._shown) / self._processes
        left = self._minutes - self.minutes if math.isinf(self.steps) else self.minutes * (self.steps / self.step - 1)
        self._shown, self._last, self.recent = now, self.recent, Sums()
        return (
            f"step {self.step:5} of {self.steps:g}  {self._tokens / 1e6:6.2f}M tokens  KL {self._last.divergence:.4f} an answer  "
            f"CE {self._last.surprise:.4f} a token  {speed:,.0f} tokens/s/process  {left:.1f} min left"
        )

    @property
    def record(self) -> dict[str, float | None]:
        """Where it stands, for training.json; the losses are those of the last line shown, on documents never seen before."""
        return {
            "steps": self.step,
            "of": None if math.isinf(self.steps) else self.steps,
            "tokens": self._tokens,
            "minutes": round(self.minutes, 2),
            "divergence": self._last.divergence,
            "surprise": self._last.surprise,
        }
