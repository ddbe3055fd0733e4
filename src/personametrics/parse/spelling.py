"""The spelling in which replies are searched, and the removal of thinking from them."""

import re
import unicodedata

SEEN = 2000
"""Characters that are read at the start, and as many at the end; the text between is never read."""
BREAK = "\n…\n"
"""Mark of the text that was not read."""
TAG = re.compile(r"[<\[◁](/?)(?:think|thinking|thought|reasoning)[>\]▷]", re.IGNORECASE)
GROUPED = re.compile("(?<=[0-9])[\u00a0\u2009\u202f'’](?=[0-9]{3}(?![0-9]))")
FRACTIONS = [chr(code) for code in (*range(0xBC, 0xBF), *range(0x2150, 0x215F)) if 0 < unicodedata.numeric(chr(code), 0) < 1]
BEFORE = str.maketrans(
    {sign: f"{unicodedata.numeric(sign):.6g}".removeprefix("0") for sign in FRACTIONS}  # 3½ must never become 31
    | {sign: f"^{unicodedata.digit(sign)}" for sign in "⁰¹²³⁴⁵⁶⁷⁸⁹"}  # nor 4² 42
    | {"№": "#", "−": "-", "٫": ".", "٬": ","}
    | dict.fromkeys(
        map(chr, (0xAD, 0xFE0E, 0xFE0F, 0x20E3, 0xFEFF, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x206A)))
    )
)
AFTER = str.maketrans(
    dict.fromkeys("“”„‟«»‹›「」『』", '"')
    | dict.fromkeys("‘’‚‛ʼ´", "'")
    | dict.fromkeys("‐‑‒–", "-")
    | dict.fromkeys("—―", " - ")
    | dict.fromkeys("*_`", " ")
    | {"。": ". ", "।": ".", "、": ", ", "،": ",", "؛": ";", "؟": "?"}
)


CONTROL = re.compile(r"<\|\w{1,40}\|>|</?s>|<(?:bos|eos|(?:start|end)_of_turn)>")


def without_thinking(text: str) -> str | None:
    """Return a text without control tokens and without the parts between tags of thinking; None if thinking was never closed.

    A closing tag without an opening one closes a tag of the prompt: all text before it is dropped.

    Examples:
        >>> without_thinking("<think>1, or 2?</think> 2")
        ' 2'
        >>> without_thinking("<think>1, or 2?") is None
        True
    """
    kept, since, thinking = [], 0, False
    for tag in TAG.finditer(text):
        if not tag[1]:
            if not thinking:
                kept.append(text[since : tag.start()])
            thinking = True
            continue
        if not thinking:
            kept.clear()
        thinking, since = False, tag.end()
    return None if thinking else CONTROL.sub("\n", "".join([*kept, text[since:]]))


def fold(text: str) -> str:
    r"""Return a text in one spelling: NFKC, case folded, ASCII digits, straight quotes, plain dashes, no Markdown emphasis, single spaces.

    Line breaks stay; a long text keeps its first and last `SEEN` characters.

    Examples:
        >>> fold(" **Trifft  ZU** \n\n “４”")
        'trifft zu\n"4"'
        >>> fold("3½")
        '3.5'
    """
    if len(text) > 2 * SEEN:
        text = _whole_words(text[:SEEN]) + BREAK + _whole_words(text[-SEEN:][::-1])[::-1]
    text = GROUPED.sub(",", text)
    if text.isascii():
        text = text.lower()
    else:
        text = unicodedata.normalize("NFKC", text.replace("− ", "−").translate(BEFORE))
        text = unicodedata.normalize("NFKC", text.casefold())
        text = re.sub(r"\d", lambda digit: str(unicodedata.decimal(digit[0])), text)
    lines = (" ".join(line.split()) for line in text.translate(AFTER).splitlines())
    return "\n".join(line for line in lines if line)


def _whole_words(text: str) -> str:
    """Return a text without the word in which it breaks off."""
    return text[: max(text.rfind(" "), text.rfind("\n")) + 1]
