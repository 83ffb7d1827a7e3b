"""`python -m runtime.cli`: how `seatledger up` starts its parts."""

from runtime.cli.main import main

main()
