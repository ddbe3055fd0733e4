"""The conversion of words to tokens and back: a known word is one token, an unknown word is split into pieces."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import groupby
from pathlib import Path

from tokenizers import Encoding, Tokenizer

from personametrics.data.errors import ModelError
from personametrics.data.request import Message
from personametrics.models.embedded.checkpoint import settings
from personametrics.models.packing import Tokens
from personametrics.models.runtime import first_line

START, END = "<|im_start|>", "<|im_end|>"
REPLY = f"{START}assistant\n"
"""The text that begins an answer."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A message in tokens, its number of words (without phrases that are one token), and the words that the model does not know."""

    tokens: Tokens
    words: int
    unknown: tuple[str, ...]


class Vocabulary:
    """The tokenizer of a checkpoint folder that uses ChatML: every turn is between `<|im_start|>` and `<|im_end|>`.

    Raises:
        ModelError: tokenizer.json is missing, or lacks these control tokens.
    """

    def __init__(self, folder: Path) -> None:
        path = folder / "tokenizer.json"
        try:
            self.tokenizer: Tokenizer = Tokenizer.from_file(str(path))
        except Exception as error:  # the tokenizers library raises nothing narrower
            message = f'"{path}" cannot be read: {first_line(error)}.'
            raise ModelError(message) from error
        self._added = self.tokenizer.get_added_tokens_decoder()
        self.signs = tuple(added.content for added in self._added.values() if added.special)
        """The control tokens, which are read as such anywhere in a message."""
        if not {START, END} <= {*self.signs}:
            message = f'"{path}" has no {START} and {END}, but the embedded model needs ChatML. Open the folder as local:FOLDER.'
            raise ModelError(message)
        ends: list[int | None] = [self.tokenizer.token_to_id(END)]
        for name in ("config.json", "generation_config.json"):
            end = settings(folder, name).get("eos_token_id") if (folder / name).is_file() else None
            ends += end if isinstance(end, list) else [end]
        self.stops: Tokens = tuple(sorted({int(token) for token in ends if token is not None}))
        """The tokens that end an answer."""
        self.turn = lru_cache(4096)(self._turn)
        self.choice = lru_cache(4096)(self._choice)

    @cached_property
    def size(self) -> int:
        """The number of distinct words that the model knows; a word with and without a space before it counts once."""
        numbers = self.tokenizer.get_vocab(with_added_tokens=False).values()
        return len({word for number in numbers if len(word := self.decode([number]).strip()) > 1 and _is_word(word)})

    def encode(self, messages: Sequence[Message]) -> Tokens:
        """Return the tokens of a conversation, up to the place where the model's answer begins."""
        return sum((self.turn(message).tokens for message in messages), ()) + self._begin

    def decode(self, tokens: Sequence[int]) -> str:
        """Return the text of tokens, without control tokens."""
        return str(self.tokenizer.decode(tokens, skip_special_tokens=True))

    def unknown(self, messages: Sequence[Message]) -> float:
        """Return the share of words that the model does not know, from 0 to 1; 0 without any words."""
        turns = [self.turn(message) for message in messages]
        return sum(len(turn.unknown) for turn in turns) / max(1, sum(turn.words for turn in turns))

    def lost(self, messages: Sequence[Message]) -> bool:
        """Return True if a word is so long that the tokenizer replaces it with the token for unknown text."""
        sign = getattr(self.tokenizer.model, "unk_token", None)
        return sign is not None and any(self.tokenizer.token_to_id(sign) in self.turn(message).tokens for message in messages)

    @cached_property
    def _begin(self) -> Tokens:
        """The tokens that begin an answer."""
        return tuple(self._encoded(REPLY).ids)

    def _encoded(self, text: str) -> Encoding:
        """Return the encoding of a text, without tokens that the tokenizer would add."""
        return self.tokenizer.encode(text, add_special_tokens=False)

    def _turn(self, message: Message) -> Turn:
        """Return a message in tokens, between control tokens, which no token crosses."""
        head = f"{START}{message.role}\n"
        text = f"{head}{message.text}{END}\n"
        encoding = self._encoded(text)
        tokens, spans = tuple(encoding.ids), encoding.offsets
        words, unknown = 0, []
        for _, group in groupby(enumerate(encoding.word_ids), lambda pair: pair[1]):
            (first, *_), places = zip(*group, strict=True)
            word = text[spans[first][0] : spans[first + len(places) - 1][1]].strip()
            inside = len(head) <= spans[first][0] < len(head) + len(message.text)
            if inside and _is_word(word) and tokens[first] not in self._phrases:
                words += 1
                unknown += [word] if len(places) > 1 or tokens[first] in self._added else []
        return Turn(tokens, words, tuple(unknown))

    @cached_property
    def _phrases(self) -> frozenset[int]:
        """The sentences that are one token."""
        return frozenset(number for number, added in self._added.items() if not added.special)

    def _choice(self, text: str) -> Tokens:
        """Return the tokens of a choice, which follows a line break; no token crosses it, unless the choice begins with a line break."""
        return tuple(self._encoded(text).ids)


def _is_word(text: str) -> bool:
    """Return True if a text is more than punctuation and spaces."""
    return not text.isascii() or any(map(str.isalnum, text))


def check_template(folder: Path) -> None:
    """Refuse a checkpoint whose chat template is missing or is not ChatML."""
    from jinja2 import TemplateError  # noqa: PLC0415 (slow to load, and the bundled checkpoint does not need it)
    from jinja2.sandbox import ImmutableSandboxedEnvironment  # noqa: PLC0415 (as above)

    turns = [{"role": role, "content": f"{role} says"} for role in ("system", "user", "assistant", "user")]
    expected = "".join(f"{START}{turn['role']}\n{turn['content']}{END}\n" for turn in turns) + REPLY
    try:
        source = (folder / "chat_template.jinja").read_text(encoding="utf-8")
        template = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, autoescape=False).from_string(source)
        rendered = template.render(messages=turns, add_generation_prompt=True)
    except (OSError, ValueError, TypeError, TemplateError) as error:
        rendered = first_line(error)
    if rendered != expected:
        message = f'The chat template in "{folder}" is not ChatML, which the embedded model needs. Open the folder as local:FOLDER.'
        raise ModelError(message)
