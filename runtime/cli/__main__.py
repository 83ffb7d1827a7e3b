"""`python -m runtime.cli`, the command line with which `seatledger up` starts its parts."""

from runtime.cli.main import main

main()
