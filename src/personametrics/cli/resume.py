"""personametrics resume: continue a run."""

from personametrics.cli.asking import carry_out
from personametrics.cli.options import Folder, Json, Plugin, load_plugins
from personametrics.lab.directory import job_of


def resume(folder: Folder, plugin: Plugin = None, json_: Json = False) -> None:
    """Continue a run of audit, run, compare or talk: ask only the requests that have no reply yet."""
    load_plugins(plugin)
    carry_out(job_of(folder, ask=True), f"personametrics resume {folder}", as_json=json_)
