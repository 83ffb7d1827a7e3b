"""What keeps a shop on one machine running: restarts, their limits, and the sentences an operator reads."""
