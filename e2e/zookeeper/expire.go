package zookeeper

import (
	"context"
	"encoding/binary"
	"errors"
	"syscall"
	"testing"
)

// ExpireSession ends a session as if its client had been silent for too long: its
// ephemeral znodes are gone when it returns, and its client learns of it from the server.
// The session's number is that of Sessions, or the owner of an ephemeral znode.
//
// It does what ZooKeeper's FAQ advises ("How should I handle SESSION_EXPIRED?"): it takes
// the session over with its number and password, and closes it.
func (s *Server) ExpireSession(t testing.TB, session int64) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	// Its client notices at once that it has lost the connection, and may take the session
	// back before it is closed: so again and again, until there is none.
	for taken := false; ; taken = true {
		there, err := s.takeOver(ctx, session)
		switch {
		case err != nil:
			t.Fatalf("expiring session %#x: %v", session, err)
		case !there && !taken:
			t.Fatalf("expiring session %#x: ZooKeeper on %s knows of none", session, s.Host.Name)
		case !there:
			return
		}
	}
}

// takeOver takes a session over and closes it, unless its client is faster. It reports
// whether there was such a session, as far as the server has said.
func (s *Server) takeOver(ctx context.Context, session int64) (bool, error) {
	answer, err := s.ask(ctx, frame(connectRequest(session))+frame(closeRequest))
	// The server ends the connection in any case: with the session, or because its client
	// has come back.
	if err != nil && !errors.Is(err, syscall.ECONNRESET) && !errors.Is(err, syscall.EPIPE) {
		return false, err
	}
	// An answer begins with length, protocol version, timeout and session, which is 0 where
	// there is none. Source: ZooKeeper, zookeeper.jute (ConnectResponse).
	return len(answer) < 20 || binary.BigEndian.Uint64(answer[12:]) != 0, nil
}

// closeRequest is the header of a request: its number and closeSession.
// Source: ZooKeeper, ZooDefs.java (OpCode).
var closeRequest = binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, 1), 0xfffffff5)

// connectRequest is what a client says first: protocol version, last transaction seen,
// timeout, session, password, whether a read-only server will do. Source: ZooKeeper, zookeeper.jute (ConnectRequest).
func connectRequest(session int64) []byte {
	request := make([]byte, 12) // version 0, transaction 0
	request = binary.BigEndian.AppendUint32(request, 20*tickTime)
	request = binary.BigEndian.AppendUint64(request, uint64(session))
	secret := password(session)
	request = binary.BigEndian.AppendUint32(request, uint32(len(secret)))
	return append(append(request, secret...), 0) // not one that takes read-only servers
}

// password is that of a session: 16 bytes of java.util.Random, whose seed every server
// derives from the session's number, so that any of them can check it.
// Source: ZooKeeper, ZooKeeperServer.java (generatePasswd, superSecret).
func password(session int64) []byte {
	const multiplier, mask = 0x5deece66d, 1<<48 - 1
	state := (uint64(session) ^ 0xb3415c00 ^ multiplier) & mask
	var bytes []byte
	for range 4 {
		state = (state*multiplier + 0xb) & mask
		bytes = binary.LittleEndian.AppendUint32(bytes, uint32(state>>16))
	}
	return bytes
}

func frame(message []byte) string {
	return string(binary.BigEndian.AppendUint32(nil, uint32(len(message)))) + string(message)
}
