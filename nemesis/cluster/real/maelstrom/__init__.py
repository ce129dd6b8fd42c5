"""Nodes that speak the Maelstrom protocol on standard input and output, and their network.

https://github.com/jepsen-io/maelstrom/blob/main/doc/protocol.md: a message is a line of JSON with
``src``, ``dest`` and ``body``. ``node.py`` is the process of a node, ``datagrams.py`` what happens
to messages between nodes, ``network.py`` who gets which message, ``lin_kv.py`` what clients ask and
what answers prove, ``services.py`` what nodes may use, ``cluster.py`` all of it together.
"""
