"""The progress of a training: its sums, its speed and its end."""

import math
import time
from dataclasses import dataclass, fields

from embedded_training.optimiser import PLATEAU

SHOWN = 50
"""The number of steps between two printed lines."""


@dataclass
class Sums:
    """The sums over steps and processes; losses in nats.

    Attributes:
        tokens: number of input tokens, without padding.
        places: number of predicted tokens.
        said: number of predicted tokens that are learned as they stand.
        hard: loss of the tokens learned as they stand.
        soft: loss of the tokens drawn from odds, minus the entropy of the odds.
        answers: number of lines drawn from odds.
        stops: more than 0: a process was asked to stop.
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
        """Add two records field by field."""
        return Sums(*(getattr(self, field.name) + getattr(other, field.name) for field in fields(self)))

    @property
    def divergence(self) -> float:
        """The Kullback–Leibler divergence of the model's answers from the planted ones, in nats per answer."""
        return self.soft / max(self.answers, 1)

    @property
    def surprise(self) -> float:
        """The cross-entropy of the words that are learned as they stand, in nats per token."""
        return self.hard / max(self.said, 1)


class Progress:
    """A record of the progress of a training.

    Args:
        steps: number of steps of the whole training; 0: as many as fit into the minutes.
        minutes: wall time in minutes.
        processes: number of processes that share the work.
    """

    def __init__(self, steps: int, minutes: float = 0.0, processes: int = 1) -> None:
        self.steps, self.step = steps or math.inf, 0
        self._minutes, self._processes = minutes, processes
        self._began = self._shown = time.monotonic()
        self._tokens, self.recent, self._last = 0.0, Sums(), Sums()

    @property
    def minutes(self) -> float:
        """The minutes since the start."""
        return (time.monotonic() - self._began) / 60

    @property
    def due(self) -> bool:
        """True if the number of steps is open and must be settled now for the training to end in time."""
        return math.isinf(self.steps) and self.minutes >= PLATEAU * self._minutes

    @property
    def over(self) -> bool:
        """True if all steps are taken."""
        return self.step >= self.steps

    def add(self, sums: Sums) -> str:
        """Record a step.

        Args:
            sums: sums over all processes.

        Returns:
            A line to print every `SHOWN` steps and at the end; else an empty text.
        """
        self.step += 1
        self.recent += sums
        self._tokens += sums.tokens
        if sums.dues and math.isinf(self.steps):
            self.steps = round(self.step / PLATEAU)
        return self._line() if self.step % SHOWN == 0 or sums.stops or self.over else ""

    def _line(self) -> str:
        """Return a line about the last steps."""
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
        """The state of the training for training.json; the losses are those of the last printed line, on new documents."""
        return {
            "steps": self.step,
            "of": None if math.isinf(self.steps) else self.steps,
            "tokens": self._tokens,
            "minutes": round(self.minutes, 2),
            "divergence": self._last.divergence,
            "surprise": self._last.surprise,
        }
