// A key-value service on the Raft of "Implementing Raft", one process a server.
//
// Clients speak JSON over HTTP. Whatever they ask, reads as well, is a command in the log, and is
// answered by the server that took it in, once it has applied it. Peers are dialled at addresses of
// the caller's choice, one for each directed pair, so that a proxy may stand between.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"net/rpc"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"splitbrain/seed/raft"
)

// How often a connection to a peer is looked at, and a broken one made anew.
const lookAfterPeer = 50 * time.Millisecond

func main() {
	id := flag.Int("id", 0, "number of this server")
	listen := flag.String("listen", "", "address for peers")
	client := flag.String("client", "", "address for clients")
	peers := flag.String("peers", "", "where the others are dialled: 1=HOST:PORT,2=HOST:PORT")
	data := flag.String("data", "", "directory of the files")
	trace := flag.String("trace", "", "file to which events are appended")
	flag.Parse()

	addresses, err := parsePeers(*peers)
	if err != nil {
		log.Fatal(err)
	}
	peerIds := make([]int, 0, len(addresses))
	for peer := range addresses {
		peerIds = append(peerIds, peer)
	}
	storage, err := openStorage(*data)
	if err != nil {
		log.Fatal(err)
	}
	if err := raft.Observe(*trace, *id, len(addresses)+1); err != nil {
		log.Fatal(err)
	}
	raft.ListenAddress = *listen
	ready := make(chan any)
	commits := make(chan raft.CommitEntry)
	server := raft.NewServer(*id, peerIds, storage, ready, commits)
	service := newService(server)
	go service.applyAll(commits)
	server.Serve()
	for peer, address := range addresses {
		connect(server, peer, address)
		go keepConnected(server, peer, address)
	}
	close(ready)

	ending := make(chan os.Signal, 1)
	signal.Notify(ending, syscall.SIGTERM, syscall.SIGINT)
	go func() {
		<-ending
		os.Exit(0)
	}()
	http.HandleFunc("/operate", service.operate)
	http.HandleFunc("/state", service.state)
	log.Fatal(http.ListenAndServe(*client, nil))
}

func parsePeers(text string) (map[int]string, error) {
	addresses := make(map[int]string)
	for _, part := range strings.Split(text, ",") {
		var peer int
		name, address, found := strings.Cut(part, "=")
		if _, err := fmt.Sscanf(name, "%d", &peer); err != nil || !found {
			return nil, fmt.Errorf("-peers: %q is not of the form 1=HOST:PORT", part)
		}
		addresses[peer] = address
	}
	return addresses, nil
}

func connect(server *raft.Server, peer int, address string) {
	where, err := net.ResolveTCPAddr("tcp", address)
	if err != nil {
		log.Fatal(err)
	}
	// If nobody is there, it is tried again.
	_ = server.ConnectToPeer(peer, where)
}

// keepConnected makes a connection anew once it is broken; the library never does. That it works
// shows a call of a method that the peer does not have: the peer's answer is a ServerError.
func keepConnected(server *raft.Server, peer int, address string) {
	for {
		time.Sleep(lookAfterPeer)
		err := server.Call(peer, "ConsensusModule.None", struct{}{}, &struct{}{})
		var answered rpc.ServerError
		if errors.As(err, &answered) {
			continue
		}
		_ = server.DisconnectPeer(peer)
		connect(server, peer, address)
	}
}

func answer(response http.ResponseWriter, status int, content any) {
	body, err := json.Marshal(content)
	if err != nil {
		log.Fatal(err)
	}
	response.Header().Set("Content-Type", "application/json")
	response.WriteHeader(status)
	_, _ = response.Write(body)
}
