package filter

import (
	"strings"
	"time"
)

// A Level is how much a line of the log matters.
type Level uint32

const (
	Trace Level = iota
	Debug
	Info
	Warn
	Error
	Critical
)

func Log(level Level, message string) { proxyLog(uint32(level), message) }

// Property reads an attribute, such as Property("request", "path"), or what SetProperty has set.
func Property(path ...string) ([]byte, error) {
	return taken(proxyGetProperty(strings.Join(path, "\x00"), &outAt, &outSize))
}

// SetProperty sets a value that the filters of a request share.
func SetProperty(value []byte, path ...string) error {
	return failure(proxySetProperty(strings.Join(path, "\x00"), text(value)))
}

// SharedData gives a value that all instances with the same VM id share, and its version.
func SharedData(key string) ([]byte, uint32, error) {
	value, err := taken(proxyGetSharedData(key, &outAt, &outSize, &outNumber))
	return value, outNumber, err
}

// SetSharedData sets it if its version is still cas (0: whatever it is); else CasMismatch.
func SetSharedData(key string, value []byte, cas uint32) error {
	return failure(proxySetSharedData(key, text(value), cas))
}

// A Queue carries items between instances.
type Queue uint32

// RegisterQueue makes the caller the queue's consumer: its QueueReady is called for each item.
func RegisterQueue(name string) (Queue, error) {
	status := proxyRegisterSharedQueue(name, &outNumber)
	return Queue(outNumber), failure(status)
}

// ResolveQueue finds a queue; an empty vmID is the caller's own.
func ResolveQueue(vmID, name string) (Queue, error) {
	status := proxyResolveSharedQueue(vmID, name, &outNumber)
	return Queue(outNumber), failure(status)
}

func (queue Queue) Put(item []byte) error {
	return failure(proxyEnqueueSharedQueue(uint32(queue), text(item)))
}

// Take gives the oldest item; Empty where there is none.
func (queue Queue) Take() ([]byte, error) {
	return taken(proxyDequeueSharedQueue(uint32(queue), &outAt, &outSize))
}

// A Metric shows in the metrics of the proxy.
type Metric uint32

func Counter(name string) (Metric, error)   { return metric(0, name) }
func Gauge(name string) (Metric, error)     { return metric(1, name) }
func Histogram(name string) (Metric, error) { return metric(2, name) }

func metric(kind uint32, name string) (Metric, error) {
	status := proxyDefineMetric(kind, name, &outNumber)
	return Metric(outNumber), failure(status)
}

// Add counts on; a counter only upwards, a histogram not at all.
func (metric Metric) Add(offset int64) error {
	return failure(proxyIncrementMetric(uint32(metric), offset))
}

// Record adds to a counter, sets a gauge, observes for a histogram.
func (metric Metric) Record(value uint64) error {
	return failure(proxyRecordMetric(uint32(metric), value))
}

var outMetric uint64

func (metric Metric) Value() (uint64, error) {
	status := proxyGetMetric(uint32(metric), &outMetric)
	return outMetric, failure(status)
}

// SetTick has Tick called every period; 0 stops it.
func SetTick(period time.Duration) error {
	return failure(proxySetTickPeriod(uint32(period.Milliseconds())))
}

// Foreign calls a function that only some hosts have, such as "clear_route_cache".
func Foreign(name string, argument []byte) ([]byte, error) {
	return taken(proxyCallForeignFunction(name, text(argument), &outAt, &outSize))
}
