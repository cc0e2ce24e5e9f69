package zk

import (
	"encoding/binary"
	"errors"
	"iter"
)

// errWire: bytes that are not a protocol buffer. What they are is not said: the metadata of
// a ledger hold its password.
var errWire = errors.New("not a protocol buffer")

// wireField is a field of a protocol buffer: a number or bytes, by its type.
type wireField struct {
	number uint64
	// value is that of a varint or of a fixed number; bytes that of anything else.
	value uint64
	bytes []byte
}

// Types of fields. Source: https://protobuf.dev/programming-guides/encoding/#structure
const (
	wireVarint  = 0
	wireFixed64 = 1
	wireBytes   = 2
	wireFixed32 = 5
)

// wireFields yields the fields of a message in their order, unknown ones among them. An
// error is the last that it yields. Groups, which no message of BookKeeper has, are one.
//
// It is written out here because google.golang.org/protobuf, even its protowire alone, reads
// the running program's file at every start and words its errors by what it finds in it.
func wireFields(message []byte) iter.Seq2[wireField, error] {
	return func(yield func(wireField, error) bool) {
		for rest := message; len(rest) > 0; {
			field, after, ok := nextField(rest)
			if !ok {
				yield(wireField{}, errWire)
				return
			}
			if !yield(field, nil) {
				return
			}
			rest = after
		}
	}
}

func nextField(rest []byte) (field wireField, after []byte, ok bool) {
	tag, rest, ok := cutVarint(rest)
	if !ok || tag>>3 == 0 {
		return field, nil, false
	}
	field.number = tag >> 3
	switch tag & 7 {
	case wireVarint:
		field.value, rest, ok = cutVarint(rest)
	case wireFixed64:
		if ok = len(rest) >= 8; ok {
			field.value, rest = binary.LittleEndian.Uint64(rest), rest[8:]
		}
	case wireBytes:
		field.bytes, rest, ok = cutDelimited(rest)
	case wireFixed32:
		if ok = len(rest) >= 4; ok {
			field.value, rest = uint64(binary.LittleEndian.Uint32(rest)), rest[4:]
		}
	default:
		ok = false
	}
	return field, rest, ok
}

// cutDelimited takes bytes that their length precedes.
func cutDelimited(rest []byte) (value, after []byte, ok bool) {
	length, rest, ok := cutVarint(rest)
	if !ok || length > uint64(len(rest)) {
		return nil, nil, false
	}
	return rest[:length], rest[length:], true
}

func cutVarint(rest []byte) (value uint64, after []byte, ok bool) {
	value, n := binary.Uvarint(rest)
	if n <= 0 {
		return 0, nil, false
	}
	return value, rest[n:], true
}
