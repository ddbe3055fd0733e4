"""What prompts begin with, mostly the persona, computed once and kept."""

from collections import OrderedDict
from collections.abc import Sequence

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
        if len(different) == 1 < len(prompts):
            return [self._begin(different[0][:-1])] * len(prompts)
        begins: dict[Tokens, Cache | None] = {}
        at = 0
        while at < len(different):
            many, shared = cut(different[at : at + MOST + 2], MOST)
            reach = min(shared, min(map(len, different[at : at + many])) - 1)
            cache = self._begin(different[at][:reach])
            begins |= dict.fromkeys(different[at : at + many], cache)
            at += many
        return [begins[prompt] for prompt in prompts]

    def _begin(self, reach: Tokens) -> Cache | None:
        """Keys and values of a beginning, or of most of it, if that is what is kept."""
        known = max((kept for kept in self._kept if reach[: len(kept)] == kept), key=len, default=())
        if len(reach) - len(known) < WORTH:
            if known:
                self._kept.move_to_end(known)
            return self._kept.get(known)
        self._kept[reach] = self.network.begin(reach)
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return self._kept[reach]
