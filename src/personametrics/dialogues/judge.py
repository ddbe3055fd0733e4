"""Requests to a judge about lines of a dialogue. A verdict has three values: the two answers, and unreadable."""

import re
from collections.abc import Mapping, Sequence

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
"""The answer of a reader if the conversation does not say it."""
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
"""The value of the column `judged` in rows where a judge named all earlier lines that a line contradicts."""
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
"""The prompts by kind: the text with its slots, and the two answers; the first answer is the good one, except for `assistant`."""
SLOT = re.compile(r"\{(\w+)\}")


def judge_request(
    kind: str, given: Mapping[str, str | Request], about: Mapping[str, str], run: int = 0, *, turned: bool = False
) -> Request:
    """Return the request for a verdict.

    Args:
        kind: a key of `PROMPTS`.
        given: for each slot, the words or the request whose reply they are.
        about: columns of the verdict; `part`, `judged` (the kind) and `scale` are added.
        run: number of the retest, from 0.
        turned: True to name the answers in reverse order, to test the effect of the order.

    Raises:
        StudyError: the kind is unknown.

    Examples:
        >>> request = judge_request("assistant", {"line": "Hello."}, {"persona": "p", "item": "i"})
        >>> request.choices, request.to, "Hello." in request.messages[0].text
        (('yes', 'no'), 'judge', True)
    """
    if kind not in PROMPTS:
        message = f'Unknown prompt of the judge "{kind}". {options(kind, list(PROMPTS))}.'
        raise StudyError(message)
    text, *answers = PROMPTS[kind]
    choices = tuple(answers[::-1] if turned else answers)
    requests: list[Request] = []

    def put(match: re.Match[str]) -> str:
        words = given[match[1]]
        if isinstance(words, str):
            return words
        requests.append(words)
        return slot(len(requests) - 1)

    question = f"{SLOT.sub(put, text)}\n\n{END.format(first=choices[0], second=choices[1])}"
    columns = _columns(about, kind, run, spell_scale(Nominal(tuple(answers))), "turned" if turned else "given")
    return Request((Message("user", question, tuple(requests)),), run, choices, Sampling(max_tokens=16), about=columns, to=JUDGE)


def reader_request(lines: Sequence[tuple[str, str | Request]], item: Item, about: Mapping[str, str], run: int = 0) -> Request:
    """Return the request to a reader, who knows the conversation and not the persona; choices are the labels of the item and `UNTOLD`.

    Args:
        lines: lines in order: the speaker (`Person`, or another name), and the words or the request whose reply they are.
        item: a question with labels.
        about: columns of the answer; `part`, `judged` and `scale` are added.
        run: number of the retest, from 0.

    Examples:
        >>> pets = Item("pet", "What pet do you have?", Nominal(("cat", "dog")))
        >>> reader_request([("Other", "Hello."), ("Person", "I have a cat.")], pets, {"persona": "p"}).choices
        ('cat', 'dog', 'not told')
    """
    requests = [words for _, words in lines if isinstance(words, Request)]
    places = iter(range(len(requests)))
    conversation = "\n".join(f"{speaker}: {words if isinstance(words, str) else slot(next(places))}" for speaker, words in lines)
    choices = (*getattr(item.scale, "labels", ()), UNTOLD)
    slots = {"conversation": conversation, "question": item.text, "options": "\n".join(choices)}
    text = SLOT.sub(lambda match: slots[match[1]], READ)
    columns = _columns({**about, "item": item.id}, READER, run, spell_scale(Nominal(choices)))
    return Request((Message("user", text, tuple(requests)),), run, choices, Sampling(max_tokens=16), about=columns, to=JUDGE)


def indexed_request(before: Sequence[str | Request], line: str | Request, about: Mapping[str, str], run: int = 0) -> Request:
    """Return the request for one verdict on a line and all earlier lines; it is cheaper than pairs, and more prone to errors.

    The arguments are those of `reader_request`, with the earlier lines and the line, as words or requests.

    Examples:
        >>> request = indexed_request(["I have a cat.", "I am tired."], "I have no cat.", {"persona": "p", "item": "i"})
        >>> "1. I have a cat." in request.messages[0].text
        True
    """
    lines = [*before, line]
    requests = [words for words in lines if isinstance(words, Request)]
    places = iter(range(len(requests)))
    *listed, last = [words if isinstance(words, str) else slot(next(places)) for words in lines]
    numbered = "\n".join(f"{number}. {words}" for number, words in enumerate(listed, 1))
    text = SLOT.sub(lambda match: {"before": numbered, "line": last}[match[1]], INDEX)
    columns = _columns(about, INDEXED, run, "text")
    return Request((Message("user", text, tuple(requests)),), run, sampling=Sampling(max_tokens=64), about=columns, to=JUDGE)


def _columns(about: Mapping[str, str], kind: str, run: int, scale: str, order: str = "given") -> dict[str, str]:
    """Return the columns of a verdict."""
    return {**about, "part": VERDICT, "judged": kind, "run": str(run), "order": order, "scale": scale}
