"""The distribution that the next token is drawn from."""

import numpy as np

from personametrics.data.errors import ModelError
from personametrics.data.request import Sampling
from personametrics.models.embedded.checkpoint import Floats


def distribution(logits: Floats, sampling: Sampling) -> Floats:
    """Return log-probabilities of the next token at the temperature and top_p of the sampling.

    Args:
        logits: (K, V) logits.
        sampling: sampling settings; None counts as 1.

    Returns:
        (K, V) log-probabilities; at temperature 0 the likeliest token has probability 1.

    Raises:
        ModelError: the logits are not finite.
    """
    temperature = 1.0 if sampling.temperature is None else sampling.temperature
    top = logits.max(-1, keepdims=True)
    if not np.isfinite(top).all():
        message = "The model's logits are not numbers, because its weights are damaged. Copy the whole checkpoint."
        raise ModelError(message)
    if temperature == 0:
        logs = np.full_like(logits, -np.inf)
        np.put_along_axis(logs, logits.argmax(-1)[:, None], np.float32(0), -1)
        return logs
    logs = _normal(logits - top, temperature)
    if sampling.top_p is None or sampling.top_p >= 1:
        return logs
    order = np.argsort(-logs, -1, kind="stable")
    ranked = np.exp(np.take_along_axis(logs, order, -1))
    left_out = ranked.cumsum(-1) - ranked >= sampling.top_p
    np.put_along_axis(logs, order, np.where(left_out, -np.inf, np.take_along_axis(logs, order, -1)).astype(np.float32), -1)
    return _normal(logs, 1.0)


def _normal(scores: Floats, temperature: float) -> Floats:
    """Turn scores, the largest about 0, into log-probabilities in place."""
    if temperature != 1:
        scores /= np.float32(temperature)
    scores -= np.log(np.exp(scores).sum(-1, keepdims=True))
    return scores
