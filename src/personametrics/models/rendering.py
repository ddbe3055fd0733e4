"""The conversion of requests to tokens and back, by a checkpoint's tokenizer and chat template."""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import transformers
from jinja2 import TemplateError

from personametrics.data.errors import ModelError
from personametrics.data.request import Message, Request
from personametrics.models.packing import Tokens, overlapping
from personametrics.models.runtime import Prepared, first_line, length_fault, request_fault
from personametrics.models.weights import quiet

MARK = "zqxj"
"""A word that does not occur in any template."""
DATED = "{% macro strftime_now(form) %}1 January 2025{% endmacro %}"
"""The fixed date for templates that ask for one, so that a prompt is the same every day."""


class Rendering:
    """The tokenizer and chat template of a checkpoint folder, and the tokens that end its answers.

    Raises:
        ModelError: the folder has no configuration, no tokenizer or no chat template.
    """

    def __init__(self, folder: Path) -> None:
        try:
            with quiet():
                self.config: Any = transformers.AutoConfig.from_pretrained(folder, local_files_only=True).get_text_config()
                self.tokenizer: Any = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True)
        except (OSError, ValueError, KeyError) as error:
            message = (
                f'"{folder}" is not a checkpoint ({first_line(error)}). Give a folder with config.json, tokenizer.json and *.safetensors.'
            )
            raise ModelError(message) from error
        if not self.tokenizer.chat_template:
            message = f'The tokenizer in "{folder}" has no chat template. Add the chat_template.jinja of the chat-tuned model.'
            raise ModelError(message)
        template = self.tokenizer.get_chat_template()
        self.template = DATED + template if "strftime_now" in template else template
        self.folder = folder
        self.longest: int = getattr(self.config, "max_position_embeddings", None) or 2**62

    @cached_property
    def system(self) -> bool:
        """True if the template takes a system message and shows it to the model."""
        return MARK in self._accepted((Message("system", MARK), Message("user", "?")))

    @cached_property
    def stops(self) -> Tokens:
        """The tokens that end an answer: from the generation settings, the tokenizer, and the template (after a turn)."""
        try:
            named = transformers.GenerationConfig.from_pretrained(self.folder, local_files_only=True).eos_token_id
        except OSError:
            named = self.config.eos_token_id
        ends = {*(named if isinstance(named, list) else [named]), self.tokenizer.eos_token_id, self._turn_end()}
        return tuple(sorted(ends - {None}))

    def _turn_end(self) -> int | None:
        """Return the special token that the template puts after an answer."""
        return self._special(self._accepted((Message("user", "?"), Message("assistant", MARK)), reply=False).rpartition(MARK)[2])

    @cached_property
    def _signs(self) -> tuple[str, ...]:
        """The texts that the tokenizer reads as special tokens anywhere in a message."""
        return tuple(added.content for added in self.tokenizer.added_tokens_decoder.values() if added.special)

    @cached_property
    def _opening(self) -> str:
        """The text that begins an answer, if it is a special token, which separates the choices from the text before."""
        prompt = (Message("user", MARK),)
        without = self._accepted(prompt, reply=False)
        opening = self._accepted(prompt).removeprefix(without) if without else ""
        return "" if self._special(opening) is None else opening

    def _special(self, text: str) -> int | None:
        """Return the special token at the start of a text."""
        tokens = self.encode(text)
        added = self.tokenizer.added_tokens_decoder.get(tokens[0]) if tokens else None
        return tokens[0] if added is not None and added.special else None

    def text(self, messages: Sequence[Message], *, reply: bool = True) -> str:
        """Return the prompt as the model reads it, up to where its turn begins or, without `reply`, before that.

        Raises:
            TemplateError: the template refuses the messages.
        """
        turns = [{"role": message.role, "content": message.text} for message in messages]
        return str(self.tokenizer.apply_chat_template(turns, chat_template=self.template, tokenize=False, add_generation_prompt=reply))

    def _accepted(self, messages: Sequence[Message], *, reply: bool = True) -> str:
        """Return the prompt as the model reads it; "" if the template refuses the messages."""
        try:
            return self.text(messages, reply=reply)
        except TemplateError:
            return ""

    def encode(self, text: str) -> Tokens:
        """Return the tokens of a text, without those that the tokenizer would add."""
        return tuple(self.tokenizer.encode(text, add_special_tokens=False, verbose=False))

    def decode(self, tokens: Sequence[int]) -> str:
        """Return the text of tokens."""
        return str(self.tokenizer.decode(tokens, skip_special_tokens=True, clean_up_tokenization_spaces=False))

    def prepare(self, index: int, request: Request) -> Prepared:
        """Turn a request into tokens."""
        if not self.system and any(message.role == "system" for message in request.messages):
            message = f'The chat template in "{self.folder}" has no system message, so the persona would be lost. Set prompt.place: user.'
            raise ModelError(message)
        try:
            text = self.text(request.messages)
        except TemplateError as error:
            return Prepared(index, request, fault=f"The chat template refuses these messages: {first_line(error)}.")
        tokens = self.encode(text)
        opening = self._opening if text.endswith(self._opening) and self._opening else text
        choices = tuple(self._following(opening, choice) for choice in request.choices) if request.score else ()
        ready = Prepared(index, request, tokens, choices, overlapping(choices))
        return Prepared(index, request, tokens, fault=fault) if (fault := self._fault(ready)) else ready

    def _following(self, opening: str, choice: str) -> Tokens:
        """Return the tokens of a choice after the prompt, or after the part of its end that determines them.

        If a token would cross the end of the prompt, the choice is encoded alone: a model continues from the prompt's own tokens and cannot
        take one back.
        """
        before, whole = self.encode(opening), self.encode(opening + choice)
        return whole[len(before) :] if whole[: len(before)] == before else self.encode(choice)

    def _fault(self, ready: Prepared) -> str:
        """Return the reason why a request cannot be answered; empty: it can."""
        if ready.ends and not self.stops:
            return "One choice begins with another, and the checkpoint names no token that ends an answer. Add eos_token_id to config.json."
        return request_fault(ready.request, self._signs) or length_fault(ready.needed, self.longest)
