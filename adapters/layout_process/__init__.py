"""Parsing and rendering of layouts in a subprocess per task, with limits on time and memory."""
