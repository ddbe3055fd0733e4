"""Two chat completion servers that others wrote, started once and ended at the end; nothing is downloaded."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

PATIENCE = 60
"""Seconds that a server gets to start."""
ROOT = Path(__file__).parents[2]
LLAMA = "PERSONAMETRICS_LLAMA"
"""Names the Python that has llama_cpp; where it is set, nothing is skipped."""
EXACT = ("--n_ctx", "1024", "--n_threads", "2", "--type_k", "0", "--type_v", "0", "--last_n_tokens_size", "0")
"""Keys and values in float32 as in this process, and no penalty on words said before: without a word, the server's is 1.1."""


def missing(what: str) -> None:
    """Skip, or fail where the servers were asked for."""
    message = f"{what} is not installed: make test-servers installs and asks it"
    if LLAMA in os.environ:
        pytest.fail(message)
    pytest.skip(message)


@contextmanager
def started(command: Sequence[str], ready: str, log: Path) -> Iterator[str]:
    """A server on a free port of this machine, up to `/v1`.

    Args:
        command: starts it, but for host and port.
        ready: a path that it answers once it is up.
        log: what it says; shown if it does not start.
    """
    with socket.create_server(("127.0.0.1", 0)) as free:
        host, port = free.getsockname()
    offline = os.environ | {"HF_HUB_OFFLINE": "1", "PYTHONUNBUFFERED": "1", "OMP_NUM_THREADS": "1"}
    with log.open("wb") as output:
        arguments = [*command, "--host", host, "--port", str(port)]
        process = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=offline)
    try:
        began = time.monotonic()
        while not answers(f"http://{host}:{port}{ready}"):
            if process.poll() is not None or time.monotonic() - began > PATIENCE:
                pytest.fail(f"{' '.join(arguments)} did not start:\n{log.read_text(errors='replace')[-4000:]}")
            time.sleep(0.05)
        yield f"http://{host}:{port}/v1"
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def answers(url: str) -> bool:
    """Whether somebody is there."""
    try:
        with urlopen(url, timeout=5) as response:  # noqa: S310 (our own address)
            return bool(response.status == 200)
    except (URLError, OSError):
        return False


@pytest.fixture(scope="session")
def talking(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint that talks at random, and answers nothing."""
    import checkpoints  # noqa: PLC0415 (slow to load, and these tests may be skipped)

    return checkpoints.llama(tmp_path_factory.mktemp("checkpoints") / "talking")


@pytest.fixture(scope="session")
def answering(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint that answers the panel with probabilities that were chosen."""
    import answering as made  # noqa: PLC0415 (as above)

    return made.answering(tmp_path_factory.mktemp("checkpoints") / "answering")


@pytest.fixture(scope="session")
def transformers_serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """`transformers serve`: it loads the checkpoint that a call names."""
    program = Path(sys.executable).with_name("transformers")
    if not program.exists() or any(find_spec(needed) is None for needed in ("fastapi", "openai", "uvicorn")):
        missing("transformers serve")
    command = [str(program), "serve", "--device", "cpu", "--dtype", "float32"]
    with started(command, "/health", tmp_path_factory.mktemp("logs") / "transformers.log") as url:
        yield url


@pytest.fixture(scope="session")
def llama_talking(talking: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """llama.cpp with the weights that talk."""
    with llama(talking, tmp_path_factory.mktemp("talking")) as url:
        yield url


@pytest.fixture(scope="session")
def llama_answering(answering: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """llama.cpp with the weights that answer."""
    with llama(answering, tmp_path_factory.mktemp("answering")) as url:
        yield url


@contextmanager
def llama(checkpoint: Path, folder: Path) -> Iterator[str]:
    """llama.cpp's server of a checkpoint, under the name `weights`."""
    python = Path(os.environ.get(LLAMA, ROOT / ".venv-servers" / "bin" / "python"))
    if not python.exists():
        missing("llama.cpp's server")
    import gguf_file  # noqa: PLC0415 (as above)

    file = gguf_file.write(checkpoint, folder / "weights.gguf")
    command = [str(python), "-m", "llama_cpp.server", "--model", str(file), "--model_alias", "weights", "--logits_all", "true", *EXACT]
    with started(command, "/v1/models", folder / "llama.log") as url:
        yield url
