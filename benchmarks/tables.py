"""Plain tables for the terminal and the documentation."""

import os
from collections.abc import Sequence
from pathlib import Path


def aligned(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table in plain text, the first column flush left and all others flush right."""
    widths = [max(len(row[index]) for row in (head, *rows)) for index in range(len(head))]
    lines = [_line(row, widths) for row in (head, ["-" * width for width in widths], *rows)]
    return "\n".join(lines)


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    """Return one row of an aligned table."""
    first, *rest = zip(row, widths, strict=True)
    return "  ".join([first[0].ljust(first[1]), *(text.rjust(width) for text, width in rest)]).rstrip()


def markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return the same table in Markdown."""
    rule = ["---", *["---:"] * (len(head) - 1)]
    return "\n".join("| " + " | ".join(row) + " |" for row in (head, rule, *rows))


def put(path: Path, name: str, text: str) -> None:
    """Replace the text between `<!-- begin name -->` and `<!-- end name -->`; without such marks, append it with them.

    Args:
        path: a Markdown file, which need not exist.
        name: name of the part.
        text: new text of the part.
    """
    begin, end = f"<!-- begin {name} -->", f"<!-- end {name} -->"
    page = path.read_text(encoding="utf-8") if path.exists() else ""
    if begin not in page or end not in page:
        page = f"{page.rstrip()}\n\n{begin}\n{end}\n".lstrip()
    before, rest = page.split(begin, 1)
    _, after = rest.split(end, 1)
    path.write_text(f"{before}{begin}\n\n{text}\n\n{end}{after}", encoding="utf-8")


def merged(path: Path, name: str, rows: Sequence[str]) -> list[str]:
    """Merge new rows with the rows of a page, in order of their first cells; a new row replaces old rows with the same first cell.

    Args:
        path: a Markdown file.
        name: name of the part with the table, as for `put`.
        rows: new rows in Markdown, without head.
    """
    _, _, rest = path.read_text(encoding="utf-8").partition(f"<!-- begin {name} -->")
    old = [line for line in rest.partition(f"<!-- end {name} -->")[0].splitlines() if line.startswith("| `")]
    new = {_first(row) for row in rows}
    return sorted([*(row for row in old if _first(row) not in new), *rows], key=_first)


def _first(row: str) -> str:
    """Return the first cell of a row in Markdown."""
    return row.split(" | ", maxsplit=1)[0]


def load() -> str:
    """Describe the load of the machine: runnable processes over the last minute, and number of cores."""
    return f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
