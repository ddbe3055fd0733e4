"""Every ask of a panel, made when it is looked at: a million asks take no more room than one."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import overload

from personametrics.data.item import Item
from personametrics.data.persona import Persona
from personametrics.data.prompt import Prompt
from personametrics.data.request import Request, Sampling

ARM = "arm"
"""The column that tells the panel from its controls."""


@dataclass(frozen=True)
class Grid(Sequence[Request]):
    """Personas × conditions × items × runs: runs vary fastest, so that one call can answer several; personas slowest.

    Attributes:
        personas: who answers; None: the model itself.
        items: what is asked.
        runs: how often each is asked.
        prompt: how it is put.
        conditions: how it is changed.
        sampling: how answers are drawn.
        score: ask for label probabilities.
        arm: `panel`, or the name of a control.
        names: what the table calls each persona; by default its id.
    """

    personas: Sequence[Persona | None]
    items: Sequence[Item]
    runs: int = 5
    prompt: Prompt = field(default_factory=Prompt)
    conditions: Sequence[Mapping[str, str]] = ({},)
    sampling: Sampling = field(default_factory=Sampling)
    score: bool = False
    arm: str = "panel"
    names: Sequence[str] = ()
    _last: dict[int, Request] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __len__(self) -> int:
        return len(self.personas) * len(self.conditions) * len(self.items) * self.runs

    @overload
    def __getitem__(self, index: int) -> Request: ...
    @overload
    def __getitem__(self, index: slice) -> list[Request]: ...
    def __getitem__(self, index: int | slice) -> Request | list[Request]:
        if isinstance(index, slice):
            return [self[at] for at in range(*index.indices(len(self)))]
        if not -len(self) <= index < len(self):
            raise IndexError(index)
        cell, run = divmod(index % len(self), self.runs)
        return self._run(self._cell(cell), run)

    def __iter__(self) -> Iterator[Request]:
        for cell in range(len(self) // self.runs if self.runs else 0):
            first = self._cell(cell)
            yield from (self._run(first, run) for run in range(self.runs))

    def _cell(self, cell: int) -> Request:
        """The first run of a cell; the last one is remembered, since its runs are looked at one after the other."""
        first = self._last.get(cell)
        if first is None:
            first = self._made(cell)
            self._last.clear()
            self._last[cell] = first
        return first

    def _made(self, cell: int) -> Request:
        """The first run of a cell, from its templates."""
        rest, item = divmod(cell, len(self.items))
        persona, condition = divmod(rest, len(self.conditions))
        request = self.prompt.ask(
            self.personas[persona], self.items[item], 0, self.conditions[condition], sampling=self.sampling, score=self.score
        )
        name = {"persona": self.names[persona]} if self.names else {}
        return replace(request, about={**request.about, **name, ARM: self.arm})

    @staticmethod
    def _run(first: Request, run: int) -> Request:
        """Another run of a cell."""
        return replace(first, run=run, about={**first.about, "run": str(run)}) if run else first


@dataclass(frozen=True)
class Joined(Sequence[Request]):
    """Several grids, one after the other.

    Attributes:
        parts: panel and controls.
    """

    parts: tuple[Sequence[Request], ...]

    def __len__(self) -> int:
        return sum(map(len, self.parts))

    @overload
    def __getitem__(self, index: int) -> Request: ...
    @overload
    def __getitem__(self, index: slice) -> list[Request]: ...
    def __getitem__(self, index: int | slice) -> Request | list[Request]:
        if isinstance(index, slice):
            return [self[at] for at in range(*index.indices(len(self)))]
        at = index % len(self) if -len(self) <= index < len(self) else len(self)
        for part in self.parts:
            if at < len(part):
                return part[at]
            at -= len(part)
        raise IndexError(index)

    def __iter__(self) -> Iterator[Request]:
        for part in self.parts:
            yield from part
