// What the header filter in Rust does, in Go, and a little of everything else the SDK has. It notes
// what it sees in the log: `@NAME CASE what...`.
package main

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	filter "tulle.dev/sdk/filter-go"
)

const tick = 20 * time.Millisecond

func init() {
	filter.Register(func() filter.Plugin { return &plugin{} })
}

func main() {}

type plugin struct {
	name    string
	seen    filter.Metric
	queue   filter.Queue
	waiting []*request
}

func (plugin *plugin) Start([]byte) error { return nil }

func (plugin *plugin) Configure(configuration []byte) (err error) {
	plugin.name = string(configuration)
	if plugin.name == "reject" {
		return errors.New("asked to refuse")
	}
	if plugin.seen, err = filter.Counter("go_requests"); err != nil {
		return err
	}
	if plugin.queue, err = filter.RegisterQueue("go-queue"); err != nil {
		return err
	}
	return filter.SetTick(tick)
}

func (plugin *plugin) NewRequest() filter.Handler {
	return &request{plugin: plugin, context: filter.Current()}
}

// Tick continues the requests that wait for it.
func (plugin *plugin) Tick() {
	waiting := plugin.waiting
	plugin.waiting = nil
	for _, one := range waiting {
		if filter.SetContext(one.context) == nil {
			one.note("tick")
			_ = filter.ContinueRequest()
		}
	}
}

func (plugin *plugin) QueueReady(queue filter.Queue) {
	item, err := queue.Take()
	filter.Log(filter.Info, fmt.Sprintf("@%s %s queued %v", plugin.name, item, err))
}

func (plugin *plugin) Done() bool { return true }

type request struct {
	plugin  *plugin
	context filter.Context
	id      string
	upper   bool
}

func (request *request) note(format string, values ...any) {
	text := fmt.Sprintf(format, values...)
	filter.Log(filter.Info, fmt.Sprintf("@%s %s %s", request.plugin.name, request.id, text))
}

func asksFor(name string) bool { return filter.RequestHeaders.Get(name) == "yes" }

func (request *request) RequestHead(end bool) filter.Action {
	request.id = filter.RequestHeaders.Get("x-case")
	request.upper = asksFor("x-upper")
	request.note("request head %v", end)
	_ = filter.RequestHeaders.Add("x-filter", "go")
	if filter.RequestHeaders.Get(":path") == "/blocked" {
		blocked := filter.Reply{
			Status:  403,
			Headers: []filter.Field{{Name: "x-blocked-by", Value: "filter-go"}},
			Body:    []byte("blocked\n"),
		}
		request.note("blocked %v", blocked.Send())
		return filter.Pause
	}
	if asksFor("x-trap") {
		panic("a request asked for a trap")
	}
	if asksFor("x-everything") {
		request.everything()
	}
	if asksFor("x-wait") {
		request.plugin.waiting = append(request.plugin.waiting, request)
		return filter.Pause
	}
	if upstream, asks := filter.RequestHeaders.Lookup("x-ask"); asks {
		return request.ask(upstream)
	}
	if request.upper {
		_ = filter.RequestHeaders.Del("content-length")
	}
	return filter.Continue
}

func (request *request) ask(upstream string) filter.Action {
	call := filter.Call{
		Upstream: upstream,
		Headers: []filter.Field{
			{Name: ":method", Value: "POST"},
			{Name: ":path", Value: "/asked"},
			{Name: ":authority", Value: "callout.test"},
			{Name: "x-case", Value: request.id},
		},
		Body:    []byte("question"),
		Timeout: 2 * time.Second,
	}
	err := call.Send(func(answer filter.Answer) {
		request.note("answer %v %s %s", answer.Failed, answer.Status(), answer.Body())
		_ = filter.RequestHeaders.Set("x-answer", string(answer.Body()))
		_ = filter.ContinueRequest()
	})
	request.note("asked %v", err)
	if err != nil {
		return filter.Continue
	}
	return filter.Pause
}

// Values of all lengths come from the host: what is short must be as safe as what is long.
func (request *request) everything() {
	path, err := filter.Property("request", "path")
	request.note("property %s %v", path, err)
	_, err = filter.Property("nothing")
	request.note("no property %v", err)
	request.note("set property %v", filter.SetProperty([]byte("v"), "go_value"))
	value, err := filter.Property("go_value")
	request.note("own property %s %v", value, err)
	key := "key " + request.id
	request.note("set data %v", filter.SetSharedData(key, []byte("d"), 0))
	data, cas, err := filter.SharedData(key)
	request.note("data %s %v", data, err)
	request.note("set data again %v", filter.SetSharedData(key, []byte("e"), cas))
	request.note("set data too late %v", filter.SetSharedData(key, []byte("f"), cas))
	request.note("queue %v", request.plugin.queue.Put([]byte(request.id)))
	_, err = filter.ResolveQueue("", "no such queue")
	request.note("no queue %v", err)
	_, err = filter.Queue(4711).Take()
	request.note("unknown queue %v", err)
	request.note("count %v", request.plugin.seen.Add(1))
	count, err := request.plugin.seen.Value()
	request.note("counted %v %v", count > 0, err)
	request.note("count down %v", request.plugin.seen.Add(-1))
	small, err := filter.Foreign("compress", bytes.Repeat([]byte("go"), 500))
	request.note("compress %v %v", len(small) < 100, err)
	back, err := filter.Foreign("uncompress", small)
	request.note("uncompress %d %v", len(back), err)
	_, err = filter.Foreign("no such function", nil)
	request.note("no function %v", err)
	for _, field := range filter.RequestHeaders.All() {
		if field.Name == "x-case" || field.Name == ":method" {
			request.note("field %s %s", field.Name, field.Value)
		}
	}
}

func (request *request) body(way string, body filter.Body, size int, end bool) filter.Action {
	if !request.upper {
		return filter.Continue
	}
	if !end {
		return filter.Pause
	}
	request.note("%s body %v", way, size == body.Len())
	_ = body.Replace(bytes.ToUpper(body.Bytes()))
	_ = body.Prepend([]byte("<"))
	_ = body.Append([]byte(">"))
	return filter.Continue
}

func (request *request) RequestBody(size int, end bool) filter.Action {
	return request.body("request", filter.RequestBody, size, end)
}

func (request *request) RequestTrailers() filter.Action {
	_ = filter.RequestTrailers.Add("x-filter", "go")
	return filter.Continue
}

func (request *request) ResponseHead(end bool) filter.Action {
	request.note("response head %v %s", end, filter.ResponseHeaders.Get(":status"))
	if request.upper {
		_ = filter.ResponseHeaders.Del("content-length")
	}
	_ = filter.ResponseHeaders.Set("x-filtered", request.plugin.name)
	return filter.Continue
}

func (request *request) ResponseBody(size int, end bool) filter.Action {
	return request.body("response", filter.ResponseBody, size, end)
}

func (request *request) ResponseTrailers() filter.Action {
	_ = filter.ResponseTrailers.Add("x-filter", "go")
	return filter.Continue
}

func (request *request) Log() {
	code, err := filter.Property("response", "code")
	request.note("log %v %v", code, err)
}

func (request *request) Gone() { request.note("delete") }
