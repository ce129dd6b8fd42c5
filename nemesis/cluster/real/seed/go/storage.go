package main

import (
	"bytes"
	"errors"
	"io/fs"
	"log"
	"os"
	"path/filepath"
	"sync"
)

// storage implements raft.Storage with a file a key. What was Set is on the disk when Set returns:
// it is written to another file, synced, renamed, and the directory is synced. Setting what is there
// already, as a heartbeat does, writes nothing.
type storage struct {
	directory string
	mu        sync.Mutex
	values    map[string][]byte
}

const unfinished = ".new"

func openStorage(directory string) (*storage, error) {
	if err := os.MkdirAll(directory, 0o755); err != nil {
		return nil, err
	}
	s := &storage{directory: directory, values: make(map[string][]byte)}
	files, err := os.ReadDir(directory)
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		path := filepath.Join(directory, file.Name())
		if filepath.Ext(path) == unfinished {
			if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return nil, err
			}
			continue
		}
		if s.values[file.Name()], err = os.ReadFile(path); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (s *storage) Set(key string, value []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if before, found := s.values[key]; found && bytes.Equal(before, value) {
		return
	}
	if err := s.write(key, value); err != nil {
		log.Fatal(err)
	}
	s.values[key] = bytes.Clone(value)
}

func (s *storage) write(key string, value []byte) error {
	path := filepath.Join(s.directory, key)
	file, err := os.Create(path + unfinished)
	if err != nil {
		return err
	}
	if _, err := file.Write(value); err != nil {
		return err
	}
	if err := file.Sync(); err != nil {
		return err
	}
	if err := file.Close(); err != nil {
		return err
	}
	if err := os.Rename(path+unfinished, path); err != nil {
		return err
	}
	directory, err := os.Open(s.directory)
	if err != nil {
		return err
	}
	defer directory.Close()
	return directory.Sync()
}

func (s *storage) Get(key string) ([]byte, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	value, found := s.values[key]
	return value, found
}

func (s *storage) HasData() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.values) > 0
}
