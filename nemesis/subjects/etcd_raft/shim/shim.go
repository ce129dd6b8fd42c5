// The doors to etcd's Raft core (go.etcd.io/etcd/raft), for a caller that is no Go program.
//
// A node is a RawNode on the package's own MemoryStorage, which mirrors what the caller has on its
// disk. Every door does one thing to one node, and answers with its state and, if there is a new one,
// the Ready that is to be handled: persist, send, apply, then Advance. Meanwhile other doors may be
// used, as a Node of the package does; the next Ready comes after that Advance. No
// goroutine is started, no clock is read, and the election time-outs are drawn from a generator of
// the node's own, so that a node is a function of what it is handed.
//
// A panic of the core is an answer, too: a negative length, and its text.
package main

/*
#include <stdint.h>
*/
import "C"

import (
	"fmt"
	"unsafe"

	"go.etcd.io/etcd/raft"
	pb "go.etcd.io/etcd/raft/raftpb"
)

type node struct {
	raw     *raft.RawNode
	storage *raft.MemoryStorage
	inside  inside
	numbers numbers
	// What was handed out and is to be advanced, and whether the present answer hands it out.
	ready   raft.Ready
	pending bool
	isNew   bool
	// The configurations that the last Advance has brought into effect.
	changed []change
}

type change struct {
	index         uint64
	configuration pb.ConfState
}

// The package recommends to begin with a log whose first index is above 1, and with the members in
// the state of the storage (RawNode.Bootstrap): so what came before is a snapshot of this index and
// term, without data. Callers know it as index 0, and count from there.
const bootstrapIndex = 1
const bootstrapTerm = 1

// Nodes by the number that their callers know them by.
var nodes = map[C.int64_t]*node{}
var lastNode C.int64_t

// What was answered last, for a caller whose space was too small.
var answer []byte

func main() {}

// Copies what was answered to the caller's space if it fits; its length.
func hand(out *C.char, space C.int64_t) C.int64_t {
	if len(answer) > 0 && C.int64_t(len(answer)) <= space {
		copy(unsafe.Slice((*byte)(unsafe.Pointer(out)), len(answer)), answer)
	}
	return C.int64_t(len(answer))
}

// Does something to a node before it starts: negative, if it cannot, and the reason.
func prepare(id C.int64_t, do func(*node) error) (result C.int64_t) {
	defer func() {
		if problem := recover(); problem != nil {
			answer = append(answer[:0], fmt.Sprint(problem)...)
			result = -1 - C.int64_t(len(answer))
		}
	}()
	if err := do(nodes[id]); err != nil {
		panic(err)
	}
	return 0
}

// Does something to a node, after so many ticks, and answers with what it led to.
func enter(id, ticks C.int64_t, out *C.char, space C.int64_t, do func(*node) error) C.int64_t {
	return work(id, out, space, func(n *node) error {
		for ; ticks > 0; ticks-- {
			n.raw.Tick()
		}
		if do == nil {
			return nil
		}
		return do(n)
	})
}

func work(id C.int64_t, out *C.char, space C.int64_t, do func(*node) error) (length C.int64_t) {
	defer func() {
		if problem := recover(); problem != nil {
			answer = append(answer[:0], fmt.Sprint(problem)...)
			length = -1 - hand(out, space)
		}
	}()
	n := nodes[id]
	if n == nil {
		panic(fmt.Sprintf("splitbrain: there is no node %d", id))
	}
	useNumbers(&n.numbers)
	n.changed = n.changed[:0]
	err := do(n)
	n.isNew = !n.pending && n.raw.HasReady()
	if n.isNew {
		n.ready = n.raw.Ready()
		n.pending = true
	}
	answer = n.encode(answer[:0], err == raft.ErrProposalDropped)
	return hand(out, space)
}

func bytes(data *C.char, length C.int64_t) []byte {
	return C.GoBytes(unsafe.Pointer(data), C.int(length))
}

//export SplitbrainCreate
func SplitbrainCreate() C.int64_t {
	lastNode++
	nodes[lastNode] = &node{storage: raft.NewMemoryStorage()}
	return lastNode
}

//export SplitbrainClose
func SplitbrainClose(id C.int64_t) {
	delete(nodes, id)
}

//export SplitbrainCount
func SplitbrainCount() C.int64_t {
	return C.int64_t(len(nodes))
}

//export SplitbrainAgain
func SplitbrainAgain(out *C.char, space C.int64_t) C.int64_t {
	return hand(out, space)
}

