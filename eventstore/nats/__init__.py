"""JetStream as a copy of the log: one stream per epoch, with sequence = position."""
