"""From asks to tokens and back, as a checkpoint's tokenizer and chat template have it."""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import transformers
from jinja2 import TemplateError

from personametrics.data.errors import ModelError
from personametrics.data.request import Message, Request
from personametrics.models.packing import Tokens, overlapping
from personametrics.models.prepared import Prepared, crowded, misused
from personametrics.models.weights import quiet

MARK = "zqxj"
"""A word no template has."""
DATED = "{% macro strftime_now(form) %}1 January 2025{% endmacro %}"
"""What a template is told that asks for the date: a prompt is the same tomorrow as today."""


class Rendering:
    """Tokenizer and chat template of a checkpoint, and where its answers end.

    Args:
        folder: the checkpoint.

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
                f'"{folder}" is no checkpoint: a folder with config.json, tokenizer.json and *.safetensors is needed ({_line(error)}).'
            )
            raise ModelError(message) from error
        if not self.tokenizer.chat_template:
            message = f'The tokenizer in "{folder}" has no chat template: add the chat_template.jinja of the model that was tuned to chat.'
            raise ModelError(message)
        template = self.tokenizer.get_chat_template()
        self.template = DATED + template if "strftime_now" in template else template
        self.folder = folder
        self.longest: int = getattr(self.config, "max_position_embeddings", None) or 2**62

    @cached_property
    def system(self) -> bool:
        """Whether the template takes a system message and shows it to the model."""
        try:
            return MARK in self.text((Message("system", MARK), Message("user", "?")))
        except TemplateError:
            return False

    @cached_property
    def stops(self) -> Tokens:
        """Tokens that end an answer: those of the generation settings, the tokenizer's end, and what the template puts after a turn."""
        try:
            named = transformers.GenerationConfig.from_pretrained(self.folder, local_files_only=True).eos_token_id
        except OSError:
            named = self.config.eos_token_id
        found = {*(named if isinstance(named, list) else [named]), self.tokenizer.eos_token_id, self._turn_end()}
        return tuple(sorted(found - {None}))

    def _turn_end(self) -> int | None:
        """The special token the template puts after an answer."""
        try:
            text = self.text((Message("user", "?"), Message("assistant", MARK)), reply=False)
        except TemplateError:
            return None
        return self._special(text.rpartition(MARK)[2])

    @cached_property
    def _signs(self) -> tuple[str, ...]:
        """What the tokenizer takes for a special token wherever it stands."""
        return tuple(added.content for added in self.tokenizer.added_tokens_decoder.values() if added.special)

    @cached_property
    def _opening(self) -> str:
        """What begins an answer, if that is a special token: no token reaches across one, so nothing before it matters to a choice."""
        asked = (Message("user", MARK),)
        try:
            opening = self.text(asked).removeprefix(self.text(asked, reply=False))
        except TemplateError:
            return ""
        return "" if self._special(opening) is None else opening

    def _special(self, text: str) -> int | None:
        """The special token that a text begins with."""
        tokens = self.encode(text)
        added = self.tokenizer.added_tokens_decoder.get(tokens[0]) if tokens else None
        return tokens[0] if added is not None and added.special else None

    def text(self, messages: Sequence[Message], *, reply: bool = True) -> str:
        """The prompt as the model reads it.

        Args:
            messages: what is said.
            reply: whether the model's turn is begun.

        Raises:
            TemplateError: the template refuses the messages.
        """
        said = [{"role": message.role, "content": message.text} for message in messages]
        return str(self.tokenizer.apply_chat_template(said, chat_template=self.template, tokenize=False, add_generation_prompt=reply))

    def encode(self, text: str) -> Tokens:
        """Tokens of a text, without any that the tokenizer would add."""
        return tuple(self.tokenizer.encode(text, add_special_tokens=False, verbose=False))

    def decode(self, tokens: Sequence[int]) -> str:
        """The words that tokens stand for."""
        return str(self.tokenizer.decode(tokens, skip_special_tokens=True, clean_up_tokenization_spaces=False))

    def prepare(self, index: int, request: Request) -> Prepared:
        """Put an ask into tokens.

        Raises:
            ModelError: it has a system message, and the template has no place for one.
        """
        if not self.system and any(message.role == "system" for message in request.messages):
            message = f'The chat template in "{self.folder}" has no system message, so the persona would be lost: use prompt.place: user.'
            raise ModelError(message)
        try:
            text = self.text(request.messages)
        except TemplateError as error:
            return Prepared(index, request, fault=f"The chat template refuses these messages: {_line(error)}.")
        tokens = self.encode(text)
        opening = self._opening if text.endswith(self._opening) and self._opening else text
        choices = tuple(self._following(opening, choice) for choice in request.choices) if request.score else ()
        ready = Prepared(index, request, tokens, choices, overlapping(choices))
        return Prepared(index, request, tokens, fault=fault) if (fault := self._fault(ready)) else ready

    def _following(self, opening: str, choice: str) -> Tokens:
        """Tokens of a choice after the prompt, or after that end of it which settles them.

        Where a token would reach across the end of the prompt, the choice stands by itself: who answers goes on from the prompt's own
        tokens, and cannot take one back.
        """
        before, whole = self.encode(opening), self.encode(opening + choice)
        return whole[len(before) :] if whole[: len(before)] == before else self.encode(choice)

    def _fault(self, ready: Prepared) -> str:
        """Why an ask cannot be answered; empty: it can."""
        if ready.ends and not self.stops:
            return "One choice begins with another, and no token ends an answer: add eos_token_id to config.json."
        return misused(ready.request, self._signs) or crowded(ready.needed, self.longest)


def _line(error: Exception) -> str:
    """The first line of an error."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
