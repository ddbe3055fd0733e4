"""The prefixes of prompts, mostly the persona, computed once and kept."""

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence

from personametrics.models.embedded.network import Network
from personametrics.models.embedded.rows import Cache
from personametrics.models.packing import WORTH, Tokens, cut

KEPT = 32
"""The number of prefixes that are kept."""
MOST = 32
"""The number of prompts that are compared at a time; later prompts of the persona reuse the kept prefix."""


class Prefixes:
    """A store of the keys and values of prefixes.

    Args:
        network: network that computes them.
    """

    def __init__(self, network: Network) -> None:
        self.network = network
        self._kept: OrderedDict[Tokens, Cache] = OrderedDict()

    def of(self, prompts: Sequence[Tokens]) -> list[Cache | None]:
        """Return the prefix of each prompt; None: too few shared tokens to be worth a pass of their own.

        Args:
            prompts: prompts in the order of the requests; a prefix is always shorter than its prompt.
        """
        different = list(dict.fromkeys(prompts))
        alone = len(different) == 1 < len(prompts)  # several answers to one prompt share all of it but its last token
        shared = {different[0]: different[0][:-1]} if alone else dict(self._shared(different))
        sources = {prefix: self._nearest(prefix) for prefix in dict.fromkeys(shared.values())}
        fresh = [prefix for prefix, nearest in sources.items() if len(prefix) - len(nearest) >= WORTH]
        sources |= {prefix: prefix for prefix in fresh}
        if fresh:
            self._kept |= zip(fresh, self.network.begin(fresh), strict=True)
        caches = {prefix: self._kept.get(nearest) for prefix, nearest in sources.items()}
        self._forget(sources.values())
        return [caches[shared[prompt]] for prompt in prompts]

    def _shared(self, prompts: Sequence[Tokens]) -> Iterator[tuple[Tokens, Tokens]]:
        """Yield each prompt with the prefix that it shares with its neighbours."""
        start = 0
        while start < len(prompts):
            count, shared = cut(prompts[start : start + MOST + 2], MOST)
            group = prompts[start : start + count]
            reach = min(shared, *(len(prompt) - 1 for prompt in group))
            yield from ((prompt, prompt[:reach]) for prompt in group)
            start += count

    def _nearest(self, prefix: Tokens) -> Tokens:
        """Return the longest kept prefix of a prefix."""
        return max((kept for kept in self._kept if prefix[: len(kept)] == kept), key=len, default=())

    def _forget(self, used: Iterable[Tokens]) -> None:
        """Drop the prefixes used longest ago."""
        for prefix in used:
            if prefix in self._kept:
                self._kept.move_to_end(prefix)
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
