"""What strangers do to a shop, for `python -m bench edge`."""
