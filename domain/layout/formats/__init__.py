"""One module per document format, and the modules they share."""
