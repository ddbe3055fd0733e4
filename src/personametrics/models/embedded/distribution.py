"""From logits to what an ask draws from."""

import numpy as np

from personametrics.data.errors import ModelError
from personametrics.data.request import Sampling
from personametrics.models.embedded.checkpoint import Floats


def distribution(logits: Floats, sampling: Sampling) -> Floats:
    """Log-probabilities of the next token, at the temperature and among the likeliest tokens that answers are drawn with.

    Args:
        logits: (K, V)
        sampling: a setting that is None is 1.

    Returns:
        (K, V) log-probabilities; at temperature 0 all lies on the likeliest token.

    Raises:
        ModelError: there are logits that are no numbers.
    """
    temperature = 1.0 if sampling.temperature is None else sampling.temperature
    top = logits.max(-1, keepdims=True)
    if not np.isfinite(top).all():
        message = "The model's logits are no numbers: its weights are damaged; copy the whole checkpoint."
        raise ModelError(message)
    if temperature == 0:
        found = np.full_like(logits, -np.inf)
        np.put_along_axis(found, logits.argmax(-1)[:, None], np.float32(0), -1)
        return found
    found = _normal(logits - top, temperature)
    if sampling.top_p is None or sampling.top_p >= 1:
        return found
    order = np.argsort(-found, -1, kind="stable")
    ranked = np.exp(np.take_along_axis(found, order, -1))
    out = ranked.cumsum(-1) - ranked >= sampling.top_p
    np.put_along_axis(found, order, np.where(out, -np.inf, np.take_along_axis(found, order, -1)).astype(np.float32), -1)
    return _normal(found, 1.0)


def _normal(scores: Floats, temperature: float) -> Floats:
    """Log-probabilities from scores of which the largest is 0 or near it, in place."""
    if temperature != 1:
        scores /= np.float32(temperature)
    scores -= np.log(np.exp(scores).sum(-1, keepdims=True))
    return scores
