"""Model strings and the models that they name."""

from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

from personametrics.data.errors import StudyError, options
from personametrics.data.model import Model
from personametrics.models.openai_compatible import OpenAICompatible
from personametrics.models.traffic import Limits

GROUP = "personametrics.models"
"""Group of entry points: functions from the rest of a model string to a model."""
BUILT_IN = ("openai:NAME[@BASE_URL]", "local:FOLDER", "embedded[:FOLDER]", "oracle")


def open_model(text: str, limits: Limits | None = None, **server: str) -> Model:
    """Open a model by its string.

    Args:
        text: `openai:NAME[@BASE_URL]`, `local:FOLDER`, `embedded[:FOLDER]`, `oracle` (a judge of the lines of the embedded model), or
            `ENTRY[:REST]` with the name of an entry point.
        limits: limits on the use of a server.
        server: `structured`, `scoring` and `key_variable` of `OpenAICompatible`.

    Raises:
        StudyError: the model is unknown, or does not take a setting.
        ModelError: the model cannot be opened.
    """
    provider, _, rest = text.partition(":")
    if provider == "openai" and rest:
        return OpenAICompatible.named(rest, limits=limits or Limits(), **server)
    if changed := [name for name, value in server.items() if value not in {"", "first_token"}]:
        message = f"{changed[0]}: only a server (openai:…) has this setting, and {text} is not a server. Remove it."
        raise StudyError(message)
    if provider == "local" and rest:
        from personametrics.models.local import Local  # noqa: PLC0415 (torch is optional and slow to load)

        return Local(Path(rest))
    if provider == "embedded":
        from personametrics.models.embedded.model import WEIGHTS, Embedded  # noqa: PLC0415 (whoever asks a server needs none of it)

        return Embedded(Path(rest) if rest else WEIGHTS)
    if text == "oracle":
        from personametrics.models.embedded.oracle import Oracle  # noqa: PLC0415 (as above)

        return Oracle()
    entries: dict[str, EntryPoint] = {entry.name: entry for entry in entry_points(group=GROUP)}
    if provider not in entries:
        message = f'Unknown model "{text}". {options(text, [*BUILT_IN, *entries])}.'
        raise StudyError(message)
    model: Model = entries[provider].load()(rest)
    return model
