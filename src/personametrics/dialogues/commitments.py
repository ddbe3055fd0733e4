"""What somebody has said so far, word for word, as part of a later prompt; nobody is asked for it."""

import re
from collections.abc import Mapping, Sequence

from personametrics.data.request import Compiled, Heard, Message, Request, slot
from personametrics.dialogues.judge import CONTRADICTS, judged

SAID = "You have said so far:\n{lines}\n\n"
"""What stands before the next turn."""
LINES = re.compile(r"\{lines\}")


def commitments(lines: Sequence[Message], template: str = SAID, background: str = "", about: Mapping[str, str] | None = None) -> Request:
    """What stands for a list of lines until they are said.

    Args:
        lines: one's own, in their order.
        template: with {lines}.
        background: who one is, for a judge to say which lines contradict that, so that they are left out; "": all lines count.
        about: columns of what the judge is asked.
    """
    messages = [Message("system", template)]
    for line in lines:
        messages.append(line)
        if background:
            words = line.said[0] if line.said else line.text
            verdict = judged("prompt_to_line", {"background": background, "line": words}, about or {})
            messages.append(Message("user", slot(0), (verdict,)))
    return Request(tuple(messages), compiled=lambda request, said: Compiled(recalled(request, said)))


def recalled(request: Request, said: Heard) -> str | None:
    """The list, each line word for word after a dash.

    Args:
        request: as `commitments` makes it.
        said: what was answered, of a verdict what it means; None: nothing.

    Returns:
        "" where no line is left; None where one was never said.
    """
    template, *rest = request.messages
    lines: list[str] = []
    for message in rest:
        if message.role == "user":
            if said(message.said[0]) == CONTRADICTS:
                lines.pop()
            continue
        replies = [said(one) for one in message.said]
        if None in replies:
            return None
        lines.append(message.spoken([str(reply) for reply in replies]).text)
    listed = "\n".join(f"- {line}" for line in lines)
    return LINES.sub(lambda _: listed, template.text) if lines else ""
