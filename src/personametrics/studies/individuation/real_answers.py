"""Real answers of people: attributes of their personas, or a table."""

from collections.abc import Sequence

import polars as pl

from personametrics.data.coding import plain
from personametrics.data.errors import AnswerError
from personametrics.data.item import Item
from personametrics.data.persona import Persona
from personametrics.data.responses import Responses
from personametrics.measures.answers import answers


def answers_of_people(personas: Sequence[Persona], items: Sequence[Item], human: Responses | None) -> dict[tuple[str, str], str]:
    """Return real answers by person and item.

    Args:
        personas: the people.
        items: the items.
        human: people's answers, with the same ids; None: attributes of the personas with the id of an item.

    Raises:
        AnswerError: an answer is not on the scale of its item, or a person has two answers to an item.
    """
    if human is None:
        given = {(persona.id, item.id): plain(persona.attributes.get(item.id, "")) for persona in personas for item in items}
        given = {key: answer for key, answer in given.items() if answer}
    else:
        rows = answers(human).select("persona", "item", pl.col("answer").map_elements(plain, pl.String)).unique()
        given = {(persona, item): answer for persona, item, answer in require_one_each(rows, human.source).iter_rows()}
    scales = {item.id: getattr(item.scale, "labels", ()) for item in items}
    for (persona, item), answer in given.items():
        if item in scales and scales[item] and answer not in {plain(label) for label in scales[item]}:
            message = f'The answer "{answer}" of the person "{persona}" is not on the scale of the item "{item}". Spell it as on the scale.'
            raise AnswerError(message)
    return given


def require_one_each(rows: pl.DataFrame, source: str) -> pl.DataFrame:
    """Return rows of persona, item and answer.

    Args:
        rows: rows without duplicates.
        source: name of the table in messages.

    Raises:
        AnswerError: a person has two answers to an item.
    """
    twice = rows.filter(pl.struct("persona", "item").is_duplicated())
    if len(twice):
        message = f'{source}: the person "{twice[0, 0]}" has two real answers to the item "{twice[0, 1]}". Keep one.'
        raise AnswerError(message)
    return rows
