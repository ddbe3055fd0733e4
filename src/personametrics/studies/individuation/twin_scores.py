"""Scores of simulated twins on the answers of people, by the scale of the answers."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from personametrics.data.coding import plain
from personametrics.data.errors import AnswerError
from personametrics.data.prompt import NOBODY
from personametrics.data.responses import Responses
from personametrics.data.scale import Numeric, Ordinal
from personametrics.stats.arrays import Floats, Ints

LEAST = 1e-6
"""The least probability in a logarithm."""


class AnswerScale:
    """The labels of an answer table, their places, and the shares of answers on them.

    Attributes:
        labels: L labels; those of the scale come first.
        positions: (L,) places of the labels; None without an order.
        exact: answers are label probabilities.
    """

    def __init__(self, responses: Responses, answers: Sequence[str]) -> None:
        """Collect the labels.

        Args:
            responses: the answers with their scale.
            answers: all answers, of people and of the model.

        Raises:
            AnswerError: an answer is not on an ordered scale.
        """
        labels = [plain(label) for label in responses.labelled.labels] if responses.labelled else []
        self.exact = responses.exact is not None
        self.labels = list(dict.fromkeys([*labels, *sorted(set(answers))]))
        self._code = {label: code for code, label in enumerate(self.labels)}
        self.positions = self._positions(responses)

    def _positions(self, responses: Responses) -> Floats | None:
        """Return the places of the labels."""
        if isinstance(responses.scale, Numeric):
            return np.array([float(label) for label in self.labels])
        if not isinstance(responses.labelled, Ordinal):
            return None
        if len(self.labels) > len(responses.labelled.labels):
            strange = self.labels[len(responses.labelled.labels)]
            message = f'{responses.source}: the real answer "{strange}" is not on the scale of the answers. Spell it as on the scale.'
            raise AnswerError(message)
        return responses.labelled.positions()

    def codes(self, answers: Sequence[str]) -> Ints:
        """Return the code of the label of each answer (N,)."""
        return np.array([self._code[answer] for answer in answers], np.int64)

    def shares(self, rows: pl.DataFrame, people: Sequence[str]) -> tuple[Floats, Floats]:
        """Return the share of each label for each person, and the number of answers.

        Args:
            rows: table of `measures.cells` of one item; answers without a persona count for everybody.
            people: N people.

        Returns:
            (L, N) shares, NaN where a person has no answer; and (N,) numbers.
        """
        share, n = np.zeros((len(self.labels), len(people))), np.zeros(len(people))
        for_all = rows.filter(pl.col("persona") == NOBODY)
        if len(for_all):
            share[self.codes(for_all["answer"].to_list())] = for_all["share"].to_numpy()[:, None]
            n[:] = for_all["n"][0]
        own = rows.join(pl.DataFrame({"persona": people, "index": range(len(people))}), "persona")
        index = own["index"].to_numpy()
        share[:, index] = 0.0
        share[self.codes(own["answer"].to_list()), index] = own["share"].to_numpy()
        n[index] = own["n"].to_numpy()
        return np.where(n > 0, share, np.nan), n

    def scores(self, share: Floats, n: Floats) -> dict[str, Floats]:
        """Return the scores of twins by measure, each (L, N): the score if the person's answer is label l.

        Args:
            share: (L, N) shares of the twins' answers.
            n: (N,) numbers of answers.
        """
        scores = {"accuracy": share}
        if self.positions is not None and np.ptp(self.positions) > 0:
            distance = np.abs(self.positions[:, None] - self.positions) / np.ptp(self.positions)
            scores["closeness"] = (1 - distance) @ share
        smooth = np.maximum(share, LEAST) if self.exact else (n * share + 0.5) / (n + len(share) / 2)
        return scores | {"logscore": np.log(smooth)}
