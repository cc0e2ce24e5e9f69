package zk

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// textMessage is a message in the text format of protocol buffers: its fields in their
// order, unknown ones among them.
type textMessage []textField

// textField is a field of a textMessage: a text, or a message.
type textField struct {
	name    string
	text    string
	message textMessage
}

// text is the value of the last field of that name, as the format has it.
func (m textMessage) text(name string) (value string, ok bool) {
	for _, field := range m {
		if field.name == name {
			value, ok = field.text, true
		}
	}
	return value, ok
}

// texts are the values of all fields of that name.
func (m textMessage) texts(name string) (values []string) {
	for _, field := range m {
		if field.name == name {
			values = append(values, field.text)
		}
	}
	return values
}

// textParser reads the text format, as far as it can be read without knowing the messages:
// the fields of a newer BookKeeper are no error. Its own errors say where and not what: the
// metadata of a ledger hold its password.
// Source: https://protobuf.dev/reference/protobuf/textformat-spec/
type textParser struct {
	input string
	at    int
}

// deepest is how deep messages may lie in each other. BookKeeper's are two deep.
const deepest = 16

func parseText(input string) (textMessage, error) {
	p := &textParser{input: input}
	return p.message(0, deepest)
}

// message reads fields up to the byte end, or to the end of the input where that is 0.
func (p *textParser) message(end byte, depth int) (textMessage, error) {
	var message textMessage
	for {
		p.skip()
		switch {
		case p.peek() == end && (end != 0 || p.at == len(p.input)):
			if end != 0 {
				p.at++
			}
			return message, nil
		case p.peek() == ';' || p.peek() == ',':
			p.at++
			continue
		}
		fields, err := p.field(depth)
		if err != nil {
			return nil, err
		}
		message = append(message, fields...)
	}
}

// field reads one field; of one that holds a list, as many as there are values.
func (p *textParser) field(depth int) ([]textField, error) {
	name, ok := p.word()
	if !ok {
		return nil, p.wrong("the name of a field")
	}
	p.skip()
	colon := p.take(':')
	p.skip()
	if !p.take('[') {
		field, err := p.value(name, colon, depth)
		return []textField{field}, err
	}
	var fields []textField
	for p.skip(); !p.take(']'); p.skip() {
		if len(fields) > 0 && !p.take(',') {
			return nil, p.wrong("a comma")
		}
		p.skip()
		field, err := p.value(name, colon, depth)
		if err != nil {
			return nil, err
		}
		fields = append(fields, field)
	}
	return fields, nil
}

func (p *textParser) value(name string, colon bool, depth int) (textField, error) {
	field := textField{name: name}
	var err error
	switch p.peek() {
	case '{', '<':
		end := map[byte]byte{'{': '}', '<': '>'}[p.peek()]
		p.at++
		if depth == 0 {
			return field, p.wrong("less depth")
		}
		field.message, err = p.message(end, depth-1)
		return field, err
	case '"', '\'':
		field.text, err = p.quoted()
	default:
		field.text, _ = p.word()
		if field.text == "" {
			err = p.wrong("a value")
		}
	}
	if err == nil && !colon {
		err = p.wrong("a colon before it")
	}
	return field, err
}

// word reads a name, a number or a constant.
func (p *textParser) word() (string, bool) {
	start := p.at
	for p.at < len(p.input) && (isAlphanumeric(p.input[p.at]) || strings.IndexByte("_.+-", p.input[p.at]) >= 0) {
		p.at++
	}
	return p.input[start:p.at], p.at > start
}

func isAlphanumeric(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// quoted reads one or more strings, which are one.
func (p *textParser) quoted() (string, error) {
	var text strings.Builder
	for p.peek() == '"' || p.peek() == '\'' {
		quote := p.peek()
		for p.at++; p.peek() != quote; {
			if p.at >= len(p.input) || p.peek() == '\n' {
				return "", p.wrong("the end of a string")
			}
			if !p.take('\\') {
				text.WriteByte(p.peek())
				p.at++
			} else if !p.escape(&text) {
				return "", p.wrong("an escape")
			}
		}
		p.at++
		p.skip()
	}
	return text.String(), nil
}

var escapes = map[byte]byte{'a': '\a', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t', 'v': '\v', '\\': '\\', '\'': '\'', '"': '"', '?': '?'}

// escape reads what is behind a backslash.
func (p *textParser) escape(text *strings.Builder) bool {
	c := p.peek()
	if plain, ok := escapes[c]; ok {
		p.at++
		text.WriteByte(plain)
		return true
	}
	switch c {
	case 'x', 'X':
		p.at++
		n, ok := p.digits(16, 2)
		text.WriteByte(byte(n))
		return ok
	case 'u', 'U':
		p.at++
		length := map[byte]int{'u': 4, 'U': 8}[c]
		start := p.at
		n, ok := p.digits(16, length)
		text.WriteRune(rune(n))
		return ok && p.at-start == length && n <= utf8.MaxRune
	}
	n, ok := p.digits(8, 3)
	text.WriteByte(byte(n))
	return ok && n <= 0xff
}

// digits reads at least one digit and at most that many.
func (p *textParser) digits(base, most int) (number int, ok bool) {
	for ; most > 0; most-- {
		digit := strings.IndexByte("0123456789abcdef", lower(p.peek()))
		if digit < 0 || digit >= base {
			return number, ok
		}
		number, ok = number*base+digit, true
		p.at++
	}
	return number, ok
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// skip passes over spaces and comments.
func (p *textParser) skip() {
	for p.at < len(p.input) {
		switch c := p.input[p.at]; {
		case c == '#':
			for p.at < len(p.input) && p.input[p.at] != '\n' {
				p.at++
			}
		case strings.IndexByte(" \t\r\n\v\f", c) >= 0:
			p.at++
		default:
			return
		}
	}
}

// peek is the next byte, or 0 at the end.
func (p *textParser) peek() byte {
	if p.at < len(p.input) {
		return p.input[p.at]
	}
	return 0
}

func (p *textParser) take(c byte) bool {
	if p.at >= len(p.input) || p.input[p.at] != c {
		return false
	}
	p.at++
	return true
}

func (p *textParser) wrong(want string) error {
	return fmt.Errorf("text of a protocol buffer: want %s at byte %d", want, p.at)
}
