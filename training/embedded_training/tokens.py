"""The tokenizer of the embedded model: each word of the corpus is one token, other words are split into pieces."""

import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from personametrics.models.embedded.society.talk import Document

PAD, START, END = "<|pad|>", "<|im_start|>", "<|im_end|>"
TEMPLATE = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)
"""The chat template, ChatML."""
LONGEST = 1000
"""The maximum number of bytes of a word; a longer word becomes one padding token."""


def turn(role: str, text: str) -> str:
    """Return a line in the format that the model reads."""
    return f"{START}{role}\n{text}{END}\n"


def trained(documents: Iterable[Document], phrases: Iterable[str] = ()) -> Tokenizer:
    """Make a tokenizer with every word that occurs in documents.

    Args:
        documents: documents whose words are counted; the more often a word occurs, the lower its number.
        phrases: sentences that become one token each, wherever they occur.

    Returns:
        A tokenizer that looks up whole words; an unknown word is split into the longest known pieces, in the extreme into bytes.
    """
    whole = sorted(set(phrases), key=lambda phrase: (-len(phrase), phrase))
    split = pre_tokenizers.ByteLevel(add_prefix_space=False)
    vocabulary = dict.fromkeys([PAD, START, END, *sorted(split.alphabet()), *_words(documents, whole, split)])
    pieces = models.WordPiece(
        {word: number for number, word in enumerate(vocabulary)},
        unk_token=PAD,
        continuing_subword_prefix="",
        max_input_chars_per_word=LONGEST,
    )
    tokenizer = Tokenizer(pieces)
    tokenizer.pre_tokenizer = split
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([PAD, START, END])
    tokenizer.add_tokens([AddedToken(phrase, normalized=False) for phrase in whole])
    return tokenizer


def _words(documents: Iterable[Document], phrases: list[str], split: Any) -> list[str]:
    """Return the words outside the phrases, the most frequent first."""
    texts = Counter(text for document in documents for line in document for text in (f"{line.role}\n", line.text, *line.odds))
    between = re.compile("|".join(map(re.escape, phrases)) or r"(?!)")
    words: Counter[str] = Counter()
    for text, times in texts.items():
        for part in between.split(text):
            for word, _ in split.pre_tokenize_str(part):
                words[word] += times
    return sorted(words, key=lambda word: (-words[word], word))


def save(tokenizer: Tokenizer, folder: Path) -> None:
    """Write a tokenizer in the files that transformers reads: tokenizer.json, tokenizer_config.json, chat_template.jinja.

    Args:
        tokenizer: tokenizer with the special tokens of `trained`.
        folder: folder to write to.
    """
    wrapped = PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=tokenizer, eos_token=END, pad_token=PAD, clean_up_tokenization_spaces=False, add_bos_token=False
    )
    wrapped.chat_template = TEMPLATE
    wrapped.save_pretrained(folder)
