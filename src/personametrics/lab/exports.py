"""The replies of a run for other programs: one table, or a log of Inspect."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from personametrics.data.errors import InputError
from personametrics.data.outcome import ReplyOutcome
from personametrics.data.reply import Reply
from personametrics.data.request import Request
from personametrics.data.writing import write
from personametrics.elicit.journal import Journal
from personametrics.lab.session import Job
from personametrics.version import __version__

FORMATS = {"parquet": "answers.parquet", "csv": "answers.csv", "inspect": "inspect.json"}
"""Formats, and the file of each in the run directory."""


def export(run: Job, to: str, path: Path | None = None) -> Path:
    """Write every request of a run with its reply in one of `FORMATS`, by default into the run directory, and return the path.

    A log of Inspect (JSON, its version 2) has one sample for each persona, item and condition, and one epoch for each run.

    Raises:
        InputError: the file cannot be written, or its name is that of another format.
    """
    path = path or run.folder / FORMATS[to]
    if path.suffix.lower() != (ending := Path(FORMATS[to]).suffix):
        message = f"{path} does not end in {ending}, as {to} files do. Rename it, or choose another format."
        raise InputError(message)
    if to != "inspect":
        write(run.table, path)
        return path
    try:
        path.write_text(json.dumps(_log(run), ensure_ascii=False, allow_nan=False, indent=1), encoding="utf-8")
    except OSError as error:
        message = f"{path} cannot be written ({error.strerror})."
        raise InputError(message) from error
    return path


def _log(run: Job) -> dict[str, Any]:
    """Return the run as a log of Inspect."""
    samples = list(_samples(run))
    epochs = max(sample["epoch"] for sample in samples)
    answered = sum("error" not in sample for sample in samples)
    created = datetime.fromtimestamp((run.folder / "journal.sqlite").stat().st_mtime, UTC).isoformat()
    config = {name: value for name, value in run.settings["sampling"].items() if value is not None}
    return {
        "version": 2,
        "status": "success" if answered == len(samples) else "error",
        "eval": {
            "created": created,
            "task": "personametrics",
            "dataset": {"name": run.folder.name, "samples": len({sample["id"] for sample in samples})},
            "model": run.settings["model"],
            "model_generate_config": config,
            "config": {"epochs": epochs},
            "packages": {"personametrics": __version__},
        },
        "samples": samples,
    }


def _samples(run: Job) -> Iterator[dict[str, Any]]:
    """Yield one sample for each request."""
    with Journal.read(run.folder) as journal:
        failures = journal.failures()
        for request, key in run.exchanges():
            reply = next(journal.replies([key])) if key else None
            missing = Reply(outcome=ReplyOutcome.FAILED, detail=failures.get(key, "not asked yet"))
            yield _sample(request, reply or missing, run.settings["model"])


def _sample(request: Request, reply: Reply, model: str) -> dict[str, Any]:
    """Return a request and its reply as a sample."""
    asked = [{"role": message.role, "content": message.text} for message in request.messages]
    answer = {"role": "assistant", "content": reply.text or "", "model": model}
    about = {name: value for name, value in request.about.items() if name != "run"}
    sample: dict[str, Any] = {
        "id": "/".join(value.replace("%", "%25").replace("/", "%2F") for value in about.values()),  # unique
        "epoch": request.run + 1,
        "input": asked,
        "choices": list(request.choices) or None,
        "target": "",
        "messages": [*asked, answer],
        "metadata": {**about, **({"probabilities": dict(reply.probabilities)} if reply.probabilities else {})},
        "total_time": reply.seconds,
    }
    if reply.outcome == ReplyOutcome.FAILED:
        return {**sample, "messages": asked, "error": {"message": reply.detail, "traceback": "", "traceback_ansi": ""}}
    stop = reply.finish if reply.finish in {"stop", "content_filter"} else "max_tokens" if reply.finish == "length" else "unknown"
    usage = {"input_tokens": reply.tokens_in or 0, "output_tokens": reply.tokens_out or 0}
    usage["total_tokens"] = sum(usage.values())
    output = {"model": model, "choices": [{"message": answer, "stop_reason": stop}], "usage": usage, "time": reply.seconds}
    return {**sample, "output": output, "model_usage": {model: usage}}
