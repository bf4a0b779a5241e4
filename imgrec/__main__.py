"""`python -m imgrec` is the same as the console script `imgrec`."""

from imgrec.cli import main

main()
