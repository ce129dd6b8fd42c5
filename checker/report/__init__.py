"""Reports: a run as one HTML page, and its counterexample as text.

data.py          what the page is given; its twin is page/src/data.ts
operations.py    a history as columns          states.py, events.py   a trace as columns
evidence.py      orders and counterexamples    sentences.py           words that lead somewhere
page.py          the page                      text.py                the same for a terminal
"""
