"""The published studies, one file or package each; their classes are attributes of this package."""

import pkgutil

from personametrics.loader import lazy_attributes

_HOMES = {"".join(part.capitalize() for part in module.name.split("_")): module.name for module in pkgutil.iter_modules(__path__)}
__all__ = [*_HOMES]  # noqa: PLE0604 (names are strings)
__getattr__, __dir__ = lazy_attributes(__name__, _HOMES)
