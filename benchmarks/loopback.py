"""A local server that gives every prompt the same answer, with less work than any client.

python benchmarks/loopback.py [CORE [varied]]     prints its address, serves until its standard input ends, then prints what it did

With `varied`, the answer depends on the prompt, so that no two dialogues are alike.
"""

import asyncio
import contextlib
import json
import os
import re
import sys
import time
import zlib

ANSWER = "agree"
SHOWN = ("agree", "Agree", "disagree")
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
SEVERAL = re.compile(rb'"n": *(\d+)')


def reply(answers: int, answer: str = ANSWER) -> bytes:
    """Return a chat completion with log-probabilities as an HTTP response."""
    shown = [{"token": token, "logprob": -0.2 - 1.5 * index, "bytes": list(token.encode())} for index, token in enumerate(SHOWN)]
    choice = {
        "message": {"role": "assistant", "content": answer, "refusal": None, "annotations": []},
        "logprobs": {"content": [{**shown[0], "top_logprobs": shown}], "refusal": None},
        "finish_reason": "stop",
    }
    body = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1700000000,
        "model": "same",
        "choices": [{"index": index, **choice} for index in range(answers)],
        "usage": {"prompt_tokens": 300, "completion_tokens": answers, "total_tokens": 300 + answers},
        "system_fingerprint": "fp_1",
    }
    content = json.dumps(body).encode()
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(content), content)


REPLIES = {answers: reply(answers) for answers in range(1, 17)}
MARK = "########"
LINE = reply(1, f"Well, number {MARK} is what I would say, if you ask me, and then I would ask you back what you make of all that.")
"""The line of a dialogue, with a placeholder for a number of this length."""


class Same(asyncio.Protocol):
    """A connection that is kept open; every complete request gets the same answer."""

    answered, since = 0, 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin with an empty buffer."""
        assert isinstance(transport, asyncio.Transport)
        self.transport, self.received = transport, b""

    def data_received(self, data: bytes) -> None:
        """Answer every request that is complete."""
        self.received += data
        while (head := self.received.find(b"\r\n\r\n")) > 0:
            length = LENGTH.search(self.received, 0, head)
            end = head + 4 + int(length[1] if length else 0)
            if len(self.received) < end:
                return
            several = SEVERAL.search(self.received, head, end)
            self.transport.write(self.answer(self.received[head + 4 : end], int(several[1]) if several else 1))
            self.received = self.received[end:]
            Same.since = Same.since or time.process_time()
            Same.answered += 1

    @staticmethod
    def answer(prompt: bytes, answers: int) -> bytes:
        """Return the response."""
        del prompt
        return REPLIES[answers]


class Varied(Same):
    """A connection for dialogues; the answer is a line with the checksum of the prompt."""

    @staticmethod
    def answer(prompt: bytes, answers: int) -> bytes:
        """Return a line of a dialogue."""
        del answers
        return LINE.replace(MARK.encode(), b"%08x" % zlib.crc32(prompt))


async def serve(kind: type[Same] = Same) -> None:
    """Serve on a free port until the standard input ends."""
    loop, over = asyncio.get_running_loop(), asyncio.Event()
    server = await loop.create_server(kind, "127.0.0.1", 0)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1", flush=True)
    loop.add_reader(sys.stdin, over.set)
    await over.wait()
    print(json.dumps({"answered": Same.answered, "cpu": time.process_time() - Same.since}))


def pin(core: int) -> None:
    """Keep this process and its threads on one core, if the system supports it and has that many cores."""
    if hasattr(os, "sched_setaffinity"):
        with contextlib.suppress(OSError):
            os.sched_setaffinity(0, {core})


if __name__ == "__main__":
    pin(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
    asyncio.run(serve(Varied if "varied" in sys.argv[2:] else Same))
