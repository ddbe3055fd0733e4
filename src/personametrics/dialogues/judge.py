"""Judges: what a model is asked about lines of a dialogue. A verdict has three values; an unreadable one is neither of the others."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from personametrics.data.errors import StudyError, options
from personametrics.data.item import Item
from personametrics.data.request import Message, Request, Sampling, slot
from personametrics.data.role import JUDGE
from personametrics.data.scale import Nominal, spell_scale

VERDICT = "verdict"
"""The value of the column `part` in rows that are verdicts."""
CONSISTENT, CONTRADICTS = "consistent", "contradicts"
YES, NO = "yes", "no"
READER = "reader"
"""The value of the column `judged` in rows where a reader answered a question from a conversation."""
UNTOLD = "not told"
"""What a reader answers where nothing was said of it."""
READ = """Below is a conversation.

<conversation>
{conversation}
</conversation>

Go by what the person said in it, and by nothing else.

<question>
{question}
</question>

{options}

Which of these did the person say? Answer with exactly one of them, word for word, and nothing else."""
INDEX = """Below is what one person said before, line by line, and what the person said then.

<said_before>
{before}
</said_before>

<line>
{line}
</line>

Which of the numbered lines cannot be meant by whoever means the last one? A change of subject or mood is no contradiction; two things \
of which only one can be true are. Answer with the numbers of these lines, with commas between them, or with the word none, and \
nothing else."""
INDEXED = "line_to_lines"
"""The value of the column `judged` in rows where a judge named all lines that a line contradicts."""
END = "Answer with exactly one word, {first} or {second}, and nothing else."
PROMPTS: Mapping[str, tuple[str, str, str]] = {
    "prompt_to_line": (
        """Somebody was asked to speak as the person described below, and said the line below.

<background>
{background}
</background>

<line>
{line}
</line>

Consider what the line means to say. Something new that is not in the description but could be true of the person is no \
contradiction; leaving the part, or saying what cannot be true of the person, is.""",
        CONSISTENT,
        CONTRADICTS,
    ),
    "line_to_line": (
        """Both lines below were said by one person, the earlier one before the other.

<earlier>
{earlier}
</earlier>

<line>
{line}
</line>

Can one person mean both? A change of subject or mood is no contradiction; two things of which only one can be true are.""",
        CONSISTENT,
        CONTRADICTS,
    ),
    "relevance": (
        """Below is what one person said, and what the other answered.

<turn>
{turn}
</turn>

<line>
{line}
</line>

Does the answer take up what was said, so that a conversation could go on like this?""",
        YES,
        NO,
    ),
    "assistant": (
        """<line>
{line}
</line>

Does whoever said this speak as an AI or an assistant, rather than as a person?""",
        YES,
        NO,
    ),
}
"""By what is asked: the text with its slots, and the two answers, of which the first is the good one but for `assistant`."""
SLOT = re.compile(r"\{(\w+)\}")


def judged(kind: str, given: Mapping[str, str | Request], about: Mapping[str, str], run: int = 0, *, turned: bool = False) -> Request:
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
        >>> request = judged("assistant", {"line": "Hello."}, {"persona": "p", "item": "i"})
        >>> request.choices, request.to, "Hello." in request.messages[0].text
        (('yes', 'no'), 'judge', True)
    """
    if kind not in PROMPTS:
        message = f'There is no judge\'s prompt "{kind}": {options(kind, list(PROMPTS))}.'
        raise StudyError(message)
    text, *answers = PROMPTS[kind]
    choices = tuple(answers[::-1] if turned else answers)
    requests: list[Request] = []

    def put(found: re.Match[str]) -> str:
        words = given[found[1]]
        if isinstance(words, str):
            return words
        requests.append(words)
        return slot(len(requests) - 1)

    question = f"{SLOT.sub(put, text)}\n\n{END.format(first=choices[0], second=choices[1])}"
    known = {"part": VERDICT, "judged": kind, "run": str(run), "order": "turned" if turned else "given"}
    known |= {"scale": f"nominal:{'|'.join(answers)}"}
    sampling = replace(Sampling(), max_tokens=16)
    return Request((Message("user", question, tuple(requests)),), run, choices, sampling, about={**about, **known}, to=JUDGE)


def read(said: Sequence[tuple[str, str | Request]], item: Item, about: Mapping[str, str], run: int = 0) -> Request:
    """What a reader is asked who knows a conversation and nothing of the person in it.

    Args:
        said: in order, who spoke (`Person`, or another name) and the words, or the ask whose reply they are.
        item: a question with labels.
        about: columns of the answer; `part`, `judged` and `scale` are added.
        run: which re-reading, from 0.

    Returns:
        With the labels of the item and `UNTOLD` to choose from.

    Examples:
        >>> pets = Item("pet", "What pet do you have?", Nominal(("cat", "dog")))
        >>> read([("Other", "Hello."), ("Person", "I have a cat.")], pets, {"persona": "p"}).choices
        ('cat', 'dog', 'not told')
    """
    requests = [words for _, words in said if isinstance(words, Request)]
    places = iter(range(len(requests)))
    lines = "\n".join(f"{who}: {one if isinstance(one, str) else slot(next(places))}" for who, one in said)
    choices = (*getattr(item.scale, "labels", ()), UNTOLD)
    words = {"conversation": lines, "question": item.text, "options": "\n".join(choices)}
    text = SLOT.sub(lambda found: words[found[1]], READ)
    known = {"item": item.id, "part": VERDICT, "judged": READER, "run": str(run), "order": "given", "scale": spell_scale(Nominal(choices))}
    sampling = replace(Sampling(), max_tokens=16)
    return Request((Message("user", text, tuple(requests)),), run, choices, sampling, about={**about, **known}, to=JUDGE)


def indexed(before: Sequence[str | Request], line: str | Request, about: Mapping[str, str], run: int = 0) -> Request:
    """What a judge is asked about a line and all those before, at once: cheaper than pair by pair, and easier to get wrong.

    Args:
        before: earlier lines, or the asks whose replies they are.
        line: the line, or its ask.
        about: columns of the answer; `part`, `judged` and `scale` are added.
        run: which re-judging, from 0.

    Examples:
        >>> request = indexed(["I have a cat.", "I am tired."], "I have no cat.", {"persona": "p", "item": "i"})
        >>> "1. I have a cat." in request.messages[0].text
        True
    """
    every = [*before, line]
    requests = [words for words in every if isinstance(words, Request)]
    places = iter(range(len(requests)))
    *listed, last = [words if isinstance(words, str) else slot(next(places)) for words in every]
    numbered = "\n".join(f"{at}. {words}" for at, words in enumerate(listed, 1))
    known = {"part": VERDICT, "judged": INDEXED, "run": str(run), "order": "given", "scale": "text"}
    text = SLOT.sub(lambda found: {"before": numbered, "line": last}[found[1]], INDEX)
    return Request(
        (Message("user", text, tuple(requests)),), run, sampling=replace(Sampling(), max_tokens=64), about={**about, **known}, to=JUDGE
    )
