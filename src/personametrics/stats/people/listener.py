"""A pragmatic speaker, who prefers words from which an imagined listener can identify the speaker among others.

References:
    Kim, Kim & Kim (2020), arXiv:2004.05816.
"""

from typing import Literal, NamedTuple, get_args

import numpy as np
from scipy.special import log_softmax, logsumexp

from personametrics.stats.arrays import Floats, Ints

Update = Literal["listener", "speaker", "uniform"]
"""The update of the listener's belief after each word: by the literal listener L0, by the pragmatic listener L1, or a uniform belief."""
UPDATES: tuple[Update, ...] = get_args(Update)


class ListenerStep(NamedTuple):
    """The listener and the speakers for one word.

    Attributes:
        listener: (…, I, V) log L0, the probability of each speaker after each word.
        speaker: (…, I, V) log S1, the probability of each word for each pragmatic speaker.
    """

    listener: Floats
    speaker: Floats


def listener_step(base: Floats, prior: Floats | None = None, alpha: float = 2.0, beta: float = 1.0) -> ListenerStep:
    """Compute the listener's belief and the pragmatic speakers' word probabilities for one word.

    The literal listener knows all speakers: L0(i|u) ∝ S0(u|i)^β p(i). Speaker i prefers words that identify i: S1(u|i) ∝ S0(u|i) L0(i|u)^α.
    With α = 0, β = 0 or identical speakers, S1 equals S0. A word with probability 0 keeps it; L0 of a word that all speakers exclude is −∞.

    Args:
        base: (…, I, V) log S0 of I speakers and V words.
        prior: (…, I) log p; None: uniform.
        alpha: weight α of being identified, at least 0.
        beta: sharpness β of the listener, at least 0.

    Examples:
        >>> base = np.log([[0.5, 0.3, 0.1, 0.1], [0.1, 0.6, 0.2, 0.1], [0.25, 0.25, 0.25, 0.25]])
        >>> step = listener_step(base)
        >>> np.exp(step.speaker[0]).round(6).tolist(), np.exp(step.listener[:, 0]).round(6).tolist()
        ([0.857887, 0.101234, 0.016392, 0.024487], [0.588235, 0.117647, 0.294118])
    """
    belief = np.zeros(base.shape[:-1]) if prior is None else prior
    scores = _times(beta, base) + belief[..., None]
    total = logsumexp(scores, axis=-2, keepdims=True)
    listener = scores - np.where(np.isfinite(total), total, 0.0)
    speaker = np.where(np.isneginf(base), -np.inf, base + _times(alpha, listener))
    return ListenerStep(listener, np.asarray(log_softmax(speaker, axis=-1)))


def _times(weight: float, logs: Floats) -> Floats:
    """Take a power of logarithms, in which 0 to the power of 0 is 1."""
    return weight * logs if weight else np.zeros_like(logs)


class Speaker:
    """A pragmatic speaker that keeps the listener's belief from word to word; alpha and beta are those of `listener_step`.

    Examples:
        >>> first = np.log([[0.5, 0.3, 0.1, 0.1], [0.1, 0.6, 0.2, 0.1], [0.25, 0.25, 0.25, 0.25]])
        >>> second = np.log([[0.4, 0.4, 0.1, 0.1], [0.7, 0.1, 0.1, 0.1], [0.2, 0.2, 0.3, 0.3]])
        >>> speaker = Speaker()
        >>> word = int(speaker(first, None).argmax())
        >>> word, np.exp(speaker(second, word)).round(6).tolist()
        (0, [0.371695, 0.563041, 0.032632, 0.032632])
    """

    def __init__(self, alpha: float = 2.0, beta: float = 1.0, update: Update = "listener") -> None:
        self.alpha, self.beta, self.update = alpha, beta, update
        self.prior: Floats | None = None
        """(I,) log-probability of each speaker in the listener's belief; None: uniform."""
        self._step: ListenerStep | None = None

    def __call__(self, base: Floats, previous: int | None) -> Floats:
        """Return log S1 (V,) of the first speaker, given (I, V) log S0 and the previous word (None for the first word)."""
        if previous is not None and self._step is not None:
            self.prior = self._updated(self._step, previous)
        self._step = listener_step(base, self.prior, self.alpha, self.beta)
        return np.asarray(self._step.speaker[0])

    def _updated(self, step: ListenerStep, word: int) -> Floats | None:
        """Return the listener's belief after a word."""
        if self.update == "uniform":
            return None
        if self.update == "listener":
            return np.asarray(step.listener[:, word])
        before = np.zeros(len(step.speaker)) if self.prior is None else self.prior
        return np.asarray(log_softmax(step.speaker[:, word] + before))


def comparators(people: int, others: int = 0) -> Ints:
    """Choose others for each person, evenly spaced in the order of the panel, so that all serve equally often.

    The result, (people, 1 + others), holds positions in the panel, the person itself first; with 0 others, or too many, all are chosen.

    Examples:
        >>> comparators(6, 2).tolist()
        [[0, 2, 4], [1, 3, 5], [2, 4, 0], [3, 5, 1], [4, 0, 2], [5, 1, 3]]
    """
    number = min(others, people - 1) if others else people - 1
    steps = np.arange(number + 1) * people // (number + 1)
    return np.asarray((np.arange(people)[:, None] + steps) % people, dtype=np.int64)
