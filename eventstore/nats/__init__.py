"""JetStream as a cache of the log: one stream an epoch, whose sequence is the position."""
