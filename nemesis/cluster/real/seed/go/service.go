package main

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"log"
	"net/http"
	"sync"

	"splitbrain/seed/raft"
)

// Command is a transaction: if all compares hold, the operations of Then, else those of Otherwise.
// Id tells the commands of all servers apart. In the log it is JSON.
type Command struct {
	Id        string      `json:"id"`
	Compares  []Compare   `json:"compares"`
	Then      []Operation `json:"then"`
	Otherwise []Operation `json:"otherwise"`
}

// Compare holds if the key is Expected; if Absent, if there is none.
type Compare struct {
	Key      string `json:"key"`
	Expected string `json:"expected"`
	Absent   bool   `json:"absent"`
}

// Operation is one of get, put, append, delete.
type Operation struct {
	Kind  string `json:"kind"`
	Key   string `json:"key"`
	Value string `json:"value"`
}

// Result has what the operations read, nil for an absent key and for those that read nothing.
type Result struct {
	Succeeded bool      `json:"succeeded"`
	Values    []*string `json:"values"`
}

// service is the state machine, and those who wait for what it does.
type service struct {
	server *raft.Server

	mu      sync.Mutex
	store   map[string]string
	waiting map[string]chan Result
}

func newService(server *raft.Server) *service {
	return &service{
		server:  server,
		store:   make(map[string]string),
		waiting: make(map[string]chan Result),
	}
}

func (s *service) applyAll(commits <-chan raft.CommitEntry) {
	for entry := range commits {
		var command Command
		if err := json.Unmarshal([]byte(entry.Command.(string)), &command); err != nil {
			log.Fatal(err)
		}
		raft.ObserveApplied(entry, command.Id)
		s.mu.Lock()
		result := s.apply(command)
		waiting := s.waiting[command.Id]
		s.mu.Unlock()
		if waiting != nil {
			waiting <- result
		}
	}
}

func (s *service) apply(command Command) Result {
	operations := command.Then
	succeeded := true
	for _, compare := range command.Compares {
		value, found := s.store[compare.Key]
		if found == compare.Absent || value != compare.Expected {
			operations = command.Otherwise
			succeeded = false
			break
		}
	}
	values := make([]*string, 0, len(operations))
	for _, operation := range operations {
		values = append(values, s.perform(operation))
	}
	return Result{Succeeded: succeeded, Values: values}
}

func (s *service) perform(operation Operation) *string {
	switch operation.Kind {
	case "get":
		if value, found := s.store[operation.Key]; found {
			return &value
		}
	case "put":
		s.store[operation.Key] = operation.Value
	case "append":
		s.store[operation.Key] += operation.Value
	case "delete":
		delete(s.store, operation.Key)
	default:
		log.Fatalf("unknown operation %q in the log", operation.Kind)
	}
	return nil
}

// operate answers 200 with a Result, 400 for nonsense, 409 by a server that does not lead. In the
// two latter cases nothing has happened. Whoever gives up waiting does not know.
func (s *service) operate(response http.ResponseWriter, request *http.Request) {
	var command Command
	if err := json.NewDecoder(request.Body).Decode(&command); err != nil {
		answer(response, http.StatusBadRequest, map[string]string{"error": err.Error()})
		return
	}
	for _, operation := range append(command.Then, command.Otherwise...) {
		switch operation.Kind {
		case "get", "put", "append", "delete":
		default:
			what := "unknown operation " + operation.Kind
			answer(response, http.StatusBadRequest, map[string]string{"error": what})
			return
		}
	}
	command.Id = newId()
	done := make(chan Result, 1)
	s.mu.Lock()
	s.waiting[command.Id] = done
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		delete(s.waiting, command.Id)
		s.mu.Unlock()
	}()
	entry, err := json.Marshal(command)
	if err != nil {
		log.Fatal(err)
	}
	if s.server.Submit(string(entry)) < 0 {
		answer(response, http.StatusConflict, map[string]string{"error": "this server does not lead"})
		return
	}
	select {
	case result := <-done:
		answer(response, http.StatusOK, result)
	case <-request.Context().Done():
	}
}

func (s *service) state(response http.ResponseWriter, request *http.Request) {
	answer(response, http.StatusOK, s.server.State())
}

func newId() string {
	bytes := make([]byte, 12)
	if _, err := rand.Read(bytes); err != nil {
		log.Fatal(err)
	}
	return hex.EncodeToString(bytes)
}
