// A filter that lets no request pass without a key, and counts those it refuses.
package main

import (
	"errors"

	filter "tulle.dev/sdk/filter-go"
)

func init() {
	filter.Register(func() filter.Plugin { return &plugin{} })
}

func main() {}

type plugin struct {
	key     string
	refused filter.Metric
}

func (plugin *plugin) Configure(configuration []byte) error {
	if len(configuration) == 0 {
		return errors.New("the configuration must be the key")
	}
	plugin.key = string(configuration)
	var err error
	plugin.refused, err = filter.Counter("keys_refused")
	return err
}

func (plugin *plugin) NewRequest() filter.Handler {
	return &request{plugin: plugin}
}

type request struct {
	filter.Pass
	plugin *plugin
}

func (request *request) RequestHead(bool) filter.Action {
	if filter.RequestHeaders.Get("x-key") == request.plugin.key {
		_ = filter.RequestHeaders.Del("x-key")
		return filter.Continue
	}
	_ = request.plugin.refused.Add(1)
	_ = filter.Reply{Status: 401, Body: []byte("a key is needed\n")}.Send()
	return filter.Pause
}
