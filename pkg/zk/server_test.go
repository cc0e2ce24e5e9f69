package zk

import (
	"encoding/binary"
	"io"
	"net"
	"sync"
	"testing"
	"time"
)

// Operations and the code of the wire protocol, as far as the tests need them.
// Source: ZooKeeper, ZooDefs.java (OpCode), zookeeper.jute.
const (
	opSync    = 9
	opPing    = 11
	opMulti   = 14
	opAuth    = 100
	opClose   = -11
	codeNoACL = -102
)

// What a server does with a request.
type reaction int

const (
	answer  reaction = 1 + iota // it answers without an error
	hangUp                      // it closes the connection
	silence                     // it says nothing, and nothing more on this connection
	forbid                      // it answers that the access control list refuses it
)

// server is the least that a client takes for a ZooKeeper server: it gives sessions and
// does to each request what the test says. What real servers do is tested with real ones.
type server struct {
	listener net.Listener
	// react is what to do with an operation, apart from pings and goodbyes.
	react func(operation int32) reaction

	mu sync.Mutex
	// sessions counts the connections that got a session; seen are the operations.
	sessions int
	seen     []int32
	// expired makes the server know no session any more.
	expired bool
	// deaf makes it take connections and never give a session; rude makes it close them.
	deaf, rude bool
	open       map[net.Conn]bool
}

func startServer(t *testing.T, listen func() (net.Listener, error), react func(int32) reaction) *server {
	t.Helper()
	listener, err := listen()
	if err != nil {
		t.Fatal(err)
	}
	s := &server{listener: listener, react: react, open: map[net.Conn]bool{}}
	var group sync.WaitGroup
	group.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			s.set(func() { s.open[conn] = true })
			group.Go(func() { s.serve(conn) })
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		s.dropAll()
		group.Wait()
	})
	return s
}

func loopback() (net.Listener, error) { return net.Listen("tcp", "127.0.0.1:0") }

func answerAll(int32) reaction { return answer }

func (s *server) address() string { return s.listener.Addr().String() }

func (s *server) set(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
}

// dropAll closes all connections.
func (s *server) dropAll() {
	s.set(func() {
		for conn := range s.open {
			_ = conn.Close()
		}
	})
}

func (s *server) sessionCount() (n int) {
	s.set(func() { n = s.sessions })
	return n
}

func (s *server) operations() (seen []int32) {
	s.set(func() { seen = append(seen, s.seen...) })
	return seen
}

func (s *server) serve(conn net.Conn) {
	defer conn.Close()
	greeting, err := readFrame(conn)
	if err != nil || len(greeting) < 28 {
		return
	}
	var deaf, rude, expired bool
	s.set(func() { deaf, rude, expired = s.deaf, s.rude, s.expired })
	switch {
	case rude:
		return
	case deaf:
		_, _ = io.Copy(io.Discard, conn)
		return
	}
	session := uint64(0)
	if !expired {
		session = 42
		s.set(func() { s.sessions++ })
	}
	// ConnectResponse: protocol version, timeout in ms, session, password of 16 bytes.
	reply := binary.BigEndian.AppendUint32(nil, 0)
	reply = append(reply, greeting[12:16]...)
	reply = binary.BigEndian.AppendUint64(reply, session)
	reply = append(binary.BigEndian.AppendUint32(reply, 16), make([]byte, 16)...)
	if writeFrame(conn, reply) != nil || expired {
		return
	}
	for {
		request, err := readFrame(conn)
		if err != nil || !s.handle(conn, request) {
			return
		}
	}
}

// handle reports whether the connection stays open.
func (s *server) handle(conn net.Conn, request []byte) bool {
	operation := int32(binary.BigEndian.Uint32(request[4:8]))
	reaction := answer
	if operation != opPing && operation != opClose {
		s.set(func() { s.seen = append(s.seen, operation) })
		reaction = s.react(operation)
	}
	code := int32(0)
	switch reaction {
	case hangUp:
		return false
	case silence:
		_, _ = io.Copy(io.Discard, conn)
		return false
	case forbid:
		code = codeNoACL
	}
	// ReplyHeader: the request's number, a zxid, the error; then the reply.
	reply := append([]byte{}, request[:4]...)
	reply = binary.BigEndian.AppendUint64(reply, 1)
	reply = binary.BigEndian.AppendUint32(reply, uint32(code))
	if operation == opSync && code == 0 {
		reply = append(reply, request[8:]...)
	}
	return writeFrame(conn, reply) == nil && operation != opClose
}

func readFrame(r io.Reader) ([]byte, error) {
	var size [4]byte
	if _, err := io.ReadFull(r, size[:]); err != nil {
		return nil, err
	}
	n := binary.BigEndian.Uint32(size[:])
	if n > 1<<20 {
		return nil, io.ErrUnexpectedEOF
	}
	frame := make([]byte, n)
	_, err := io.ReadFull(r, frame)
	return frame, err
}

func writeFrame(w io.Writer, frame []byte) error {
	_, err := w.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(frame))), frame...))
	return err
}

// eventually waits for a condition, for much longer than it should take.
func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !condition(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within a minute: %s", what)
		}
	}
}
