"""A part of the log as a file for other tools: what was recorded, every byte of it, and nothing else."""
