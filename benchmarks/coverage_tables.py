"""The tables of the coverage simulation."""

from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Protocol

import numpy as np
from tables import markdown
from worlds import Sizes, World

FEW = 10
"""With fewer personas than this, intervals are summed up apart."""
LOW, HIGH = 0.86, 0.94
"""Coverage beyond these is counted as poor: 1,000 panels that cover 90 % show less than .86, or more than .94, hardly ever."""


class Setting(Protocol):
    """What was simulated."""

    @property
    def sizes(self) -> Sizes:
        """Of the panel."""

    @property
    def world(self) -> World:
        """What is true."""

    @property
    def missing(self) -> float:
        """Share of answers that are missing."""


class Result(Protocol):
    """What it showed; see `coverage.Result`."""

    @property
    def setting(self) -> Setting:
        """What was simulated."""
