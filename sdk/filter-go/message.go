package filter

import (
	"math"
	"time"
)

// Headers is one of the header maps of the message in hand. Names are in lower case.
type Headers uint32

const (
	RequestHeaders   Headers = 0
	RequestTrailers  Headers = 1
	ResponseHeaders  Headers = 2
	ResponseTrailers Headers = 3
	callHeaders      Headers = 6
	callTrailers     Headers = 7
)

// Get gives the first value of a field, "" where there is none.
func (headers Headers) Get(name string) string {
	value, _ := headers.Lookup(name)
	return value
}

// Lookup gives the first value of a field and whether there is one.
func (headers Headers) Lookup(name string) (string, bool) {
	value, err := taken(proxyGetHeaderMapValue(uint32(headers), name, &outAt, &outSize))
	return text(value), err == nil
}

// All gives every field in order, pseudo-fields (":path"...) first.
func (headers Headers) All() []Field {
	pairs, _ := taken(proxyGetHeaderMapPairs(uint32(headers), &outAt, &outSize))
	return decodeFields(pairs)
}

// Add appends a field.
func (headers Headers) Add(name, value string) error {
	return failure(proxyAddHeaderMapValue(uint32(headers), name, value))
}

// Set puts one field in the place of all of that name.
func (headers Headers) Set(name, value string) error {
	return failure(proxyReplaceHeaderMapValue(uint32(headers), name, value))
}

// Del removes every field of a name.
func (headers Headers) Del(name string) error {
	return failure(proxyRemoveHeaderMapValue(uint32(headers), name))
}

// Replace puts fields in the place of the whole map. Keep the pseudo-fields.
func (headers Headers) Replace(fields []Field) error {
	return failure(proxySetHeaderMapPairs(uint32(headers), encodeFields(fields)))
}

// Body is the part of a message's body that is here now: the bytes that came last, and before them
// those that were kept by Pause. Who changes a body removes content-length first, in the head.
type Body uint32

const (
	RequestBody  Body = 0
	ResponseBody Body = 1
	callBody     Body = 4
	vmConfig     Body = 6
	pluginConfig Body = 7
)

// Bytes gives all of it. The caller owns them.
func (body Body) Bytes() []byte {
	return body.Slice(0, math.MaxUint32)
}

// Slice gives up to max bytes from start on.
func (body Body) Slice(start, max uint32) []byte {
	data, _ := taken(proxyGetBufferBytes(uint32(body), start, max, &outAt, &outSize))
	return data
}

func (body Body) Len() int {
	if proxyGetBufferStatus(uint32(body), &outSize, &outNumber) != statusOK {
		return 0
	}
	return int(outSize)
}

func (body Body) Replace(data []byte) error {
	return failure(proxySetBufferBytes(uint32(body), 0, math.MaxUint32, text(data)))
}

func (body Body) Append(data []byte) error {
	return failure(proxySetBufferBytes(uint32(body), math.MaxUint32, 0, text(data)))
}

func (body Body) Prepend(data []byte) error {
	return failure(proxySetBufferBytes(uint32(body), 0, 0, text(data)))
}

// Reply is an answer made by the filter itself.
type Reply struct {
	Status  int
	Headers []Field
	Body    []byte
	// Details is for the access log.
	Details string
	// GRPCStatus is used where it is not 0 and the client speaks gRPC; else Status decides.
	GRPCStatus int
}

// Send answers the client in place of the upstream. The callback should return Pause.
func (reply Reply) Send() error {
	status := int32(-1)
	if reply.GRPCStatus != 0 {
		status = int32(reply.GRPCStatus)
	}
	return failure(proxySendLocalResponse(uint32(reply.Status), reply.Details, text(reply.Body),
		encodeFields(reply.Headers), status))
}

// ContinueRequest lets go of a request that is held.
func ContinueRequest() error { return failure(proxyContinueStream(0)) }

// ContinueResponse lets go of an answer that is held.
func ContinueResponse() error { return failure(proxyContinueStream(1)) }

// Close ends the stream without an answer.
func Close() error { return failure(proxyCloseStream(0)) }

// Call is a request to another service.
type Call struct {
	// Upstream is the name of a cluster.
	Upstream string
	// Headers include :method, :path and :authority.
	Headers  []Field
	Body     []byte
	Trailers []Field
	// Timeout is 5 s where it is 0.
	Timeout time.Duration
}

// Answer is what came of a Call. Its parts can be read until the function it was given to returns.
type Answer struct {
	// Failed: no answer came, and there is nothing to read.
	Failed bool
}

func (Answer) Headers() Headers  { return callHeaders }
func (Answer) Trailers() Headers { return callTrailers }
func (Answer) Body() []byte      { return callBody.Bytes() }

// Status gives the HTTP status, "" where the call failed.
func (Answer) Status() string { return callHeaders.Get(":status") }

// Send makes the call; done is run when the answer is there, with the context of the caller in
// force, and not at all where that is gone by then.
func (call Call) Send(done func(Answer)) error {
	timeout := call.Timeout
	if timeout == 0 {
		timeout = 5 * time.Second
	}
	status := proxyHTTPCall(call.Upstream, encodeFields(call.Headers), text(call.Body),
		encodeFields(call.Trailers), uint32(timeout.Milliseconds()), &outNumber)
	if status != statusOK {
		return Status(status)
	}
	calls[outNumber] = pending{current, done}
	return nil
}
