"""The slow way to score choices, which the fast way must equal."""

from collections.abc import Mapping

from personametrics.data.request import Request
from personametrics.models.local import THREAD, Local


def plain_scores(model: Local, request: Request) -> Mapping[str, float]:
    """Return log-probabilities of the choices, one forward pass for each."""
    (prepared,) = THREAD.submit(model._prepare, [(0, request)]).result()  # noqa: SLF001 (as the model does it)
    assert request.score, "the request asks for words"
    assert not prepared.fault, prepared.fault
    return dict(zip(request.choices, THREAD.submit(lambda: model._scorer.plainly(prepared)).result(), strict=True))  # noqa: SLF001
