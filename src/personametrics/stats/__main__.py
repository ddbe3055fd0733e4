"""python -m personametrics.stats: run every example of the ground floor, with nothing installed but numpy and scipy."""

import doctest
import pkgutil
import sys
from importlib import import_module

import personametrics.stats

FOREIGN = {"polars", "pydantic", "pandas", "pyarrow", "altair", "torch"}
"""Packages that the ground floor must not import."""


def main() -> int:
    """Run the examples of all modules; return 1 if one fails, none runs, or a foreign package was imported."""
    names = [module.name for module in pkgutil.walk_packages(personametrics.stats.__path__, "personametrics.stats.")]
    modules = [import_module(name) for name in names if not name.endswith("__main__")]
    flags = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    results = [doctest.testmod(module, optionflags=flags) for module in modules]
    tried, failed = sum(result.attempted for result in results), sum(result.failed for result in results)
    foreign = FOREIGN & set(sys.modules)
    sys.stdout.write(f"ground floor: {tried} examples in {len(modules)} modules, {failed} failed; foreign imports: {foreign or 'none'}\n")
    return int(failed > 0 or tried == 0 or bool(foreign))


if __name__ == "__main__":
    sys.exit(main())
