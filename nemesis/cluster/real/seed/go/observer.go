// Put beside the library's files when it is built: what it tells of itself, as events that the
// monitors of checker.invariants judge. Indices begin with 1 in the trace, with 0 in the library.
package raft

import (
	"bytes"
	"encoding/json"
	"log"
	"os"
	"strconv"
	"sync"
	"syscall"
	"unsafe"
)

// ListenAddress is where peers are listened for.
var ListenAddress string

// State is what a server says of itself: how far its log goes counts entries.
type State struct {
	Id     int  `json:"id"`
	Term   int  `json:"term"`
	Leads  bool `json:"leads"`
	Length int  `json:"length"`
}

// State of the server now.
func (s *Server) State() State {
	s.mu.Lock()
	cm := s.cm
	s.mu.Unlock()
	if cm == nil {
		return State{Id: s.serverId}
	}
	cm.mu.Lock()
	defer cm.mu.Unlock()
	return State{cm.id, cm.currentTerm, cm.state == Leader, len(cm.log)}
}

type event map[string]any

// traceFile gets an event a line. What follows the last newline, a killed process has left there.
type traceFile struct {
	mu       sync.Mutex
	file     *os.File
	node     string
	sequence int
	last     int64
}

var trace traceFile

// told is what the trace says of this server. Commands are strings, so that entries can be compared.
var told struct {
	term   int
	state  CMState
	log    []LogEntry
	commit int
	// Whether the storage has the log as well.
	isStored bool
}

func nodeName(id int) string { return "n" + strconv.Itoa(id) }

// Observe appends events to the file from now on.
func Observe(path string, id int, members int) error {
	content, err := os.ReadFile(path)
	if err != nil && !os.IsNotExist(err) {
		return err
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	if err := file.Truncate(int64(bytes.LastIndexByte(content, '\n') + 1)); err != nil {
		return err
	}
	trace.file, trace.node = file, nodeName(id)
	trace.sequence = bytes.Count(content, []byte("\n")) - 1
	if trace.sequence < 0 {
		names := make([]string, members)
		for number := range names {
			names[number] = nodeName(number + 1)
		}
		trace.write(map[string]any{"format": "splitbrain-trace", "version": 1, "members": names})
		trace.sequence = 0
	}
	return nil
}

func (t *traceFile) write(content any) {
	line, err := json.Marshal(content)
	if err != nil {
		log.Fatal(err)
	}
	if _, err := t.file.Write(append(line, '\n')); err != nil {
		log.Fatal(err)
	}
}

func (t *traceFile) tell(kind string, content event) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := max(monotonic(), t.last+1)
	content["event"], content["node"] = kind, t.node
	content["sequence"], content["time"] = t.sequence, now
	t.write(content)
	t.sequence++
	t.last = now
}

// monotonic is the machine's clock that all processes share, in ns.
func monotonic() int64 {
	const clockMonotonic = 1
	var now syscall.Timespec
	_, _, failed := syscall.Syscall(
		syscall.SYS_CLOCK_GETTIME, clockMonotonic, uintptr(unsafe.Pointer(&now)), 0)
	if failed != 0 {
		log.Fatal(failed)
	}
	return now.Nano()
}

func (cm *ConsensusModule) vote() any {
	if cm.votedFor < 0 {
		return nil
	}
	return nodeName(cm.votedFor)
}

// observeStart tells what was recovered.
func (cm *ConsensusModule) observeStart() {
	told.term, told.state, told.log, told.commit = cm.currentTerm, cm.state, nil, -1
	trace.tell("started", event{"term": cm.currentTerm, "voted_for": cm.vote()})
	cm.observe(true)
	told.isStored = cm.storage.HasData()
}

// logIsStored says whether the storage has the log as it is. The library would encode it anew at
// every heartbeat, which takes longer the longer a run goes on.
func (cm *ConsensusModule) logIsStored() bool {
	return told.isStored && len(told.log) == len(cm.log) && cm.unchanged() == len(cm.log)
}

// unchanged is how many of the first entries have been told already.
func (cm *ConsensusModule) unchanged() int {
	same := 0
	for same < min(len(told.log), len(cm.log)) && told.log[same] == cm.log[same] {
		same++
	}
	return same
}

// observe tells what has changed since it was called last. Expects cm.mu to be locked.
func (cm *ConsensusModule) observe(isPersisted bool) {
	if cm.currentTerm != told.term {
		trace.tell("term-changed", event{"term": cm.currentTerm})
	}
	if cm.state != told.state || (cm.currentTerm != told.term && cm.state == Candidate) {
		roles := map[CMState]string{Follower: "follower", Candidate: "candidate", Leader: "leader"}
		trace.tell("role-changed", event{"role": roles[cm.state], "term": cm.currentTerm})
	}
	told.term, told.state = cm.currentTerm, cm.state
	cm.observeLog()
	if isPersisted {
		told.isStored = true
		trace.tell("persisted", event{
			"term": cm.currentTerm, "voted_for": cm.vote(), "last_index": len(cm.log)})
	}
	if cm.commitIndex > told.commit {
		told.commit = cm.commitIndex
		trace.tell("committed", event{"index": cm.commitIndex + 1})
	}
}

func (cm *ConsensusModule) observeLog() {
	same := cm.unchanged()
	if same < max(len(told.log), len(cm.log)) {
		told.isStored = false
	}
	if same < len(told.log) {
		trace.tell("truncated", event{"index": same + 1})
	}
	for index := same; index < len(cm.log); index++ {
		entry := cm.log[index]
		command := []byte(entry.Command.(string))
		trace.tell("appended", event{"index": index + 1, "term": entry.Term, "command": command})
	}
	told.log = append(told.log[:same], cm.log[same:]...)
}

// observeCandidacy is called before a request for votes leaves: with it goes the candidate's own.
func observeCandidacy(args RequestVoteArgs) {
	trace.tell("vote-granted", event{"term": args.Term, "candidate": nodeName(args.CandidateId)})
	trace.tell("term-exposed", event{"term": args.Term})
}

// observeVote is called before the answer to a request for votes leaves.
func observeVote(args RequestVoteArgs, reply *RequestVoteReply) {
	if reply.VoteGranted {
		trace.tell("vote-granted", event{"term": args.Term, "candidate": nodeName(args.CandidateId)})
	}
	trace.tell("term-exposed", event{"term": reply.Term})
}

// ObserveApplied is called when the state machine has applied the entry of a command.
func ObserveApplied(entry CommitEntry, id string) {
	trace.tell("applied", event{
		"index": entry.Index + 1, "session": id, "request": 1, "executed": true})
}
