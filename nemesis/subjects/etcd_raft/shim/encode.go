package main

import (
	"go.etcd.io/etcd/raft"
	pb "go.etcd.io/etcd/raft/raftpb"
)

// The answer of a door, as MessagePack: nemesis/subjects/etcd_raft/library.py has the names.
func (n *node) encode(to []byte, dropped bool) []byte {
	status := n.raw.BasicStatus()
	votes, _, _ := n.inside.tracker.TallyVotes()
	ready := &raft.Ready{}
	if n.isNew {
		ready = &n.ready
	}
	to = array(to, 19)
	to = truth(to, n.isNew)
	to = truth(to, dropped)
	to = number(to, status.Term)
	to = number(to, status.Vote)
	to = index(to, status.Commit)
	to = number(to, status.Lead)
	to = number(to, uint64(status.RaftState))
	to = number(to, uint64(votes))
	to = index(to, n.inside.lastIndex())
	to = number(to, uint64(n.inside.ticksUntilDue(status.RaftState)))
	to = truth(to, ready.MustSync)
	to = encodeSnapshot(to, &ready.Snapshot)
	to = encodeEntries(to, ready.Entries)
	to = array(to, len(ready.Messages))
	for i := range ready.Messages {
		to = encodeMessage(to, &ready.Messages[i])
	}
	to = encodeEntries(to, ready.CommittedEntries)
	to = array(to, len(ready.ReadStates))
	for _, each := range ready.ReadStates {
		to = array(to, 2)
		to = index(to, each.Index)
		to = binary(to, each.RequestCtx)
	}
	to = encodeConfiguration(to, n.inside.tracker.ConfState())
	to = number(to, status.LeadTransferee)
	to = array(to, len(n.changed))
	for _, each := range n.changed {
		to = array(to, 2)
		to = index(to, each.index)
		to = encodeConfiguration(to, each.configuration)
	}
	return to
}

func encodeSnapshot(to []byte, snapshot *pb.Snapshot) []byte {
	if raft.IsEmptySnap(*snapshot) {
		return append(to, 0xc0)
	}
	to = array(to, 4)
	to = index(to, snapshot.Metadata.Index)
	to = number(to, snapshot.Metadata.Term)
	to = encodeConfiguration(to, snapshot.Metadata.ConfState)
	return binary(to, snapshot.Data)
}

func encodeConfiguration(to []byte, configuration pb.ConfState) []byte {
	to = array(to, 5)
	for _, members := range [][]uint64{
		configuration.Voters, configuration.VotersOutgoing, configuration.Learners,
		configuration.LearnersNext,
	} {
		to = array(to, len(members))
		for _, each := range members {
			to = number(to, each)
		}
	}
	return truth(to, configuration.AutoLeave)
}

func encodeEntries(to []byte, entries []pb.Entry) []byte {
	to = array(to, len(entries))
	for i := range entries {
		to = array(to, 4)
		to = index(to, entries[i].Index)
		to = number(to, entries[i].Term)
		to = number(to, uint64(entries[i].Type))
		to = binary(to, entries[i].Data)
	}
	return to
}

func encodeMessage(to []byte, message *pb.Message) []byte {
	content, err := message.Marshal()
	if err != nil {
		panic(err)
	}
	to = array(to, 5)
	to = number(to, message.To)
	to = number(to, uint64(message.Type))
	to = number(to, message.Term)
	to = truth(to, message.Reject)
	return binary(to, content)
}

func array(to []byte, length int) []byte {
	if length < 16 {
		return append(to, 0x90|byte(length))
	}
	return append(to, 0xdd, byte(length>>24), byte(length>>16), byte(length>>8), byte(length))
}

func truth(to []byte, is bool) []byte {
	if is {
		return append(to, 0xc3)
	}
	return append(to, 0xc2)
}

func number(to []byte, n uint64) []byte {
	if n < 128 {
		return append(to, byte(n))
	}
	return append(to, 0xcf, byte(n>>56), byte(n>>48), byte(n>>40), byte(n>>32),
		byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
}

// As callers count it. A server that waits to be added has no log, and stands at 0 no less.
func index(to []byte, n uint64) []byte {
	if n < bootstrapIndex {
		return number(to, 0)
	}
	return number(to, n-bootstrapIndex)
}

func binary(to []byte, data []byte) []byte {
	length := len(data)
	to = append(to, 0xc6, byte(length>>24), byte(length>>16), byte(length>>8), byte(length))
	return append(to, data...)
}
