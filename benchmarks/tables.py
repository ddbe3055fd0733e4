"""Plain tables for the terminal and the documentation."""

import os
from collections.abc import Sequence
from pathlib import Path


def aligned(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in plain text, the first column flush left and all others flush right."""
    widths = [max(len(row[at]) for row in (head, *rows)) for at in range(len(head))]
    lines = [_line(row, widths) for row in (head, ["-" * width for width in widths], *rows)]
    return "\n".join(lines)


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    """One row of an aligned table."""
    first, *rest = zip(row, widths, strict=True)
    return "  ".join([first[0].ljust(first[1]), *(text.rjust(width) for text, width in rest)]).rstrip()


def markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """The same table in Markdown."""
    rule = ["---", *["---:"] * (len(head) - 1)]
    return "\n".join("| " + " | ".join(row) + " |" for row in (head, rule, *rows))


def put(path: Path, name: str, text: str) -> None:
    """Replace what stands between `<!-- begin name -->` and `<!-- end name -->`; where there are no such marks, append it with them.

    Args:
        path: a Markdown file, which need not exist.
        name: of the part.
        text: what is to stand there.
    """
    begin, end = f"<!-- begin {name} -->", f"<!-- end {name} -->"
    page = path.read_text(encoding="utf-8") if path.exists() else ""
    if begin not in page or end not in page:
        page = f"{page.rstrip()}\n\n{begin}\n{end}\n".lstrip()
    before, rest = page.split(begin, 1)
    _, after = rest.split(end, 1)
    path.write_text(f"{before}{begin}\n\n{text}\n\n{end}{after}", encoding="utf-8")


def beside(path: Path, name: str, rows: Sequence[str]) -> list[str]:
    """New rows of a table and those that stand on a page, in order of their first cells; new ones take the place of all that begin alike.

    Args:
        path: a Markdown file.
        name: of the part with the table, as for `put`.
        rows: in Markdown, without head.
    """
    _, _, rest = path.read_text(encoding="utf-8").partition(f"<!-- begin {name} -->")
    old = [line for line in rest.partition(f"<!-- end {name} -->")[0].splitlines() if line.startswith("| `")]
    new = {_first(row) for row in rows}
    return sorted([*(row for row in old if _first(row) not in new), *rows], key=_first)


def _first(row: str) -> str:
    """The first cell of a row in Markdown."""
    return row.split(" | ", maxsplit=1)[0]


def load() -> str:
    """How busy the machine is: processes that wanted to run over the last minute, and how many cores there are."""
    return f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
