"""What the demo shows: venues, events and accounts of our own making."""
