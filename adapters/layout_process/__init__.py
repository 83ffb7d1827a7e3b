"""Layouts are read and drawn in a process that ends with its task: `python -m adapters.layout_process`."""