// Before the start: the storage begins with this snapshot. The configuration is the lengths of its
// four sets, whether it is left automatically, and the members of the sets, a byte each.
//
//export SplitbrainSnapshot
func SplitbrainSnapshot(id C.int64_t, index, term C.uint64_t, configuration *C.char,
	configurationLength C.int64_t, data *C.char, length C.int64_t) C.int64_t {
	return prepare(id, func(n *node) error {
		snapshot := pb.Snapshot{Data: bytes(data, length), Metadata: pb.SnapshotMetadata{
			Index:     uint64(index) + bootstrapIndex,
			Term:      uint64(term),
			ConfState: configurationOf(bytes(configuration, configurationLength)),
		}}
		if index == 0 {
			snapshot.Metadata.Term = bootstrapTerm
		}
		return n.storage.ApplySnapshot(snapshot)
	})
}

func configurationOf(data []byte) pb.ConfState {
	members := data[5:]
	take := func(length byte) []uint64 {
		var found []uint64
		for _, each := range members[:length] {
			found = append(found, uint64(each))
		}
		members = members[length:]
		return found
	}
	return pb.ConfState{
		Voters:         take(data[0]),
		VotersOutgoing: take(data[1]),
		Learners:       take(data[2]),
		LearnersNext:   take(data[3]),
		AutoLeave:      data[4] != 0,
	}
}

// Before the start: the storage holds this entry, the one after the last.
//
//export SplitbrainEntry
func SplitbrainEntry(id C.int64_t, index, term C.uint64_t, kind C.int64_t, data *C.char,
	length C.int64_t) C.int64_t {
	return prepare(id, func(n *node) error {
		entry := pb.Entry{
			Index: uint64(index) + bootstrapIndex, Term: uint64(term), Type: pb.EntryType(kind),
		}
		if length > 0 {
			entry.Data = bytes(data, length)
		}
		return n.storage.Append([]pb.Entry{entry})
	})
}

//export SplitbrainStart
func SplitbrainStart(id C.int64_t, self, seed C.uint64_t, electionTick, heartbeatTick C.int64_t,
	preVote, checkQuorum, leaseReads C.int64_t, maxSize, maxUncommitted C.uint64_t,
	maxInflight C.int64_t, term, vote, commit, applied C.uint64_t,
	out *C.char, space C.int64_t) C.int64_t {
	return enter(id, 0, out, space, func(n *node) error {
		n.numbers = numbers(seed)
		state := pb.HardState{Term: uint64(term), Vote: uint64(vote)}
		begins := uint64(0)
		// A server that waits to be added has nothing, not even what a new cluster begins with.
		if last, _ := n.storage.LastIndex(); last > 0 {
			begins = bootstrapIndex
			state.Commit = uint64(commit) + bootstrapIndex
			if state.Term < bootstrapTerm {
				state.Term = bootstrapTerm
			}
		}
		if err := n.storage.SetHardState(state); err != nil {
			return err
		}
		config := raft.Config{
			ID:                        uint64(self),
			ElectionTick:              int(electionTick),
			HeartbeatTick:             int(heartbeatTick),
			Storage:                   n.storage,
			Applied:                   uint64(applied) + begins,
			MaxSizePerMsg:             uint64(maxSize),
			MaxUncommittedEntriesSize: uint64(maxUncommitted),
			MaxInflightMsgs:           int(maxInflight),
			PreVote:                   preVote != 0,
			CheckQuorum:               checkQuorum != 0,
			DisableProposalForwarding: true,
			Logger:                    quiet{},
		}
		if leaseReads != 0 {
			config.ReadOnlyOption = raft.ReadOnlyLeaseBased
		}
		raw, err := raft.NewRawNode(&config)
		if err != nil {
			panic(err)
		}
		n.raw = raw
		n.inside = lookInside(raw)
		return nil
	})
}

//export SplitbrainTick
func SplitbrainTick(id, ticks C.int64_t, out *C.char, space C.int64_t) C.int64_t {
	return enter(id, ticks, out, space, nil)
}

//export SplitbrainStep
func SplitbrainStep(id, ticks C.int64_t, data *C.char, length C.int64_t, out *C.char,
	space C.int64_t) C.int64_t {
	return enter(id, ticks, out, space, func(n *node) error {
		var message pb.Message
		if err := message.Unmarshal(bytes(data, length)); err != nil {
			panic(err)
		}
		return n.raw.Step(message)
	})
}

//export SplitbrainPropose
func SplitbrainPropose(id, ticks C.int64_t, data *C.char, length C.int64_t, out *C.char,
	space C.int64_t) C.int64_t {
	return enter(id, ticks, out, space, func(n *node) error {
		return n.raw.Propose(bytes(data, length))
	})
}

