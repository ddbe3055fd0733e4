"""Judges: what a model is asked about lines of a dialogue. A verdict has three values: what the judge leaves unsaid is none of the other two."""

import re
from collections.abc import Mapping
from dataclasses import replace

from personametrics.data.ask import Ask, Message, Sampling, slot
from personametrics.data.errors import StudyError, options

JUDGE = "judge"
"""Who is asked."""
VERDICT = "verdict"
"""The value of the column `part` in rows that are verdicts."""
CONSISTENT, CONTRADICTS = "consistent", "contradicts"
YES, NO = "yes", "no"
END = "Answer with exactly one word, {first} or {second}, and nothing else."
PROMPTS: Mapping[str, tuple[str, str, str]] = {
    "prompt_to_line": (
        "Somebody was asked to speak as the person described below, and said the line below.\n\n<background>\n{background}\n</background>\n\n"
        "<line>\n{line}\n</line>\n\nConsider what the line means to say. Something new that is not in the description but could be true of "
        "the person is no contradiction; leaving the part, or saying what cannot be true of the person, is.",
        CONSISTENT,
        CONTRADICTS,
    ),
    "line_to_line": (
        "Both lines below were said by one person, the earlier one before the other.\n\n<earlier>\n{earlier}\n</earlier>\n\n<line>\n{line}\n"
        "</line>\n\nCan one person mean both? A change of subject or mood is no contradiction; two things of which only one can be true are.",
        CONSISTENT,
        CONTRADICTS,
    ),
    "relevance": (
        "Below is what one person said, and what the other answered.\n\n<turn>\n{turn}\n</turn>\n\n<line>\n{line}\n</line>\n\nDoes the answer "
        "take up what was said, so that a conversation could go on like this?",
        YES,
        NO,
    ),
    "assistant": (
        "<line>\n{line}\n</line>\n\nDoes whoever said this speak as an AI or an assistant, rather than as a person?",
        YES,
        NO,
    ),
}
"""By what is asked: the text with its slots, and the two answers, of which the first is the good one but for `assistant`."""
SLOT = re.compile(r"\{(\w+)\}")


def judged(kind: str, given: Mapping[str, str | Ask], about: Mapping[str, str], run: int = 0, *, turned: bool = False) -> Ask:
    """What a judge is asked.

    Args:
        kind: of `PROMPTS`.
        given: for each slot the words, or the ask whose reply they are.
        about: columns of the verdict; `part`, `judged` (the kind) and `scale` are added.
        run: which re-judging, from 0.
        turned: name the answers in the other order, to see whether that matters.

    Raises:
        StudyError: there is no such kind.

    Examples:
        >>> ask = judged("assistant", {"line": "Hello."}, {"persona": "p", "item": "i"})
        >>> ask.choices, ask.to, "Hello." in ask.messages[0].text
        (('yes', 'no'), 'judge', True)
    """
    if kind not in PROMPTS:
        message = f'There is no judge\'s prompt "{kind}": {options(kind, list(PROMPTS))}.'
        raise StudyError(message)
    text, *answers = PROMPTS[kind]
    choices = tuple(answers[::-1] if turned else answers)
    asks: list[Ask] = []

    def put(found: re.Match[str]) -> str:
        words = given[found[1]]
        if isinstance(words, str):
            return words
        asks.append(words)
        return slot(len(asks) - 1)

    question = f"{SLOT.sub(put, text)}\n\n{END.format(first=choices[0], second=choices[1])}"
    known = {
        "part": VERDICT,
        "judged": kind,
        "run": str(run),
        "order": "turned" if turned else "given",
        "scale": f"nominal:{'|'.join(answers)}",
    }
    sampling = replace(Sampling(), max_tokens=16)
    return Ask((Message("user", question, tuple(asks)),), run, choices, sampling, about={**about, **known}, to=JUDGE)
