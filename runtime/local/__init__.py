"""A local installation: all parts on one machine, started, supervised and restarted by `seatledger up`."""
