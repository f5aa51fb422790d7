// A server of Go's net/http that tells how it has read each request: its answer carries the
// reading as JSON in a field, so that an answer to HEAD can bring it too.
package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"sort"
	"strings"
)

type reading struct {
	Method   string   `json:"method"`
	Target   string   `json:"target"`
	Host     string   `json:"host"`
	Fields   []string `json:"fields"`
	Chunked  bool     `json:"chunked"`
	Body     string   `json:"body"`
	Trailers []string `json:"trailers"`
}

// One rune a byte: JSON knows no other bytes than those of valid UTF-8.
func latin1(text string) string {
	var out strings.Builder
	for i := 0; i < len(text); i++ {
		out.WriteRune(rune(text[i]))
	}
	return out.String()
}

func lines(header http.Header) []string {
	out := []string{}
	for name, values := range header {
		for _, value := range values {
			out = append(out, latin1(strings.ToLower(name)+": "+value))
		}
	}
	sort.Strings(out)
	return out
}

func answer(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	seen := reading{
		Method:   latin1(r.Method),
		Target:   latin1(r.RequestURI),
		Host:     latin1(r.Host),
		Fields:   lines(r.Header),
		Chunked:  len(r.TransferEncoding) == 1 && r.TransferEncoding[0] == "chunked",
		Body:     latin1(string(body)),
		Trailers: lines(r.Trailer),
	}
	text, err := json.Marshal(seen)
	if err != nil {
		panic(err)
	}
	w.Header().Set("X-Reading", base64.StdEncoding.EncodeToString(text))
	w.Header().Set("Content-Length", "0")
}

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	// Ends with the test that started it, however that ends.
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	server := &http.Server{Handler: http.HandlerFunc(answer), MaxHeaderBytes: 1 << 20}
	_ = server.Serve(listener)
}
