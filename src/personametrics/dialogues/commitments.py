"""Commitments: the earlier lines of a speaker, word for word, as a part of a later prompt."""

import re
from collections.abc import Mapping, Sequence

from personametrics.data.request import Compiled, Message, Replies, Request, slot
from personametrics.dialogues.judge import CONTRADICTS, judge_request

SAID = "You have said so far:\n{lines}\n\n"
"""The text before the next turn."""
LINES = re.compile(r"\{lines\}")


def commitments(lines: Sequence[Message], template: str = SAID, background: str = "", about: Mapping[str, str] | None = None) -> Request:
    """Return the compiled request for a list of a speaker's earlier lines.

    Args:
        lines: lines of the speaker, in order.
        template: text with the slot {lines}.
        background: description of the speaker; lines that contradict it by the verdict of a judge are left out. "": all lines count.
        about: columns of the verdicts.
    """
    messages = [Message("system", template)]
    for line in lines:
        messages.append(line)
        if background:
            words = line.requests[0] if line.requests else line.text
            verdict = judge_request("prompt_to_line", {"background": background, "line": words}, about or {})
            messages.append(Message("user", slot(0), (verdict,)))
    return Request(tuple(messages), compiled=lambda request, replies: Compiled(list_commitments(request, replies)))


def list_commitments(request: Request, replies: Replies) -> str | None:
    """Return the template of a request made by `commitments` with the list of lines, each word for word after a dash.

    It is "" if no line remains, and None if a line has no reply.
    """
    template, *rest = request.messages
    lines: list[str] = []
    for message in rest:
        if message.role == "user":
            if replies(message.requests[0]) == CONTRADICTS:
                lines.pop()
            continue
        texts = [replies(request) for request in message.requests]
        if None in texts:
            return None
        lines.append(message.filled([str(text) for text in texts]).text)
    listed = "\n".join(f"- {line}" for line in lines)
    return LINES.sub(lambda _: listed, template.text) if lines else ""
