"""The notebook of the examples, executed by a kernel, in which an event loop runs."""

import os
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOK = Path(__file__).parents[2] / "examples" / "notebook" / "first_steps.ipynb"


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_every_door_works_in_a_notebook_without_await(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = tmp_path / "kernels" / "here"
    spec.mkdir(parents=True)
    command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    (spec / "kernel.json").write_text(
        f'{{"argv": {command!r}, "display_name": "here", "language": "python"}}'.replace("'", '"'), encoding="utf-8"
    )
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    notebook = nbformat.read(NOTEBOOK, as_version=4)  # type: ignore[no-untyped-call]
    assert not any(cell["source"].startswith("await") for cell in notebook["cells"] if cell["cell_type"] == "code")
    client = NotebookClient(notebook, timeout=300, kernel_name="here", resources={"metadata": {"path": str(tmp_path)}})
    client.execute(env={**os.environ, "OPENBLAS_NUM_THREADS": "1"})
    printed = [output["text"] for cell in notebook["cells"] for output in cell.get("outputs", ()) if output["output_type"] == "stream"]
    assert "persona signal: 0." in printed[0]
    assert "100.0% of" in printed[1]
    assert printed[2].strip() in {"no change", "undecided", "personas cost accuracy", "personas gain accuracy"}
    assert len(printed) == 4
