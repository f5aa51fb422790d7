// A web application firewall: Coraza with its core rule set, as a filter. The configuration is
// directives to add to the recommended ones, one a line.
package main

import (
	"encoding/binary"
	"net"
	"strconv"
	"strings"

	coreruleset "github.com/corazawaf/coraza-coreruleset/v4"
	"github.com/corazawaf/coraza/v3"
	"github.com/corazawaf/coraza/v3/types"
	filter "tulle.dev/sdk/filter-go"
)

const directives = `
Include @coraza.conf-recommended
Include @crs-setup.conf.example
Include @owasp_crs/*.conf
SecRuleEngine On
`

func init() {
	filter.Register(func() filter.Plugin { return &plugin{} })
}

func main() {}

type plugin struct {
	firewall coraza.WAF
}

func (plugin *plugin) Configure(configuration []byte) (err error) {
	config := coraza.NewWAFConfig().
		WithRootFS(coreruleset.FS).
		WithDirectives(directives + string(configuration)).
		WithErrorCallback(func(match types.MatchedRule) { filter.Log(filter.Debug, match.ErrorLog()) })
	plugin.firewall, err = coraza.NewWAF(config)
	return err
}

func (plugin *plugin) NewRequest() filter.Handler {
	return &request{transaction: plugin.firewall.NewTransaction()}
}

type request struct {
	filter.Pass
	transaction types.Transaction
	protocol    string
	// The body has been looked at.
	checked bool
}

func text(path ...string) string {
	value, _ := filter.Property(path...)
	return string(value)
}

func endpoint(side string) (string, int) {
	address := text(side, "address")
	if host, _, err := net.SplitHostPort(address); err == nil {
		address = host
	}
	port, err := filter.Property(side, "port")
	if err != nil || len(port) < 8 {
		return address, 0
	}
	return address, int(binary.LittleEndian.Uint64(port))
}

// refused answers the client where a rule says so.
func (request *request) refused(interruption *types.Interruption) bool {
	if interruption == nil {
		return false
	}
	status := interruption.Status
	if status == 0 {
		status = 403
	}
	_ = filter.Reply{Status: status, Details: "waf_rule_" + strconv.Itoa(interruption.RuleID)}.Send()
	return true
}

func (request *request) RequestHead(end bool) filter.Action {
	transaction := request.transaction
	client, clientPort := endpoint("source")
	server, serverPort := endpoint("destination")
	request.protocol = text("request", "protocol")
	transaction.ProcessConnection(client, clientPort, server, serverPort)
	headers := filter.RequestHeaders
	transaction.ProcessURI(headers.Get(":path"), headers.Get(":method"), request.protocol)
	for _, field := range headers.All() {
		switch {
		case field.Name == ":authority":
			transaction.AddRequestHeader("host", field.Value)
			transaction.SetServerName(field.Value)
		case !strings.HasPrefix(field.Name, ":"):
			transaction.AddRequestHeader(field.Name, field.Value)
		}
	}
	if request.refused(transaction.ProcessRequestHeaders()) {
		return filter.Pause
	}
	if end {
		return request.checkBody()
	}
	return filter.Continue
}

// The body is held until all of it has passed the rules.
func (request *request) RequestBody(_ int, end bool) filter.Action {
	if request.checked {
		return filter.Continue
	}
	if !end {
		return filter.Pause
	}
	return request.checkBody()
}

// A message with trailers ends with them.
func (request *request) RequestTrailers() filter.Action {
	return request.checkBody()
}

func (request *request) checkBody() filter.Action {
	if request.checked {
		return filter.Continue
	}
	request.checked = true
	if body := filter.RequestBody.Bytes(); len(body) > 0 && request.transaction.IsRequestBodyAccessible() {
		interruption, _, err := request.transaction.WriteRequestBody(body)
		if err != nil {
			filter.Log(filter.Error, err.Error())
		}
		if request.refused(interruption) {
			return filter.Pause
		}
	}
	interruption, err := request.transaction.ProcessRequestBody()
	if err != nil {
		filter.Log(filter.Error, err.Error())
	}
	if request.refused(interruption) {
		return filter.Pause
	}
	return filter.Continue
}

func (request *request) ResponseHead(bool) filter.Action {
	transaction := request.transaction
	if transaction.IsInterrupted() {
		return filter.Continue
	}
	for _, field := range filter.ResponseHeaders.All() {
		if !strings.HasPrefix(field.Name, ":") {
			transaction.AddResponseHeader(field.Name, field.Value)
		}
	}
	status, _ := strconv.Atoi(filter.ResponseHeaders.Get(":status"))
	if request.refused(transaction.ProcessResponseHeaders(status, request.protocol)) {
		return filter.Pause
	}
	return filter.Continue
}

func (request *request) Log() {
	request.transaction.ProcessLogging()
	if err := request.transaction.Close(); err != nil {
		filter.Log(filter.Error, err.Error())
	}
}
