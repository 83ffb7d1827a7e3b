"""The slow, large and chaotic runs, again and again with other seeds, until the time is over: `make soak`."""
