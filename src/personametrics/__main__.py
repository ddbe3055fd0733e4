"""python -m personametrics: the command line."""

from personametrics.cli import main

main()
