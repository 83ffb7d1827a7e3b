"""How things are shown, one module per noun: from stored events, states and rows to the bodies of answers.

A 201's body is a pure function of its command's events, so that a repeated request gets the same answer.
"""
