"""The laboratory: what makes people, trains networks, measures methods and builds the open body.

Nothing that users refine with imports it.
"""
