"""The weights of a checkpoint, which map a row of tokens to log-probabilities."""

import inspect
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
import transformers

from personametrics.data.errors import ModelError
from personametrics.data.request import Sampling
from personametrics.models.packing import Tree


@contextmanager
def quiet() -> Iterator[None]:
    """Silence the progress bars and advice of transformers."""
    logging: Any = transformers.utils.logging
    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()


class Weights:
    """A causal language model on its device.

    Only the safetensors of the checkpoint's folder are read; nothing is downloaded, and no code of the checkpoint is run.

    Raises:
        ModelError: the device is not available, or weights are missing or have a wrong shape.
    """

    def __init__(self, folder: Path, device: str, dtype: str) -> None:
        name = ("cuda" if torch.cuda.is_available() else "cpu") if device == "auto" else device
        try:
            with quiet():
                loaded: Any = transformers.AutoModelForCausalLM.from_pretrained(
                    folder, dtype=getattr(torch, dtype), local_files_only=True, use_safetensors=True, output_loading_info=True
                )
            model, read = loaded
            self.model: Any = model.to(torch.device(name)).eval()
        except (OSError, ValueError, RuntimeError, AssertionError) as error:
            message = f'"{folder}" cannot be loaded on device {name}: {(str(error).splitlines() or ["?"])[0]}'
            raise ModelError(message) from error
        if absent := sorted(map(str, [*read["missing_keys"], *read["mismatched_keys"]])):
            message = f'"{folder}" lacks weights that its config.json asks for, such as {absent[0]}. Copy the whole checkpoint.'
            raise ModelError(message)
        self.device, self.dtype = self.model.device, self.model.dtype
        config = self.model.config.get_text_config()
        self.window: int = min(getattr(config, name, None) or 2**62 for name in ("sliding_window", "attention_chunk_size"))
        self._takes = frozenset(inspect.signature(self.model.forward).parameters)

    def run(self, keep: Any, **arguments: Any) -> tuple[torch.Tensor, Any]:
        """Return (B, K, V) logits at K places of a row, in float32 at least, and the cache, from one forward pass.

        Arguments that the model does not accept are left out.
        """
        out = self.model(**{name: value for name, value in (arguments | {"logits_to_keep": keep}).items() if name in self._takes})
        logits = out.logits if "logits_to_keep" in self._takes else out.logits[:, keep]
        return logits.float(), out.get("past_key_values")

    def row(self, tree: Tree, keep: Sequence[int], cache: Any = None) -> torch.Tensor:
        """Return (K, V) logits at K places of a tree of tokens; the cache of the prefix, if any, is extended by the row."""
        seen = torch.from_numpy(tree.visible()).to(self.device)
        mask = torch.zeros(seen.shape, dtype=self.dtype, device=self.device).masked_fill_(~seen, torch.finfo(self.dtype).min)
        logits, _ = self.run(
            self.integers(keep),
            input_ids=self.integers([tree.tokens]),
            position_ids=self.integers([tree.positions()]),
            attention_mask=mask[None, None],
            past_key_values=cache,
            use_cache=cache is not None,
        )
        return logits[0]

    def integers(self, values: Any) -> torch.Tensor:
        """Return an integer tensor on the device."""
        return torch.tensor(values, dtype=torch.long, device=self.device)


def distribution(logits: torch.Tensor, sampling: Sampling) -> torch.Tensor:
    """Return (…, V) log-probabilities of the next token, given (…, V) logits, at the temperature and top_p of the sampling.

    None counts as 1; at temperature 0 the likeliest token has probability 1.

    Raises:
        ModelError: a logit is NaN.
    """
    if logits.isnan().any():
        message = "The model's logits are not numbers, as happens if float16 overflows. Use dtype float32 or bfloat16."
        raise ModelError(message)
    temperature = 1.0 if sampling.temperature is None else sampling.temperature
    if temperature == 0:
        return torch.full_like(logits, -torch.inf).scatter_(-1, logits.argmax(-1, keepdim=True), 0.0)
    logs = torch.log_softmax(logits / temperature, -1)
    if sampling.top_p is None or sampling.top_p >= 1:
        return logs
    sorted_logs, order = logs.sort(-1, descending=True)
    likelier = sorted_logs.exp().cumsum(-1) - sorted_logs.exp()
    left_out = torch.zeros_like(logs, dtype=torch.bool).scatter_(-1, order, likelier >= sampling.top_p)
    return torch.log_softmax(logs.masked_fill(left_out, -torch.inf), -1)
