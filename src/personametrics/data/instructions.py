"""Debiasing instructions: sentences that are put before a question."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from personametrics.data.errors import StudyError, options
from personametrics.data.request import Message, Request

INSTRUCTIONS: Mapping[str, str] = {
    "steps": "Take the question apart and go through it step by step before you settle on an answer.",
    "accuracy": "Be sceptical of what you would like to be true: what counts here is an accurate answer.",
}
"""Those that are shipped."""
PLAIN = "plain"
"""What a question without one is called."""


def instructions(names: Sequence[str]) -> dict[str, str]:
    """Sentences by name, the plain question first.

    Args:
        names: of `INSTRUCTIONS`, or sentences of your own.

    Raises:
        StudyError: a name that is none of those.

    Examples:
        >>> list(instructions(["accuracy", "Think of all sides."]))
        ['plain', 'accuracy', 'Think of all sides.']
    """
    found = {PLAIN: ""}
    for name in names:
        if name not in INSTRUCTIONS and " " not in name.strip():
            message = f'There is no instruction "{name}", and it is no sentence: {options(name, list(INSTRUCTIONS))}.'
            raise StudyError(message)
        found[name] = INSTRUCTIONS.get(name, name)
    return found


def instructed(request: Request, sentence: str) -> Request:
    """The ask with a sentence before its question; none: as it is."""
    *told, question = request.messages
    return replace(request, messages=(*told, Message(question.role, f"{sentence}\n\n{question.text}"))) if sentence else request
