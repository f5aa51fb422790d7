// A command that uses Go's standard library below /data, and prints what came of each call.
package main

import (
	"fmt"
	"io"
	"os"
	"time"
)

func main() {
	body, err := io.ReadAll(os.Stdin)
	fmt.Printf("content-type: text/plain\n\npath %s, body %d, %v\n", os.Getenv("PATH_INFO"), len(body), err)

	start := time.Now()
	time.Sleep(5 * time.Millisecond)
	fmt.Println("slept", time.Since(start) >= 5*time.Millisecond)
	rang := make(chan string)
	go func() {
		time.Sleep(time.Millisecond)
		rang <- "a goroutine woke"
	}()
	fmt.Println(<-rang)

	fmt.Println("write", os.WriteFile("/data/go.txt", []byte("written by Go"), 0o644))
	text, err := os.ReadFile("/data/go.txt")
	fmt.Println("read", string(text), err)
	fmt.Println("mkdir", os.Mkdir("/data/sub", 0o755))
	fmt.Println("rename", os.Rename("/data/go.txt", "/data/sub/moved"))
	info, err := os.Stat("/data/sub/moved")
	fmt.Println("stat", info.Size(), info.IsDir(), err)
	entries, err := os.ReadDir("/data")
	for _, entry := range entries {
		fmt.Println("entry", entry.Name(), entry.IsDir())
	}
	fmt.Println("remove", os.RemoveAll("/data/sub"), err)
	_, err = os.Open("/etc/passwd")
	fmt.Println("outside", err != nil)
	os.Exit(7)
}
