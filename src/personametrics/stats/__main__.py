"""python -m personametrics.stats: run every example of the ground floor, with nothing installed but numpy and scipy."""

import doctest
import pkgutil
import sys
from importlib import import_module

import personametrics.stats


def main() -> int:
    """Run the doctests of all modules here; fail where one fails, none runs, or something else was imported on the way."""
    names = [f"personametrics.stats.{module.name}" for module in pkgutil.iter_modules(personametrics.stats.__path__)]
    modules = [import_module(name) for name in names if not name.endswith("__main__")]
    flags = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    results = [doctest.testmod(module, optionflags=flags) for module in modules]
    tried, failed = sum(result.attempted for result in results), sum(result.failed for result in results)
    foreign = {"polars", "pydantic", "pandas", "pyarrow", "altair", "torch"} & set(sys.modules)
    sys.stdout.write(f"ground floor: {tried} examples in {len(modules)} modules, {failed} failed; foreign imports: {foreign or 'none'}\n")
    return int(failed > 0 or tried == 0 or bool(foreign))


if __name__ == "__main__":
    sys.exit(main())
