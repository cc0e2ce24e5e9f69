package main

import (
	"encoding/pem"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestFourLetterWord(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			word := make([]byte, 4)
			if _, err := io.ReadFull(conn, word); err == nil && string(word) == "ruok" {
				io.WriteString(conn, "imok")
			}
			conn.Close()
		}
	}()
	var out strings.Builder
	if err := fourLetterWord(t.Context(), []string{listener.Addr().String(), "ruok"}, &out); err != nil || out.String() != "imok" {
		t.Errorf("answer %q, err = %v", out.String(), err)
	}
	if err := fourLetterWord(t.Context(), []string{listener.Addr().String(), "mntr"}, io.Discard); err == nil {
		t.Error("no answer is taken for one")
	}
}

func TestGet(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/bad" {
			w.WriteHeader(http.StatusTeapot)
		}
		io.WriteString(w, r.URL.Path)
	}))
	defer server.Close()
	for path, want := range map[string]int{"/good": 0, "/bad": 1} {
		var out strings.Builder
		if got := run(t.Context(), []string{"get", server.URL + path}, &out, io.Discard); got != want || out.String() != path {
			t.Errorf("%s: exit code %d, %q", path, got, out.String())
		}
	}
}

func TestAPISendsTheTokenToTheTrustedServerOnly(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, r.Header.Get("Authorization")+" "+r.URL.Path)
	}))
	defer server.Close()
	dir := t.TempDir()
	authority := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	for name, content := range map[string]string{"token": "secret\n", "ca.crt": string(authority)} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var out strings.Builder
	if err := askAPI(t.Context(), server.URL+"/api/v1/pods", dir, &out); err != nil || out.String() != "Bearer secret /api/v1/pods" {
		t.Errorf("answer %q, err = %v", out.String(), err)
	}
	if err := os.WriteFile(filepath.Join(dir, "ca.crt"), []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := askAPI(t.Context(), server.URL, dir, io.Discard); err == nil {
		t.Error("no authority, and no error")
	}
	if err := askAPI(t.Context(), server.URL, t.TempDir(), io.Discard); err == nil {
		t.Error("no token, and no error")
	}
}

func TestResolve(t *testing.T) {
	var out strings.Builder
	if err := resolve(t.Context(), []string{"127.0.0.1"}, &out); err != nil || out.String() != "127.0.0.1\n" {
		t.Errorf("addresses %q, err = %v", out.String(), err)
	}
	if err := resolve(t.Context(), []string{"no such name"}, io.Discard); err == nil {
		t.Error("a name that cannot be is resolved")
	}
}

func TestFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "file")
	if got := run(t.Context(), []string{"file", name}, io.Discard, io.Discard); got != 1 {
		t.Errorf("exit code %d for no file, want 1", got)
	}
	if err := os.WriteFile(name, []byte("text"), 0o600); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if got := run(t.Context(), []string{"file", name}, &out, io.Discard); got != 0 || out.String() != "text" {
		t.Errorf("exit code %d, %q", got, out.String())
	}
}
