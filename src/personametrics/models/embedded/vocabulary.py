"""Words to tokens and back: every word of the model's world is one token, and a word it does not know falls into pieces."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import groupby
from pathlib import Path

from tokenizers import Encoding, Tokenizer

from personametrics.data.errors import ModelError
from personametrics.data.request import Message
from personametrics.models.embedded.checkpoint import line, settings
from personametrics.models.packing import Tokens

START, END = "<|im_start|>", "<|im_end|>"
REPLY = f"{START}assistant\n"
"""What begins an answer."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A message in tokens.

    Attributes:
        tokens: with those that begin and end it.
        words: how many words it has; phrases that are one token are not counted.
        unknown: those the model does not know.
    """

    tokens: Tokens
    words: int
    unknown: tuple[str, ...]


class Vocabulary:
    """The tokenizer of a checkpoint that speaks ChatML: every turn between `<|im_start|>` and `<|im_end|>`.

    Args:
        folder: the checkpoint.

    Raises:
        ModelError: it has no tokenizer.json, or one without these signs.
    """

    def __init__(self, folder: Path) -> None:
        path = folder / "tokenizer.json"
        try:
            self.tokenizer: Tokenizer = Tokenizer.from_file(str(path))
        except Exception as error:  # the tokenizers library raises nothing narrower
            message = f'"{path}" cannot be read: {line(error)}.'
            raise ModelError(message) from error
        self._added = self.tokenizer.get_added_tokens_decoder()
        self.signs = tuple(added.content for added in self._added.values() if added.special)
        """What is taken for a sign of the model's own wherever it stands."""
        if not {START, END} <= {*self.signs}:
            message = f'"{path}" has no {START} and {END}: the embedded model speaks ChatML; open the folder as local:FOLDER.'
            raise ModelError(message)
        named = [
            settings(folder, name).get("eos_token_id") for name in ("config.json", "generation_config.json") if (folder / name).is_file()
        ]
        ends = [self.tokenizer.token_to_id(END), *(token for some in named for token in (some if isinstance(some, list) else [some]))]
        self.stops: Tokens = tuple(sorted({int(token) for token in ends if token is not None}))
        """Tokens that end an answer."""
        self.turn = lru_cache(4096)(self._turn)
        self.choice = lru_cache(4096)(self._choice)

    @cached_property
    def size(self) -> int:
        """How many words the model knows, however they are joined to what stands before them."""
        known = self.tokenizer.get_vocab(with_added_tokens=False).values()
        return len({word for number in known if len(word := self.decode([number]).strip()) > 1 and _is_word(word)})

    def encode(self, messages: Sequence[Message]) -> Tokens:
        """Tokens of a conversation, up to where the model's answer begins."""
        return sum((self.turn(message).tokens for message in messages), ()) + self._begin

    def decode(self, tokens: Sequence[int]) -> str:
        """The words that tokens stand for, without signs."""
        return str(self.tokenizer.decode(tokens, skip_special_tokens=True))

    def unknown(self, messages: Sequence[Message]) -> float:
        """Share of words that the model does not know, from 0 to 1; of no words, 0."""
        turns = [self.turn(message) for message in messages]
        return sum(len(turn.unknown) for turn in turns) / max(1, sum(turn.words for turn in turns))

    def lost(self, messages: Sequence[Message]) -> bool:
        """Whether a word is so long that the tokenizer puts a sign in its place."""
        sign = getattr(self.tokenizer.model, "unk_token", None)
        return sign is not None and any(self.tokenizer.token_to_id(sign) in self.turn(message).tokens for message in messages)

    @cached_property
    def _begin(self) -> Tokens:
        """What begins an answer."""
        return tuple(self._encoded(REPLY).ids)

    def _encoded(self, text: str) -> Encoding:
        """A text in tokens, without any that the tokenizer would add."""
        return self.tokenizer.encode(text, add_special_tokens=False)

    def _turn(self, message: Message) -> Turn:
        """A message in tokens; signs stand before and after it, and no token reaches across a sign."""
        head = f"{START}{message.role}\n"
        text = f"{head}{message.text}{END}\n"
        found = self._encoded(text)
        tokens, spans = tuple(found.ids), found.offsets
        words, unknown = 0, []
        for _, some in groupby(enumerate(found.word_ids), lambda pair: pair[1]):
            (first, *_), places = zip(*some, strict=True)
            word = text[spans[first][0] : spans[first + len(places) - 1][1]].strip()
            inside = len(head) <= spans[first][0] < len(head) + len(message.text)
            if inside and _is_word(word) and tokens[first] not in self._phrases:
                words += 1
                unknown += [word] if len(places) > 1 or tokens[first] in self._added else []
        return Turn(tokens, words, tuple(unknown))

    @cached_property
    def _phrases(self) -> frozenset[int]:
        """Whole sentences that are one token."""
        return frozenset(number for number, added in self._added.items() if not added.special)

    def _choice(self, text: str) -> Tokens:
        """A choice, which follows a line break: no token reaches back across it, unless the choice begins with another."""
        return tuple(self._encoded(text).ids)


def _is_word(text: str) -> bool:
    """Whether it is more than punctuation and spaces."""
    return not text.isascii() or any(map(str.isalnum, text))


def check_template(folder: Path) -> None:
    """Make sure that a checkpoint was tuned to ChatML.

    Raises:
        ModelError: it has no chat template, or one that says something else.
    """
    from jinja2 import TemplateError  # noqa: PLC0415 (slow to load, and the checkpoint that comes with the library needs none of it)
    from jinja2.sandbox import ImmutableSandboxedEnvironment  # noqa: PLC0415 (as above)

    said = [{"role": role, "content": f"{role} says"} for role in ("system", "user", "assistant", "user")]
    wanted = "".join(f"{START}{one['role']}\n{one['content']}{END}\n" for one in said) + REPLY
    try:
        source = (folder / "chat_template.jinja").read_text(encoding="utf-8")
        template = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, autoescape=False).from_string(source)
        found = template.render(messages=said, add_generation_prompt=True)
    except (OSError, ValueError, TypeError, TemplateError) as error:
        found = line(error)
    if found != wanted:
        message = f'The chat template in "{folder}" is not ChatML, which is all the embedded model speaks: open the folder as local:FOLDER.'
        raise ModelError(message)
