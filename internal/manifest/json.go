package manifest

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// jsonTree reads JSON that encoding/json has written into a tree as Object.Data describes it.
// A map's entry or a list's item (whose key is "") for which omit says so is left out.
//
// encoding/json itself can do this, in nearly three times the time: it checks the text, reads
// every number as it reads a string and copies every string. Here the text is known to be valid,
// so that malformed text is a programmer's mistake and may panic, and strings stay where they are.
func jsonTree(text []byte, omit func(key string, value any) bool) (any, error) {
	p := jsonParser{text: string(text), omit: omit}
	v := p.value()
	return v, p.err
}

type jsonParser struct {
	text string
	at   int
	omit func(key string, value any) bool
	err  error
}

// value reads the value that starts here and stops behind it.
func (p *jsonParser) value() any {
	switch p.text[p.at] {
	case '{':
		return p.object()
	case '[':
		return p.array()
	case '"':
		return p.str()
	case 't':
		p.at += len("true")
		return true
	case 'f':
		p.at += len("false")
		return false
	case 'n':
		p.at += len("null")
		return nil
	}
	return p.number()
}

func (p *jsonParser) object() map[string]any {
	m := make(map[string]any)
	for p.more('}') {
		key := p.str()
		p.at++ // the colon
		if v := p.value(); !p.omit(key, v) {
			m[key] = v
		}
	}
	return m
}

func (p *jsonParser) array() []any {
	list := []any{}
	for p.more(']') {
		if v := p.value(); !p.omit("", v) {
			list = append(list, v)
		}
	}
	return list
}

// more steps over the opening bracket or the comma and reports whether an item follows;
// if none does it steps over the closing bracket.
func (p *jsonParser) more(closing byte) bool {
	if p.text[p.at] != closing {
		p.at++
	}
	if p.text[p.at] == closing {
		p.at++
		return false
	}
	return true
}

func (p *jsonParser) number() any {
	start := p.at
	for p.at < len(p.text) && strings.IndexByte("+-.0123456789Ee", p.text[p.at]) >= 0 {
		p.at++
	}
	text := p.text[start:p.at]
	if i, err := strconv.ParseInt(text, 10, 64); err == nil {
		return i
	}
	if _, err := strconv.ParseFloat(text, 64); err != nil && p.err == nil {
		p.err = fmt.Errorf("number %s: more than a float64 holds", text)
	}
	return json.Number(text)
}

func (p *jsonParser) str() string {
	p.at++
	rest := p.text[p.at:]
	end := strings.IndexByte(rest, '"')
	if escape := strings.IndexByte(rest[:end], '\\'); escape >= 0 {
		return p.unescape(escape)
	}
	p.at += end + 1
	return rest[:end]
}

// unescape reads the rest of a string whose first escape is that many bytes ahead.
func (p *jsonParser) unescape(escape int) string {
	var b strings.Builder
	for {
		b.WriteString(p.text[p.at : p.at+escape])
		p.at += escape
		if p.text[p.at] == '"' {
			p.at++
			return b.String()
		}
		p.at++ // the backslash
		b.WriteRune(p.escaped())
		escape = strings.IndexAny(p.text[p.at:], `\"`)
	}
}

// escaped reads what follows a backslash.
func (p *jsonParser) escaped() rune {
	c := p.text[p.at]
	p.at++
	switch c {
	case 'n':
		return '\n'
	case 't':
		return '\t'
	case 'r':
		return '\r'
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	case 'u':
		return p.unicode()
	}
	return rune(c)
}

func (p *jsonParser) unicode() rune {
	r := p.hex()
	if !utf16.IsSurrogate(r) {
		return r
	}
	if strings.HasPrefix(p.text[p.at:], `\u`) {
		before := p.at
		p.at += len(`\u`)
		if pair := utf16.DecodeRune(r, p.hex()); pair != utf8.RuneError {
			return pair
		}
		p.at = before
	}
	return utf8.RuneError
}

func (p *jsonParser) hex() rune {
	n, _ := strconv.ParseUint(p.text[p.at:p.at+4], 16, 32)
	p.at += 4
	return rune(n)
}
