"""References to the literature."""

import re
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files


@cache
def references() -> dict[str, dict[str, str]]:
    """Return the entries of references.bib: {key: {field: value}}.

    Examples:
        >>> references()["brennan2001"]["title"]
        'Generalizability Theory'
    """
    text = (files("personametrics.data") / "references.bib").read_text(encoding="utf-8").replace("\\&", "&")
    entries = re.finditer(r"^@\w+\{(\S+),\n(.*?)^\}", text, re.MULTILINE | re.DOTALL)
    return {entry[1]: dict(re.findall(r"^\s*(\w+)\s*=\s*\{(.*)\},?$", entry[2], re.MULTILINE)) for entry in entries}


def citations(keys: Iterable[str]) -> list[str]:
    """Return references as readable lines: authors, year, title, publication and address.

    Raises:
        KeyError: a key is not in references.bib.

    Examples:
        >>> citations(["brennan2001"])
        ['Brennan, Robert L. (2001). Generalizability Theory. Springer. https://doi.org/10.1007/978-1-4757-3456-0']
    """
    return [_line(references()[key]) for key in keys]


def _line(entry: Mapping[str, str]) -> str:
    """Return one reference as a readable line."""
    who = f"{entry['author'].replace(' and ', '; ')} ({entry['year']})."
    where = next((f"{entry[field]}." for field in ("journal", "booktitle", "publisher") if field in entry), "")
    roots = {"doi": "https://doi.org/", "eprint": "https://arxiv.org/abs/"}
    address = next((root + entry[field] for field, root in roots.items() if field in entry), "")
    return " ".join(part for part in (who, f"{entry['title']}." if "title" in entry else "", where, address) if part)
