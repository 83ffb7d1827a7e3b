"""JSON bodies of responses from stored events, states and rows, one module per noun.

The body of a 201 depends on its command's events alone, so that a repeated request gets the same answer.
"""
