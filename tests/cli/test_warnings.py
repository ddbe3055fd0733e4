"""What libraries and models warn of is one line for whoever runs the program, not a piece of source code."""

import subprocess
import sys

CODE = """
import sys, warnings
from personametrics import cli
sys.argv = ["personametrics", "--version"]
try:
    cli.main()
except SystemExit:
    warnings.warn("Mind this.", stacklevel=1)
"""


def test_a_warning_is_one_line() -> None:
    result = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    assert result.stderr == "personametrics: Mind this.\n"
