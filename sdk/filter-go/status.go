package filter

import "strconv"

// A Status is why a host call failed.
type Status uint32

const (
	NotFound             Status = 1
	BadArgument          Status = 2
	SerializationFailure Status = 3
	ParseFailure         Status = 4
	InvalidMemoryAccess  Status = 6
	Empty                Status = 7
	CasMismatch          Status = 8
	InternalFailure      Status = 10
	Unimplemented        Status = 12
)

const statusOK = 0

var statusNames = map[Status]string{
	NotFound:             "not found",
	BadArgument:          "bad argument",
	SerializationFailure: "serialization failure",
	ParseFailure:         "parse failure",
	InvalidMemoryAccess:  "invalid memory access",
	Empty:                "empty",
	CasMismatch:          "compare-and-swap mismatch",
	InternalFailure:      "internal failure",
	Unimplemented:        "unimplemented",
}

func (status Status) Error() string {
	if name, known := statusNames[status]; known {
		return "proxy-wasm: " + name
	}
	return "proxy-wasm: status " + strconv.Itoa(int(status))
}

func failure(status uint32) error {
	if status == statusOK {
		return nil
	}
	return Status(status)
}
