"""The language of docstrings, messages, help texts, documentation and module names keeps the rules that a machine can check."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CODE = sorted([*(ROOT / "src").rglob("*.py"), *(ROOT / "training").rglob("*.py")])
PROSE = [ROOT / "README.md", *(page for page in sorted((ROOT / "docs").glob("*.md")) if page.name != "LOG.md")]
"""The pages that describe the present. The log is left out: its dated entries are a record and are not rewritten."""

HEADLESS = re.compile(
    r"(What|How|Who|Whom|Whose|Which|Whether|Why|Of|That of|Those of|Those (that|who)|Than|Nothing|Nobody|Somebody|None|Where|When)\b"
)
CLAUSE = re.compile(r"(Where|When)\b[^.]*, [a-z]")
"""An opening clause before a main clause, as in "When the file is missing, return None."."""
PHRASES = {
    "is no": re.compile(r"(?<!there )\b(?:is|are|was|were) no (?!longer\b|more\b|less\b)\w+", re.IGNORECASE),
    "come along": re.compile(r"\b(?:come|comes|came|coming) along\b", re.IGNORECASE),
    "in part": re.compile(r"\bin part\b(?! (?:\d|[A-Z]\b|of\b))"),
    "read off": re.compile(r"\b(?:read|reads|reading) off\b", re.IGNORECASE),
    "so-manieth": re.compile(r"\bso-manieth\b", re.IGNORECASE),
    "holds one half": re.compile(r"\b(?:hold|holds|held) one half\b", re.IGNORECASE),
    "beside": re.compile(r"(?<![-\w])beside(?![-=\w])", re.IGNORECASE),
}
MESSAGES = {"Notice", "Verdict", "Name", "Option", "Argument", "Field", "Typer", "echo", "options"}
"""Calls whose string arguments a user reads; so are those of exceptions."""
SPOKEN = {"message", "sentence", "question", "says", "reads"}
"""Names whose string values a user reads."""
PARTICIPLES = frozenset({
    "alike", "annotated", "apart", "applied", "asked", "aware", "compiled", "conditioned", "consistent", "expected", "further", "matched",
    "parroted", "played", "redrawn", "repeated", "revised", "rewritten", "scored", "simulated", "summed", "tied", "told", "turned",
    "unasked", "worn", "written",
})  # fmt: skip
"""Adjectives and participles that say how a thing is, and not what it is."""


def is_headless(docstring: str) -> bool:
    """Return True if a docstring begins with a relative or a preposition without a main clause."""
    first = docstring.strip().splitlines()[0] if docstring.strip() else ""
    return bool(HEADLESS.match(first)) and not first.endswith("?") and not CLAUSE.match(first)


def banned(text: str) -> list[str]:
    """Return the banned phrases in a text."""
    flat = " ".join(text.split())
    return [match.group() for pattern in PHRASES.values() for match in pattern.finditer(flat)]


def docstrings(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield line and text of every docstring of a module, a class or a function."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and (text := ast.get_docstring(node)):
            yield getattr(node, "lineno", 1), text


def notes(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield line and text of every string that stands alone: docstrings, and notes below constants."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield node.lineno, node.value.value


def messages(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield line and text of the strings that a user reads: errors, notices, verdicts, questions and help texts."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _name(node.func) and (_name(node.func) in MESSAGES or _name(node.func).endswith("Error")):
            for part in (*node.args, *(keyword.value for keyword in node.keywords)):
                yield from _strings(part)
        elif isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if any(isinstance(name, ast.Name) and name.id in SPOKEN for target in targets for name in ast.walk(target)):
                yield from _strings(node.value)


def _name(node: ast.expr) -> str:
    """Return the last name of a called function, or ""."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _strings(node: ast.expr) -> Iterator[tuple[int, str]]:
    """Yield the strings of an expression; what an f-string fills in is written as {}."""
    if isinstance(node, ast.JoinedStr):
        yield node.lineno, "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.lineno, node.value
    else:
        for part in ast.iter_child_nodes(node):
            if isinstance(part, ast.expr):
                yield from _strings(part)