//export SplitbrainReadIndex
func SplitbrainReadIndex(id, ticks C.int64_t, data *C.char, length C.int64_t, out *C.char,
	space C.int64_t) C.int64_t {
	return enter(id, ticks, out, space, func(n *node) error {
		n.raw.ReadIndex(bytes(data, length))
		return nil
	})
}

// A change is two bytes: its type, and who it is about. Without any, a joint configuration is left.
//
//export SplitbrainChange
func SplitbrainChange(id, ticks C.int64_t, transition C.int64_t, data *C.char, length C.int64_t,
	out *C.char, space C.int64_t) C.int64_t {
	return enter(id, ticks, out, space, func(n *node) error {
		steps := bytes(data, length)
		all := pb.ConfChangeV2{Transition: pb.ConfChangeTransition(transition)}
		for at := 0; at < len(steps); at += 2 {
			all.Changes = append(all.Changes, pb.ConfChangeSingle{
				Type: pb.ConfChangeType(steps[at]), NodeID: uint64(steps[at+1]),
			})
		}
		if len(all.Changes) == 1 && all.Transition == pb.ConfChangeTransitionAuto {
			only := all.Changes[0]
			return n.raw.ProposeConfChange(pb.ConfChange{Type: only.Type, NodeID: only.NodeID})
		}
		return n.raw.ProposeConfChange(all)
	})
}

//export SplitbrainTransfer
func SplitbrainTransfer(id, ticks C.int64_t, successor C.uint64_t, out *C.char,
	space C.int64_t) C.int64_t {
	return enter(id, ticks, out, space, func(n *node) error {
		n.raw.TransferLeader(uint64(successor))
		return nil
	})
}

// The Ready that was handed out last is handled: what it has to persist is durable, what it has to
// send was sent, what it has to apply is applied.
//
//export SplitbrainAdvance
func SplitbrainAdvance(id C.int64_t, out *C.char, space C.int64_t) C.int64_t {
	return work(id, out, space, func(n *node) error {
		if !n.pending {
			panic("splitbrain: nothing is to be advanced")
		}
		ready := n.ready
		n.ready, n.pending = raft.Ready{}, false
		if !raft.IsEmptySnap(ready.Snapshot) {
			if err := n.storage.ApplySnapshot(ready.Snapshot); err != nil {
				panic(err)
			}
		}
		if !raft.IsEmptyHardState(ready.HardState) {
			if err := n.storage.SetHardState(ready.HardState); err != nil {
				panic(err)
			}
		}
		if err := n.storage.Append(ready.Entries); err != nil {
			panic(err)
		}
		for _, entry := range ready.CommittedEntries {
			n.configure(entry)
		}
		n.raw.Advance(ready)
		for _, message := range ready.Messages {
			// Whoever gets none will say so: it rejects what comes after it.
			if message.Type == pb.MsgSnap {
				n.raw.ReportSnapshot(message.To, raft.SnapshotFinish)
			}
		}
		return nil
	})
}

func (n *node) configure(entry pb.Entry) {
	switch entry.Type {
	case pb.EntryConfChange:
		var change pb.ConfChange
		if err := change.Unmarshal(entry.Data); err != nil {
			panic(err)
		}
		n.adopt(entry.Index, change)
	case pb.EntryConfChangeV2:
		var change pb.ConfChangeV2
		if err := change.Unmarshal(entry.Data); err != nil {
			panic(err)
		}
		n.adopt(entry.Index, change)
	}
}

func (n *node) adopt(index uint64, made pb.ConfChangeI) {
	n.changed = append(n.changed, change{index, *n.raw.ApplyConfChange(made)})
}

// The state after the entry at index, which is applied, is data, and durable: the storage has it
// for followers that lag, and gives up its entries up to the index kept.
//
//export SplitbrainCompact
func SplitbrainCompact(id C.int64_t, index, kept C.uint64_t, data *C.char, length C.int64_t,
	out *C.char, space C.int64_t) C.int64_t {
	return enter(id, 0, out, space, func(n *node) error {
		configuration := n.inside.tracker.ConfState()
		snapshot := bytes(data, length)
		at := uint64(index) + bootstrapIndex
		if _, err := n.storage.CreateSnapshot(at, &configuration, snapshot); err != nil {
			panic(err)
		}
		if err := n.storage.Compact(uint64(kept) + bootstrapIndex); err != nil && err != raft.ErrCompacted {
			panic(err)
		}
		return nil
	})
}
