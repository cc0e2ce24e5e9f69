package spec

import (
	"bytes"
	"fmt"
	"io/fs"
	"unicode/utf8"
)

// MaxSourceBytes is the size of the largest input that is decoded: 16 MiB.
const MaxSourceBytes = 16 << 20

// Source is one input as it was read.
type Source struct {
	// Name is what the user called it, "-" for standard input; it stands in every message.
	Name string
	// Data is UTF-8 text, with or without a byte order mark.
	Data []byte
	// Dir is where the relative paths in the source start; nil where it may name no files.
	Dir fs.FS
}

const byteOrderMark = "\ufeff"

// unreadable is what keeps the source from being text, nil where nothing does.
func (s Source) unreadable() *Problem {
	p := Problem{Severity: Error, Position: Position{Source: s.Name}}
	switch {
	case len(s.Data) > MaxSourceBytes:
		p.Message = fmt.Sprintf("is larger than 16 MiB (%d bytes seen)", len(s.Data))
		p.Hint = "split it into several files"
	case bytes.HasPrefix(s.Data, []byte("\xff\xfe")), bytes.HasPrefix(s.Data, []byte("\xfe\xff")):
		p.Message = "not UTF-8 text: it begins with the byte order mark of UTF-16"
		p.Hint = "save it as UTF-8"
	default:
		i := firstNonText(s.Data)
		if i < 0 {
			return nil
		}
		p.Position = s.positionOf(i)
		p.Message = fmt.Sprintf("not text: byte 0x%02x at offset %d", s.Data[i], i)
		p.Hint = "save it as UTF-8"
	}
	return &p
}

// firstNonText is the offset of the first byte that is NUL or no UTF-8, -1 where there is none.
func firstNonText(data []byte) int {
	nul := bytes.IndexByte(data, 0)
	if nul >= 0 {
		data = data[:nul]
	}
	if utf8.Valid(data) {
		return nul
	}
	for i := 0; ; {
		r, size := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
}

// positionOf is the position of the byte at an offset, before which all is text.
func (s Source) positionOf(offset int) Position {
	data := bytes.TrimPrefix(s.Data[:offset], []byte(byteOrderMark))
	line := 1
	for {
		n := lineLength(data)
		if !endsInBreak(data[:n]) {
			break
		}
		data = data[n:]
		line++
	}
	return Position{Source: s.Name, Line: line, Column: utf8.RuneCount(data) + 1}
}
