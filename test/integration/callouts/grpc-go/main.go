// Answers any gRPC method by its name, with google.golang.org/grpc. Prints its port, ends with its
// standard input.
package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// raw passes messages on as the bytes they are.
type raw struct{}

func (raw) Marshal(v any) ([]byte, error) { return *v.(*[]byte), nil }
func (raw) Unmarshal(data []byte, v any) error {
	*v.(*[]byte) = append([]byte(nil), data...)
	return nil
}
func (raw) Name() string { return "raw" }

func handle(_ any, stream grpc.ServerStream) error {
	full, _ := grpc.MethodFromServerStream(stream)
	method := full[strings.LastIndex(full, "/")+1:]
	asked, _ := metadata.FromIncomingContext(stream.Context())
	stream.SetTrailer(metadata.Pairs("x-end", "1"))
	switch method {
	case "Fail":
		return status.Error(codes.NotFound, "no such thing: é")
	case "Sleep":
		<-stream.Context().Done()
		if stream.Context().Err() == context.Canceled {
			fmt.Println("cancelled")
		}
		return status.FromContextError(stream.Context().Err()).Err()
	case "Greet":
		stream.SendHeader(metadata.Pairs("x-asked", strings.Join(asked.Get("x-who"), "+")))
	}
	for {
		var message []byte
		if err := stream.RecvMsg(&message); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		answer := append([]byte("got "), message...)
		if err := stream.SendMsg(&answer); err != nil {
			return err
		}
	}
}

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	server := grpc.NewServer(grpc.ForceServerCodec(raw{}), grpc.UnknownServiceHandler(handle))
	go server.Serve(listener)
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	io.Copy(io.Discard, os.Stdin)
}
