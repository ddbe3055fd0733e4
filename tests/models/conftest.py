from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from personametrics.models.local import Local


@pytest.fixture(scope="session")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Local]]:
    """Small checkpoints by name, each made and loaded once; one thread, as they are too small for two."""
    import checkpoints  # noqa: PLC0415 (torch is slow to load, and most tests of models do not need it)
    import torch  # noqa: PLC0415

    makers: dict[str, Callable[[Path], Path]] = {
        "llama": checkpoints.llama,
        "qwen2": checkpoints.qwen2,
        "gpt2": checkpoints.gpt2,
        "refuses": lambda folder: checkpoints.llama(folder, template=checkpoints.REFUSES),
        "drops": lambda folder: checkpoints.llama(folder, template=checkpoints.DROPS),
        "sliding": lambda folder: checkpoints.qwen2(folder, use_sliding_window=True, sliding_window=90, max_window_layers=1),
    }

    @cache
    def found(name: str) -> Local:
        return Local(makers[name](tmp_path_factory.mktemp(name) / name), device="cpu")

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield found
    torch.set_num_threads(threads)
