"""`python -m analysis` is the `evroad` command."""

from analysis.cli import main

main(prog_name="evroad")
