"""The soak: slow, large and randomized runs, repeated with new seeds until the time is over: `make soak`."""