def prose(page: str) -> str:
    """Return the text of a page without code and links' addresses."""
    text = re.sub(r"^```.*?^```", "", page, flags=re.MULTILINE | re.DOTALL)
    return re.sub(r"\]\([^)]*\)|`[^`]*`", "] ", text)


def place(path: Path, line: int) -> str:
    """Return file and line as an editor takes them."""
    return f"{path.relative_to(ROOT)}:{line}"


def test_no_docstring_begins_with_a_fragment() -> None:
    texts = ((path, *pair) for path in CODE for pair in docstrings(ast.parse(path.read_text(encoding="utf-8"))))
    assert [f"{place(path, line)}: {text.splitlines()[0]}" for path, line, text in texts if is_headless(text)] == []


@pytest.mark.parametrize("kind", [notes, messages])
def test_code_uses_no_banned_phrase(kind: type) -> None:
    texts = ((path, *pair) for path in CODE for pair in kind(ast.parse(path.read_text(encoding="utf-8"))))
    assert [f"{place(path, line)}: {phrase}" for path, line, text in texts for phrase in banned(text)] == []


@pytest.mark.parametrize("page", PROSE, ids=lambda page: page.stem)
def test_a_page_uses_no_banned_phrase(page: Path) -> None:
    assert banned(prose(page.read_text(encoding="utf-8"))) == []


def test_no_module_is_named_by_a_participle_or_an_adjective() -> None:
    assert [
        str(path.relative_to(ROOT)) for path in CODE if (path.parent.name if path.stem == "__init__" else path.stem) in PARTICIPLES
    ] == []


@pytest.mark.parametrize(
    ("docstring", "headless"),
    [
        ("What an estimate rests on.", True),
        ("Whether a cell holds anything.", True),
        ("Of the model, and how it is blended.", True),
        ("Those who answered.", True),
        ("Where each line begins, in words.", False),  # reads like an opening clause, so that it is not counted
        ("Where each line begins.", True),
        ("When the file is missing, return None.", False),
        ("What does the panel say?", False),
        ("Return what an estimate rests on.", False),
        ("The number of answers.", False),
        ("Whose.", True),
    ],
)
def test_a_fragment_is_distinguished_from_a_sentence(docstring: str, *, headless: bool) -> None:
    assert is_headless(docstring) == headless


@pytest.mark.parametrize(
    ("text", "phrases"),
    [
        ("A path is no table.", ["is no table"]),
        ("These are no answers.", ["are no answers"]),
        ("It is no longer used, and there are no answers.", []),
        ("There is no more than one.", []),
        ("The items come\nalong.", ["come along"]),
        ("Come in along the wall.", []),
        ("They stay in part throughout.", ["in part"]),
        ("It is defined in part 2 and in part of the table.", []),
        ("Numbers read off the table.", ["read off"]),
        ("Numbers read from the table, off the record.", []),
        ("The so-manieth turn.", ["so-manieth"]),
        ("The manieth turn.", []),
        ("The interval holds one half.", ["holds one half"]),
        ("The interval includes one half.", []),
        ("A floor beside each distance.", ["beside"]),
        ("Besides, --beside is an alias, and beside= is gone.", []),
    ],
)
def test_a_banned_phrase_is_found_and_a_similar_one_is_not(text: str, phrases: list[str]) -> None:
    assert banned(text) == phrases


def test_messages_are_found_where_a_user_reads_them() -> None:
    source = (
        'question = "Is it?"\nmessage = f"{name} is no study."\nNotice("code", f"a {b}")\nraise InputError("Bad.")\nprompt = "Say it."\n'
    )
    assert [text for _, text in messages(ast.parse(source))] == ["Is it?", "{} is no study.", "code", "a {}", "Bad."]


def test_notes_and_docstrings_are_found() -> None:
    tree = ast.parse('"""Module."""\nLIMIT = 3\n"""A note."""\n\n\ndef one():\n    """Function."""\n')
    assert [text for _, text in docstrings(tree)] == ["Module.", "Function."]
    assert sorted(text for _, text in notes(tree)) == ["A note.", "Function.", "Module."]


def test_code_and_addresses_are_not_prose() -> None:
    assert banned(prose("Use `beside` as in [a](beside.md).\n\n```text\nbeside\n```\n")) == []
    assert banned(prose("A floor beside [a](b.md).")) == ["beside"]
