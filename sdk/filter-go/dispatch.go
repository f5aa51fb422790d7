package filter

// Callbacks of the host, and the contexts they are about.

type pending struct {
	context uint32
	done    func(Answer)
}

var (
	newPlugin func() Plugin
	plugins   = map[uint32]Plugin{}
	handlers  = map[uint32]Handler{}
	calls     = map[uint32]pending{}
	// The context of the running callback.
	current uint32
)

//go:wasmexport proxy_abi_version_0_2_1
func abiVersion() {}

func handler(context uint32) Handler {
	current = context
	if found := handlers[context]; found != nil {
		return found
	}
	return Pass{}
}

func flag(value bool) uint32 {
	if value {
		return 1
	}
	return 0
}

//go:wasmexport proxy_on_context_create
func onContextCreate(context, parent uint32) {
	current = context
	if parent == 0 {
		plugins[context] = newPlugin()
	} else if made := plugins[parent].NewRequest(); made != nil {
		handlers[context] = made
	}
}

//go:wasmexport proxy_on_vm_start
func onVMStart(context, size uint32) uint32 {
	current = context
	starter, wants := plugins[context].(Starter)
	if !wants {
		return 1
	}
	return accepted(starter.Start(vmConfig.Slice(0, size)))
}

//go:wasmexport proxy_on_configure
func onConfigure(context, size uint32) uint32 {
	current = context
	return accepted(plugins[context].Configure(pluginConfig.Slice(0, size)))
}

func accepted(err error) uint32 {
	if err != nil {
		Log(Error, err.Error())
	}
	return flag(err == nil)
}

//go:wasmexport proxy_on_tick
func onTick(context uint32) {
	current = context
	if ticker, wants := plugins[context].(Ticker); wants {
		ticker.Tick()
	}
}

//go:wasmexport proxy_on_queue_ready
func onQueueReady(context, queue uint32) {
	current = context
	if consumer, wants := plugins[context].(Consumer); wants {
		consumer.QueueReady(Queue(queue))
	}
}

//go:wasmexport proxy_on_request_headers
func onRequestHeaders(context, _, end uint32) uint32 {
	return uint32(handler(context).RequestHead(end != 0))
}

//go:wasmexport proxy_on_request_body
func onRequestBody(context, size, end uint32) uint32 {
	return uint32(handler(context).RequestBody(int(size), end != 0))
}

//go:wasmexport proxy_on_request_trailers
func onRequestTrailers(context, _ uint32) uint32 {
	return uint32(handler(context).RequestTrailers())
}

//go:wasmexport proxy_on_response_headers
func onResponseHeaders(context, _, end uint32) uint32 {
	return uint32(handler(context).ResponseHead(end != 0))
}

//go:wasmexport proxy_on_response_body
func onResponseBody(context, size, end uint32) uint32 {
	return uint32(handler(context).ResponseBody(int(size), end != 0))
}

//go:wasmexport proxy_on_response_trailers
func onResponseTrailers(context, _ uint32) uint32 {
	return uint32(handler(context).ResponseTrailers())
}

//go:wasmexport proxy_on_http_call_response
func onHTTPCallResponse(_, call, headers, _, _ uint32) {
	waiting, known := calls[call]
	delete(calls, call)
	if known && SetContext(Context(waiting.context)) == nil {
		waiting.done(Answer{Failed: headers == 0})
	}
}

//go:wasmexport proxy_on_log
func onLog(context uint32) { handler(context).Log() }

//go:wasmexport proxy_on_done
func onDone(context uint32) uint32 {
	current = context
	if finisher, wants := plugins[context].(Finisher); wants {
		return flag(finisher.Done())
	}
	return 1
}

//go:wasmexport proxy_on_delete
func onDelete(context uint32) {
	handler(context).Gone()
	delete(handlers, context)
	delete(plugins, context)
}
