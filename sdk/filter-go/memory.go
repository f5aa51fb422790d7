package filter

import (
	"encoding/binary"
	"unsafe"
)

// The host writes a result into memory it has asked this module for. The latest such piece is kept
// here until its caller takes it: without this pointer Go could free it, or put a short one on the
// stack, where it would be overwritten before anybody reads it.
var handed []byte

//go:wasmexport proxy_on_memory_allocate
func allocate(size uint32) uintptr {
	handed = make([]byte, size)
	return uintptr(unsafe.Pointer(unsafe.SliceData(handed)))
}

// Where results are announced. One set serves all calls: there is one thread, and no call of the
// host comes back here but to allocate.
var outAt, outSize, outNumber uint32

// taken gives what the host call just made has left, and keeps nothing.
func taken(status uint32) ([]byte, error) {
	data := handed
	handed = nil
	if status != statusOK {
		return nil, Status(status)
	}
	if outSize == 0 {
		return nil, nil
	}
	return data[:outSize], nil
}

func text(data []byte) string {
	return unsafe.String(unsafe.SliceData(data), len(data))
}

// A Field is a name and a value of a header map.
type Field struct {
	Name, Value string
}

func encodeFields(fields []Field) string {
	if len(fields) == 0 {
		return ""
	}
	size := 4
	for _, field := range fields {
		size += 8 + len(field.Name) + len(field.Value) + 2
	}
	data := make([]byte, 0, size)
	data = binary.LittleEndian.AppendUint32(data, uint32(len(fields)))
	for _, field := range fields {
		data = binary.LittleEndian.AppendUint32(data, uint32(len(field.Name)))
		data = binary.LittleEndian.AppendUint32(data, uint32(len(field.Value)))
	}
	for _, field := range fields {
		data = append(append(data, field.Name...), 0)
		data = append(append(data, field.Value...), 0)
	}
	return text(data)
}

func decodeFields(data []byte) []Field {
	if len(data) < 4 {
		return nil
	}
	number := func(at int) int { return int(binary.LittleEndian.Uint32(data[at:])) }
	count := number(0)
	at := 4 + count*8
	fields := make([]Field, count)
	all := string(data)
	for i := range fields {
		name, value := number(4+i*8), number(8+i*8)
		fields[i] = Field{all[at : at+name], all[at+name+1 : at+name+1+value]}
		at += name + value + 2
	}
	return fields
}
