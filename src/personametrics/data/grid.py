"""The requests of a panel, made when they are looked at: a million requests take no more memory than one."""

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import overload

from personametrics.data.item import Item
from personametrics.data.persona import Persona
from personametrics.data.request import Request
from personametrics.data.scale import spell_scale
from personametrics.data.study import Elicitation

ARM = "arm"
"""Column: the panel, or the name of a control."""
PANEL, NONE, SHUFFLED, IRRELEVANT, CONTROL = "panel", "none", "shuffled", "irrelevant", "control"
"""The panel; its controls: no persona, another persona's text, an irrelevant text; items whose answer cannot depend on the persona."""


class LazyRequests(Sequence[Request]):
    """A sequence of requests, each made by its position from 0."""

    @abstractmethod
    def _at(self, position: int) -> Request:
        """Return the request at a position."""

    @overload
    def __getitem__(self, index: int) -> Request: ...
    @overload
    def __getitem__(self, index: slice) -> list[Request]: ...
    def __getitem__(self, index: int | slice) -> Request | list[Request]:
        if isinstance(index, slice):
            return [self._at(position) for position in range(*index.indices(len(self)))]
        if not -len(self) <= index < len(self):
            raise IndexError(index)
        return self._at(index % len(self))


@dataclass(frozen=True)
class Grid(LazyRequests):
    """Personas × conditions × items × runs. Runs vary fastest, so that one call can answer several; personas vary slowest.

    Attributes:
        personas: who answers; None: the model itself.
        items: the questions.
        elicitation: runs, prompt, conditions, sampling, and whether label probabilities are asked for.
        arm: `panel`, or the name of a control; "": no column.
        names: the name of each persona in the table; by default its id.
    """

    personas: Sequence[Persona | None]
    items: Sequence[Item]
    elicitation: Elicitation = field(default_factory=Elicitation)
    arm: str = ""
    names: Sequence[str] = ()
    _last: dict[int, Request] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def runs(self) -> int:
        """The runs of every cell; label probabilities need one."""
        return 1 if self.elicitation.score else self.elicitation.runs

    @property
    def conditions(self) -> Sequence[Mapping[str, str]]:
        """The conditions of every cell."""
        return self.elicitation.conditions

    def __len__(self) -> int:
        return len(self.personas) * len(self.conditions) * len(self.items) * self.runs

    def _at(self, position: int) -> Request:
        cell, run = divmod(position, self.runs)
        return self._in_run(self._first(cell), run)

    def __iter__(self) -> Iterator[Request]:
        for cell in range(len(self) // self.runs if self.runs else 0):
            first = self._first(cell)
            yield from (self._in_run(first, run) for run in range(self.runs))

    def _first(self, cell: int) -> Request:
        """Return the first run of a cell; the last one is remembered, since its runs are looked at one after the other."""
        if cell not in self._last:
            first = self._made(cell)
            self._last.clear()
            self._last[cell] = first
        return self._last[cell]

    def _made(self, cell: int) -> Request:
        """Return the first run of a cell, made from its templates."""
        rest, item = divmod(cell, len(self.items))
        persona, condition = divmod(rest, len(self.conditions))
        asked, put = self.items[item], self.elicitation
        request = put.prompt.ask(self.personas[persona], asked, 0, self.conditions[condition], sampling=put.sampling, score=put.score)
        about = {**request.about, "scale": spell_scale(asked.scale)}
        about |= {"persona": self.names[persona]} if self.names else {}
        return replace(request, about={**about, ARM: self.arm} if self.arm else about)

    @staticmethod
    def _in_run(first: Request, run: int) -> Request:
        """Return another run of a cell."""
        return replace(first, run=run, about={**first.about, "run": str(run)}) if run else first


@dataclass(frozen=True)
class Joined(LazyRequests):
    """A sequence of several grids: the panel and its controls."""

    parts: tuple[Sequence[Request], ...]

    def __len__(self) -> int:
        return sum(map(len, self.parts))

    def _at(self, position: int) -> Request:
        for part in self.parts:
            if position < len(part):
                return part[position]
            position -= len(part)
        raise IndexError(position)

    def __iter__(self) -> Iterator[Request]:
        return chain.from_iterable(self.parts)
