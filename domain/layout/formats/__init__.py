"""One file per format that layouts come in, and what they share."""
