"""Runs of macro-steps told in plain words: what each step did, what was violated, a sketch.

story.py        what happened, step by step, as data
words.py        a step in a sentence; effects.py: what it changed
violation.py    what was violated
rules.py        which rule of the healthy Raft a bug overrides
sketch.py       servers and their logs as a drawing in text
pages.py        docs/bugs
steps.py        a step of any schedule in a line
"""
