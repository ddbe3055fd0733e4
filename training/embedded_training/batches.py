"""Batches of documents: tokens, and the probability of every possible next token wherever the assistant speaks."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from embedded_training.tokens import turn
from personametrics.data.errors import ModelError
from personametrics.models.embedded.society.talk import Document, Line

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]
Bools = npt.NDArray[np.bool_]

WINDOW = 512
"""The number of documents that are sorted by length together."""
STRIDE = 64
"""Batch lengths are multiples of this, because torch prepares its products anew for every shape."""


@dataclass(frozen=True, slots=True)
class Example:
    """The tokens of a document or batch, with the targets to predict.

    Attributes:
        tokens: (T) input tokens; for a batch (B, T), padded with 0.
        places: (P) positions after which the next token is predicted; for a batch, positions in the flattened tokens.
        rows: (E) index of the place that an entry belongs to.
        targets: (E) a possible next token.
        weights: (E) probability of the target; the entries of a place sum to 1.
        drawn: (E) whether the entry belongs to a line that was drawn from several options.
        answers: number of such lines.
    """

    tokens: Ints
    places: Ints
    rows: Ints
    targets: Ints
    weights: Floats
    drawn: Bools
    answers: int

    @property
    def entropy(self) -> float:
        """The sum of the entropies of all places, in nats: the lowest possible loss."""
        return -float(np.sum(self.weights * np.log(np.where(self.weights > 0, self.weights, 1)), dtype=np.float64))


class Encoder:
    """An encoder of documents as examples; texts repeat, so the result for each text is cached.

    Args:
        tokenizer: tokenizer made by `tokens.trained`.
    """

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._opening = len(tokenizer.encode(turn("assistant", "").partition("\n")[0] + "\n").ids)
        self._said = lru_cache(1 << 14)(self._hard)
        self._fork = lru_cache(1 << 13)(self._trie)

    def __call__(self, document: Document) -> Example:
        """Encode a document as an example.

        Raises:
            ModelError: the text of a line cannot be drawn from its odds.
        """
        lines = [self._drawn(line) if line.odds else self._said(line.role, line.text) for line in document]
        return joined(lines, np.cumsum([0, *(len(line.tokens) for line in lines)]))

    def _tokens(self, role: str, text: str) -> list[int]:
        return list(self._tokenizer.encode(turn(role, text)).ids)

    def _hard(self, role: str, text: str) -> Example:
        """Encode a line that is learned as it stands; only lines of the assistant have targets."""
        tokens = np.array(self._tokens(role, text))
        places = np.arange(self._opening - 1, len(tokens) - 2) if role == "assistant" else np.arange(0)
        number = len(places)
        return Example(tokens, places, np.arange(number), tokens[places + 1], np.ones(number, np.float32), np.zeros(number, np.bool_), 0)

    def _drawn(self, line: Line) -> Example:
        """Encode a drawn line, with the odds of each next token given the previous ones."""
        encoded, rows, targets, members = self._fork(line.text, tuple(line.odds))
        reach = members @ np.fromiter(line.odds.values(), np.float64, len(line.odds))
        whole = np.bincount(rows, reach)
        if line.role != "assistant" or not line.odds.get(line.text, 0) > 0 or not abs(whole[0] - 1) < 1e-6:
            message = f'The line "{line.text}" of the {line.role} is not drawn from its odds. They must sum to 1 and give it more than 0.'
            raise ModelError(message)
        weights = (reach / whole[rows]).astype(np.float32)
        open_ = len(line.odds) > 1
        return Example(encoded.tokens, encoded.places, rows, targets, weights, np.full(len(rows), open_), int(open_))

    def _trie(self, text: str, options: tuple[str, ...]) -> tuple[Example, Ints, Ints, Floats]:
        """Return the encoded text, and per entry the row (E), the possible next token (E) and its options (E, options)."""
        encoded = self._said("assistant", text)
        ways = [self._tokens("assistant", option)[self._opening : -1] for option in options]
        path = encoded.targets.tolist()
        entries: dict[tuple[int, int], list[int]] = {}
        for option, way in enumerate(ways):
            for row in range(len(path)):
                if way[:row] == path[:row]:
                    entries.setdefault((row, way[row]), []).append(option)
        keys = sorted(entries)
        members = np.zeros((len(keys), len(options)), np.float32)
        for entry, key in enumerate(keys):
            members[entry, entries[key]] = 1
        rows, targets = np.array(keys).T
        return encoded, rows, targets, members


def joined(examples: Sequence[Example], shifts: Ints) -> Example:
    """Join examples into one.

    Args:
        examples: at least one example.
        shifts: start of the tokens of each example; one extra value is ignored.
    """
    starts = np.cumsum([0, *(len(example.places) for example in examples)])
    return Example(
        np.concatenate([example.tokens for example in examples]),
        np.concatenate([example.places + shift for example, shift in zip(examples, shifts, strict=False)]),
        np.concatenate([example.rows + start for example, start in zip(examples, starts, strict=False)]),
        np.concatenate([example.targets for example in examples]),
        np.concatenate([example.weights for example in examples]),
        np.concatenate([example.drawn for example in examples]),
        sum(example.answers for example in examples),
    )


def stacked(examples: Sequence[Example]) -> Example:
    """Stack examples as rows of a batch."""
    length = max(map(_length, examples))
    rows = np.zeros((len(examples), length), np.int64)
    for row, example in zip(rows, examples, strict=True):
        row[: len(example.tokens)] = example.tokens
    whole = joined(examples, np.arange(len(examples)) * length)
    return Example(rows, whole.places, whole.rows, whole.targets, whole.weights, whole.drawn, whole.answers)


def batches(documents: Iterable[Document], encode: Encoder, budget: int, seed: int) -> Iterator[Example]:
    """Make batches of documents of similar length, in random order.

    Args:
        documents: finite or endless documents.
        encode: encoder of the documents.
        budget: maximum number of tokens per batch, including padding; a longer document is a batch of its own.
        seed: seed of the order.

    Yields:
        Batches that contain every document once.
    """
    draw, rest = np.random.default_rng(seed), iter(documents)
    while window := [encode(document) for document in islice(rest, WINDOW)]:
        groups = list(_groups(sorted(window, key=lambda example: len(example.tokens)), budget))
        for group in draw.permutation(len(groups)):
            yield stacked(groups[group])


def _length(example: Example) -> int:
    """Return the number of tokens, including padding."""
    return -(-len(example.tokens) // STRIDE) * STRIDE


def _groups(examples: Sequence[Example], budget: int) -> Iterator[list[Example]]:
    """Cut sorted examples into groups that fit the budget."""
    group: list[Example] = []
    for example in examples:
        if group and _length(example) * (len(group) + 1) > budget:
            yield group
            group = []
        group.append(example)
    yield group
