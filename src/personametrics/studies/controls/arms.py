"""The arms of a comparison with controls: irrelevant texts, and tables of the panel and a control together."""

import random
from collections.abc import Sequence

import polars as pl

from personametrics.data.columns import Columns
from personametrics.data.grid import ARM
from personametrics.data.sentences import IRRELEVANT_SENTENCES
from personametrics.data.study import Persona, Responses


def irrelevant(personas: Sequence[Persona], seed: int = 0) -> tuple[Persona, ...]:
    """Return texts as long as those of personas, about nothing that a person is; those of 16 personas begin with different sentences.

    Examples:
        >>> texts = irrelevant([Persona("p", "You are a nurse. " * 10), Persona("q", "You are 70.")])
        >>> [len(text.text.split()) for text in texts]
        [40, 3]
    """
    texts = []
    starts = random.Random(seed).sample(IRRELEVANT_SENTENCES, len(IRRELEVANT_SENTENCES))  # noqa: S311 (a draw, not a secret)
    for number, persona in enumerate(personas):
        order, start = random.Random(f"{seed}/{number}"), starts[number % len(starts)]  # noqa: S311 (a draw, not a secret)
        length, words = len(persona.text.split()), start.split()  # one start each: short texts that were equal would share their replies
        while len(words) < length:
            others = [sentence for sentence in IRRELEVANT_SENTENCES if sentence != start]
            words += " ".join(order.sample(others, len(others))).split()
        texts.append(Persona(f"irrelevant {number + 1}", " ".join(words[:length])))
    return tuple(texts)


def for_everyone(none: Responses, panel: Responses) -> Responses:
    """Return answers without a persona as answers of every persona."""
    persona = panel.columns.persona
    everyone = pl.DataFrame({persona: list(panel.personas.names)}).join(none.frame.drop(persona), how="cross")
    return Responses(everyone, none.columns, none.scale, none.missing, none.source)


def stacked(panel: Responses, arm: Responses) -> Responses:
    """Return both tables as one whose only condition is the arm; conditions become part of the item."""
    c = panel.columns
    parts = [_flat(responses, name, c) for responses, name in ((panel, "persona"), (arm, "control"))]
    columns = Columns(c.persona, c.item, c.answer, c.run, (ARM,), c.outcome, (), c.probabilities)
    return Responses(pl.concat(parts), columns, panel.scale, panel.missing, panel.source)


def _flat(responses: Responses, arm: str, columns: Columns) -> pl.DataFrame:
    """Return the rows of one arm as plain text, with the arm's name."""
    aside = {columns.item, ARM, *columns.condition, *columns.attributes, *columns.more}
    kept = [column for column in columns.used() if column not in aside]
    asked = pl.concat_str([pl.col(name).cast(pl.String).fill_null("") for name in (columns.item, *columns.condition)], separator=" / ")
    texts = [pl.col(column).cast(pl.Float64 if column in columns.probabilities else pl.String) for column in kept]
    return responses.frame.select(asked.alias(columns.item), *texts, pl.lit(arm).alias(ARM))
