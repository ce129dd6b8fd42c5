"""The server: a replica as a process, with real clocks, sockets and files (docs/server.md).

config.py      what a server is told at its start
node.py        drives the replica: inputs in, messages and answers out, the disk in a worker thread
files.py       raft.storage.Disk on real files
directory.py   whose data directory it is, and that nobody else uses it
trace.py       what happens inside, appended to a file
frames.py      messages between servers as bytes
connection.py  one connection: handshake, frames, back-pressure
peers.py       all of them: who is connected, who is refused, what waits
etcd_json.py   etcd's v3 API as data: requests, errors; etcd_answers.py: answers
gateway.py     etcd's v3 API over HTTP
requests.py    what clients wait for: here, or at the leader
membership.py  the members, by etcd's numbers and by our names
tls.py         certificates
main.py        all of it together, from start to shutdown

Nothing of ``raft`` outside this package imports it.
"""
