"""A speaker who imagines a listener, and says what lets the listener tell who is speaking.

References:
    Kim, Kim & Kim 2020, arXiv:2004.05816.
"""

from typing import Literal, NamedTuple, get_args

import numpy as np
from scipy.special import log_softmax, logsumexp

from personametrics.stats.arrays import Floats

Update = Literal["listener", "speaker", "uniform"]
"""Who is taken to be speaking after a word: whom the listener hears (L0), whom a listener to such speakers hears (L1), or anybody."""
UPDATES: tuple[Update, ...] = get_args(Update)


class Heard(NamedTuple):
    """One step.

    Attributes:
        listener: (…, I, V) log L0: who is speaking, after each word.
        speaker: (…, I, V) log S1: what each of them says who is aware of that.
    """

    listener: Floats
    speaker: Floats


def imagined(base: Floats, prior: Floats | None = None, alpha: float = 2.0, beta: float = 1.0) -> Heard:
    """What speakers say who imagine a listener, for one word.

    The listener knows all of them: L0(i|u) ∝ S0(u|i)^β p(i). Speaker i prefers words by which i is known: S1(u|i) ∝ S0(u|i) L0(i|u)^α.
    With α = 0, β = 0 or speakers who are all alike, S1 is S0. What i never says stays unsaid.

    Args:
        base: (…, I, V) log S0, from I speakers to V words.
        prior: (…, I) log p; None: anybody alike.
        alpha: how much it matters to be known, 0 or more.
        beta: how sharply the listener hears, 0 or more.

    Returns:
        Log-probabilities of the same shape; L0 of a word that nobody says is all −∞.

    Examples:
        >>> base = np.log([[0.5, 0.3, 0.1, 0.1], [0.1, 0.6, 0.2, 0.1], [0.25, 0.25, 0.25, 0.25]])
        >>> heard = imagined(base)
        >>> np.exp(heard.speaker[0]).round(6).tolist(), np.exp(heard.listener[:, 0]).round(6).tolist()
        ([0.857887, 0.101234, 0.016392, 0.024487], [0.588235, 0.117647, 0.294118])
    """
    known = np.zeros(base.shape[:-1]) if prior is None else prior
    scores = _times(beta, base) + known[..., None]
    total = logsumexp(scores, axis=-2, keepdims=True)
    listener = scores - np.where(np.isfinite(total), total, 0.0)
    speaker = np.where(np.isneginf(base), -np.inf, base + _times(alpha, listener))
    return Heard(listener, np.asarray(log_softmax(speaker, axis=-1)))


def _times(weight: float, logs: Floats) -> Floats:
    """A power in logarithms: everything to the power of 0 is 1, even 0."""
    return weight * logs if weight else np.zeros_like(logs)


class Speaker:
    """A speaker who imagines a listener, word after word.

    Args:
        alpha: how much it matters to be known.
        beta: how sharply the listener hears.
        update: who is taken to be speaking after a word.

    Examples:
        >>> first = np.log([[0.5, 0.3, 0.1, 0.1], [0.1, 0.6, 0.2, 0.1], [0.25, 0.25, 0.25, 0.25]])
        >>> second = np.log([[0.4, 0.4, 0.1, 0.1], [0.7, 0.1, 0.1, 0.1], [0.2, 0.2, 0.3, 0.3]])
        >>> speaker = Speaker()
        >>> said = int(speaker(first, None).argmax())
        >>> said, np.exp(speaker(second, said)).round(6).tolist()
        (0, [0.371695, 0.563041, 0.032632, 0.032632])
    """

    def __init__(self, alpha: float = 2.0, beta: float = 1.0, update: Update = "listener") -> None:
        self.alpha, self.beta, self.update = alpha, beta, update
        self.prior: Floats | None = None
        """(I,) log-probability of each to be speaking; None: anybody alike."""
        self._heard: Heard | None = None

    def __call__(self, base: Floats, said: int | None) -> Floats:
        """What the first of the speakers says next.

        Args:
            base: (I, V) log S0, the own first.
            said: the word before; None: there is none.

        Returns:
            (V,) log S1.
        """
        if said is not None and self._heard is not None:
            self.prior = self._after(self._heard, said)
        self._heard = imagined(base, self.prior, self.alpha, self.beta)
        return np.asarray(self._heard.speaker[0])

    def _after(self, heard: Heard, said: int) -> Floats | None:
        """Who is taken to be speaking, after a word."""
        if self.update == "uniform":
            return None
        if self.update == "listener":
            return np.asarray(heard.listener[:, said])
        before = np.zeros(len(heard.speaker)) if self.prior is None else self.prior
        return np.asarray(log_softmax(heard.speaker[:, said] + before))
