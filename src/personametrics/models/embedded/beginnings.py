"""What prompts begin with, mostly the persona, computed once and kept."""

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence

from personametrics.models.embedded.network import Network
from personametrics.models.embedded.rows import Cache
from personametrics.models.packing import WORTH, Tokens, cut

KEPT = 32
"""Beginnings that are kept."""
MOST = 32
"""Prompts that are compared at a time; more of one persona find its beginning kept."""


class Beginnings:
    """Keys and values of beginnings.

    Args:
        network: what computes them.
    """

    def __init__(self, network: Network) -> None:
        self.network = network
        self._kept: OrderedDict[Tokens, Cache] = OrderedDict()

    def of(self, prompts: Sequence[Tokens]) -> list[Cache | None]:
        """Of each prompt, its beginning; None: it shares too little with its neighbours to be worth a pass of its own.

        Args:
            prompts: in the order they are asked; a beginning is always shorter than its prompt.
        """
        different = list(dict.fromkeys(prompts))
        alone = len(different) == 1 < len(prompts)  # many answers to one prompt begin with nearly all of it
        reaches = {different[0]: different[0][:-1]} if alone else dict(self._shared(different))
        wanted = {reach: self._nearest(reach) for reach in dict.fromkeys(reaches.values())}
        fresh = [reach for reach, known in wanted.items() if len(reach) - len(known) >= WORTH]
        wanted |= {reach: reach for reach in fresh}
        if fresh:
            self._kept |= zip(fresh, self.network.begin(fresh), strict=True)
        caches = {reach: self._kept.get(known) for reach, known in wanted.items()}
        self._forget(wanted.values())
        return [caches[reaches[prompt]] for prompt in prompts]

    def _shared(self, prompts: Sequence[Tokens]) -> Iterator[tuple[Tokens, Tokens]]:
        """Of each prompt, how it and its neighbours begin."""
        at = 0
        while at < len(prompts):
            many, shared = cut(prompts[at : at + MOST + 2], MOST)
            some = prompts[at : at + many]
            reach = min(shared, *(len(prompt) - 1 for prompt in some))
            yield from ((prompt, prompt[:reach]) for prompt in some)
            at += many

    def _nearest(self, reach: Tokens) -> Tokens:
        """The longest beginning of a beginning that is kept."""
        return max((kept for kept in self._kept if reach[: len(kept)] == kept), key=len, default=())

    def _forget(self, used: Iterable[Tokens]) -> None:
        """Let go of those used longest ago."""
        for known in used:
            if known in self._kept:
                self._kept.move_to_end(known)
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
