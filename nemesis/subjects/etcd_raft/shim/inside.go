package main

import (
	"fmt"
	"math/rand"
	"reflect"
	"sync"
	"unsafe"

	"go.etcd.io/etcd/raft"
	pb "go.etcd.io/etcd/raft/raftpb"
	"go.etcd.io/etcd/raft/tracker"
)

// Where the core keeps what it does not tell: how many ticks it has counted, votes, the whole log.
type inside struct {
	electionElapsed, randomizedElectionTimeout *int
	heartbeatElapsed                           *int
	electionTimeout, heartbeatTimeout          *int
	tracker                                    *tracker.ProgressTracker
	// The entries that are not yet in the storage, and the index of the first of them.
	unstable *[]pb.Entry
	offset   *uint64
}

func lookInside(raw *raft.RawNode) inside {
	core := reflect.ValueOf(raw).Elem().FieldByName("raft").Elem()
	number := func(name string) *int {
		field := core.FieldByName(name)
		if field.Kind() != reflect.Int {
			panic("splitbrain: this etcd's raft has no number " + name)
		}
		return (*int)(unsafe.Pointer(field.UnsafeAddr()))
	}
	progress := core.FieldByName("prs")
	if progress.Type() != reflect.TypeOf(tracker.ProgressTracker{}) {
		panic("splitbrain: this etcd's raft tracks its progress elsewhere")
	}
	unstable := core.FieldByName("raftLog").Elem().FieldByName("unstable")
	entries, offset := unstable.FieldByName("entries"), unstable.FieldByName("offset")
	if entries.Type() != reflect.TypeOf([]pb.Entry{}) || offset.Kind() != reflect.Uint64 {
		panic("splitbrain: this etcd's raft keeps its log elsewhere")
	}
	return inside{
		unstable:                  (*[]pb.Entry)(unsafe.Pointer(entries.UnsafeAddr())),
		offset:                    (*uint64)(unsafe.Pointer(offset.UnsafeAddr())),
		electionElapsed:           number("electionElapsed"),
		randomizedElectionTimeout: number("randomizedElectionTimeout"),
		heartbeatElapsed:          number("heartbeatElapsed"),
		electionTimeout:           number("electionTimeout"),
		heartbeatTimeout:          number("heartbeatTimeout"),
		tracker:                   (*tracker.ProgressTracker)(unsafe.Pointer(progress.UnsafeAddr())),
	}
}

// Of the log, in the storage or not.
func (i *inside) lastIndex() uint64 { return *i.offset + uint64(len(*i.unstable)) - 1 }

// In how many ticks something comes of one; those before it only count.
func (i *inside) ticksUntilDue(state raft.StateType) int {
	due := *i.randomizedElectionTimeout - *i.electionElapsed
	if state == raft.StateLeader {
		due = *i.electionTimeout - *i.electionElapsed
		if beat := *i.heartbeatTimeout - *i.heartbeatElapsed; beat < due {
			due = beat
		}
	}
	if due < 1 {
		return 1
	}
	return due
}

// The core draws its election time-outs from a generator of the whole package, which it seeds by
// the clock. It is exchanged for that of the node at work.
type lockedRand struct {
	mu   sync.Mutex
	rand *rand.Rand
}

//go:linkname globalRand go.etcd.io/etcd/raft.globalRand
var globalRand *lockedRand

// SplitMix64 (Steele, Lea, Flood 2014): its state is one number, so that each node has its own.
type numbers uint64

func (n *numbers) Uint64() uint64 {
	*n += 0x9e3779b97f4a7c15
	z := uint64(*n)
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

func (n *numbers) Int63() int64 { return int64(n.Uint64() >> 1) }

func (n *numbers) Seed(seed int64) { *n = numbers(seed) }

// Hands on to the generator of the node at work.
type current struct{ *numbers }

var atWork = &current{new(numbers)}

func useNumbers(n *numbers) { atWork.numbers = n }

// Says nothing; a panic stays one, and what would end the process is one, too.
type quiet struct{}

func (quiet) Debug(...interface{})              {}
func (quiet) Debugf(string, ...interface{})     {}
func (quiet) Info(...interface{})               {}
func (quiet) Infof(string, ...interface{})      {}
func (quiet) Warning(...interface{})            {}
func (quiet) Warningf(string, ...interface{})   {}
func (quiet) Error(...interface{})              {}
func (quiet) Errorf(string, ...interface{})     {}
func (quiet) Fatal(v ...interface{})            { panic(fmt.Sprint(v...)) }
func (quiet) Fatalf(f string, v ...interface{}) { panic(fmt.Sprintf(f, v...)) }
func (quiet) Panic(v ...interface{})            { panic(fmt.Sprint(v...)) }
func (quiet) Panicf(f string, v ...interface{}) { panic(fmt.Sprintf(f, v...)) }

func init() {
	globalRand.rand = rand.New(atWork)
	raft.SetLogger(quiet{})
}
