"""The demo: invented venues, events and accounts."""
