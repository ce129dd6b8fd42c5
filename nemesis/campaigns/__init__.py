"""Campaigns over many machines, for days: ``splitbrain campaign`` (docs/campaigns.md).

settings     what a campaign runs, whoever runs it
ledger       which seeds were handed out and which are done, each once; what failed, by cause
work         what a worker does with a batch of seeds
conductor    hands out batches, and writes down what comes of them
cluster      the workers: on this machine, or behind a scheduler of Dask
"""
