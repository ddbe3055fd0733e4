"""Fixed sentences that stand in prompts: irrelevant ones for controls, and debiasing instructions."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from personametrics.data.errors import StudyError, options
from personametrics.data.request import Message, Request

IRRELEVANT_SENTENCES = (
    "The harbour wall was built of grey stone and repaired after every hard winter.",
    "Rain is measured in a glass tube that is emptied each morning at seven.",
    "A loaf of rye keeps for about a week in a wooden box.",
    "The railway crosses the river twice before it reaches the tunnel.",
    "Copper turns green where it is left out in the weather for years.",
    "Most of the island is covered with heather and short grass.",
    "The clock in the tower is wound by hand on Mondays and Thursdays.",
    "Clay from the pit is dried, ground and sieved before it is used.",
    "The library keeps its maps flat in wide drawers of beech wood.",
    "In spring the meltwater carries sand down to the lower lake.",
    "The old ferry had two funnels and a deck of planed oak.",
    "Glass is cooled slowly for a day so that it will not crack.",
    "The road over the pass is closed from November until May.",
    "Wool is washed three times before it is combed and spun.",
    "The lighthouse shows two short flashes every twelve seconds.",
    "Beans are sown in rows a hand apart once the frost is over.",
)
"""Sentences for controls: statements about things, from which no opinion of a person follows."""
INSTRUCTIONS: Mapping[str, str] = {
    "steps": "Take the question apart and go through it step by step before you settle on an answer.",
    "accuracy": "Be sceptical of what you would like to be true: what counts here is an accurate answer.",
}
"""The bundled debiasing instructions, by name."""
PLAIN = "plain"
"""The name of a question without an instruction."""


def instructions(names: Sequence[str]) -> dict[str, str]:
    """Return instructions by name, the plain question first; another sentence is its own name. Raises StudyError for an unknown name.

    Examples:
        >>> list(instructions(["accuracy", "Think of all sides."]))
        ['plain', 'accuracy', 'Think of all sides.']
    """
    sentences = {PLAIN: ""}
    for name in names:
        if name not in INSTRUCTIONS and " " not in name.strip():
            message = f'Unknown instruction "{name}". Write a sentence or one of the names. {options(name, list(INSTRUCTIONS))}.'
            raise StudyError(message)
        sentences[name] = INSTRUCTIONS.get(name, name)
    return sentences


def with_instruction(request: Request, sentence: str) -> Request:
    """Return the request with a sentence before its question; without a sentence, the request as it is."""
    *before, question = request.messages
    return replace(request, messages=(*before, Message(question.role, f"{sentence}\n\n{question.text}"))) if sentence else request
