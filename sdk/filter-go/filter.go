// Package filter is what a proxy-wasm filter in Go is written with, for Tulle, Envoy and every other
// host of ABI 0.2.1.
//
//	func init() { filter.Register(func() filter.Plugin { return &plugin{} }) }
//	func main() {}
//
// Build it with the Go toolchain alone:
//
//	GOOS=wasip1 GOARCH=wasm go build -buildmode=c-shared -ldflags="-s -w" -o filter.wasm .
//
// The host runs init functions, never main. One callback runs at a time; what a filter starts in a
// goroutine gets no further than the end of the callback.
package filter

// An Action is what becomes of what a callback has seen.
type Action uint32

const (
	// Continue sends it on.
	Continue Action = 0
	// Pause holds it: a head with all that follows, until ContinueRequest or ContinueResponse;
	// a body until a later callback continues.
	Pause Action = 1
)

// A Plugin is one configured filter. It may have any of the optional methods of Starter, Ticker,
// Consumer and Finisher besides.
type Plugin interface {
	// Configure is given the plugin's configuration; an error refuses it.
	Configure(configuration []byte) error
	// NewRequest is called when a request comes in. A nil Handler lets it pass unseen.
	NewRequest() Handler
}

// A Starter wants to know when its virtual machine starts, before Configure.
type Starter interface {
	Start(configuration []byte) error
}

// A Ticker is called as often as SetTick says.
type Ticker interface {
	Tick()
}

// A Consumer is told of each item in a queue that it has registered.
type Consumer interface {
	QueueReady(queue Queue)
}

// A Finisher is told that it is no longer wanted. False: it calls Finished later.
type Finisher interface {
	Done() bool
}

// Finished ends a Plugin whose Done was false.
func Finished() error { return failure(proxyDone()) }

// A Handler sees one request and its answer. Embed Pass to have all that it does not care about.
type Handler interface {
	// RequestHead: end says that no body follows.
	RequestHead(end bool) Action
	// RequestBody: size bytes are here now. A message with trailers ends with them, not with end.
	RequestBody(size int, end bool) Action
	RequestTrailers() Action
	ResponseHead(end bool) Action
	ResponseBody(size int, end bool) Action
	ResponseTrailers() Action
	// Log comes when the request is over and its figures are final.
	Log()
	// Gone is the last call.
	Gone()
}

// Pass is a Handler that lets everything pass.
type Pass struct{}

func (Pass) RequestHead(bool) Action       { return Continue }
func (Pass) RequestBody(int, bool) Action  { return Continue }
func (Pass) RequestTrailers() Action       { return Continue }
func (Pass) ResponseHead(bool) Action      { return Continue }
func (Pass) ResponseBody(int, bool) Action { return Continue }
func (Pass) ResponseTrailers() Action      { return Continue }
func (Pass) Log()                          {}
func (Pass) Gone()                         {}

// Context names a request (or a plugin) among those in hand, for SetContext.
type Context uint32

// Current gives the context that the running callback is about.
func Current() Context { return Context(current) }

// SetContext makes host calls be about another request until the callback returns: so a Tick can
// continue what a request has left waiting. BadArgument where that request is gone.
func SetContext(context Context) error {
	if status := proxySetEffectiveContext(uint32(context)); status != statusOK {
		return Status(status)
	}
	current = uint32(context)
	return nil
}

// Register says how a Plugin is made. It is called in an init function, once.
func Register(create func() Plugin) { newPlugin = create }
