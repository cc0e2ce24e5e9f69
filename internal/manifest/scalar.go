package manifest

import (
	"strings"
	"unicode/utf8"
)

// class says what a byte may do to a plain scalar.
type class uint8

const (
	free   class = iota // nothing, wherever it stands
	inner               // nothing, but it cannot stand first
	digit               // may begin a number or a date
	sign                // may begin a number, an item, a document's marker
	colon               // ends a key where a space follows it
	hash                // begins a comment where a space precedes it
	high                // part of a character beyond ASCII
	forbid              // cannot stand in a plain scalar, or not with the same meaning everywhere
)

// classes has the class of every byte. What is an indicator only in flow collections is inner:
// no plain scalar is written into one.
var classes = func() (t [256]class) {
	for c := range t {
		switch {
		case c < ' ' || c == 0x7f:
			t[c] = forbid
		case c >= utf8.RuneSelf:
			t[c] = high
		case '0' <= c && c <= '9':
			t[c] = digit
		}
	}
	for _, c := range []byte(" !\"#%&'),;*<=>?@[]^`{|}~") {
		t[c] = inner
	}
	t[':'], t['#'] = colon, hash
	t['+'], t['-'], t['.'] = sign, sign, sign
	return t
}()

// isPlain reports whether YAML 1.1 and 1.2 parsers read the bare text as that string.
func isPlain(s string) bool {
	if s == "" || !startsPlain(s) || s[len(s)-1] == ' ' || isWord(s) {
		return false
	}
	ascii := true
	for i := 0; i < len(s); i++ {
		class := classes[s[i]]
		if class <= sign {
			continue
		}
		switch {
		case class == high:
			ascii = false
		case class == colon && i+1 < len(s) && s[i+1] != ' ':
		case class == hash && s[i-1] != ' ':
		default:
			return false
		}
	}
	return ascii || isPrintable(s)
}

func startsPlain(s string) bool {
	switch classes[s[0]] {
	case free, high:
		return true
	case digit:
		return !isNumeric(s)
	case sign:
		if len(s) == 1 || strings.HasPrefix(s, "---") || strings.HasPrefix(s, "...") {
			return false
		}
		next := classes[s[1]]
		return (next == free || next == digit || next == sign) && !isNumeric(s)
	}
	return false
}

// isNumeric reports whether some parser might take text that begins with a digit, a sign or a
// dot for a number, a time of day or a date. It errs on the side of true: 10.0.0.1 is a
// float by the letter of YAML 1.1 (https://yaml.org/type/float.html).
func isNumeric(s string) bool {
	digits := s[1:]
	if s[0] != '+' && s[0] != '-' {
		digits = s
	}
	if hasBase(digits) {
		return true
	}
	for i := 0; i < len(digits); i++ {
		switch c := digits[i]; c {
		case '+', '-', '.', ',', '_', ':', ' ', 'e', 'E', 't', 'T', 'z', 'Z':
		default:
			if c < '0' || c > '9' {
				return isSpecialFloat(digits)
			}
		}
	}
	return true
}

// hasBase reports whether text begins as 0x1f, 0o17 or 0b11 do; underscores between are dropped
// by the parsers.
func hasBase(s string) bool {
	if s == "" || s[0] != '0' && s[0] != '_' {
		return false
	}
	s = strings.TrimLeft(strings.TrimPrefix(strings.TrimLeft(s, "_"), "0"), "_")
	return s != "" && strings.IndexByte("xXoObB", s[0]) >= 0
}

func isSpecialFloat(s string) bool {
	return strings.EqualFold(s, ".inf") || strings.EqualFold(s, ".nan")
}

// isWord reports whether text is a word for a boolean or null, in whichever case: those of YAML
// 1.2 and 1.1 (https://yaml.org/type/bool.html). The other words, "~", "=" and "<<", begin with
// what no plain scalar begins with here.
func isWord(s string) bool {
	if len(s) > len("false") {
		return false
	}
	switch s[0] | 0x20 {
	case 'y':
		return len(s) == 1 || strings.EqualFold(s, "yes")
	case 'n':
		return len(s) == 1 || strings.EqualFold(s, "no") || strings.EqualFold(s, "null")
	case 't':
		return strings.EqualFold(s, "true")
	case 'f':
		return strings.EqualFold(s, "false")
	case 'o':
		return strings.EqualFold(s, "on") || strings.EqualFold(s, "off")
	}
	return false
}

// isPrintable reports whether all characters beyond ASCII can stand for themselves.
func isPrintable(s string) bool {
	for i := 0; i < len(s); {
		if s[i] < utf8.RuneSelf {
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && size == 1 || !standsForItself(r) {
			return false
		}
		i += size
	}
	return true
}

// standsForItself is YAML's c-printable (YAML 1.2.2 section 5.1) for characters beyond ASCII,
// without what YAML 1.1 takes for a line break and without the byte order mark. The ranges are
// written out, because unicode.IsPrint grows with Go.
func standsForItself(r rune) bool {
	switch r {
	case 0x2028, 0x2029, 0xfeff:
		return false
	}
	return 0xa0 <= r && r <= 0xfffd || 0x10000 <= r
}

// isBlock reports whether a literal block can hold the text and is worth it.
func isBlock(s string) bool {
	if strings.IndexByte(s, '\n') < 0 || strings.Trim(s, " \n") == "" {
		return false
	}
	for i := 0; i < len(s); i++ {
		if c := s[i]; classes[c] == forbid && c != '\n' && (c != '\t' || beginsLine(s, i)) {
			return false
		}
	}
	return isPrintable(s)
}

// beginsLine reports whether a line begins at i: a tab there would count as indentation for
// some parsers.
func beginsLine(s string, i int) bool {
	return i == 0 || s[i-1] == '\n'
}

// appendBlock appends text as a literal block whose lines begin at a column.
func appendBlock(dst []byte, s string, column int) []byte {
	dst = append(dst, '|')
	if s[0] == ' ' || s[0] == '\n' {
		// The first line does not show where lines begin, so the header says it.
		dst = append(dst, '2')
	}
	switch {
	case !strings.HasSuffix(s, "\n"):
		dst = append(dst, '-')
	case strings.HasSuffix(s, "\n\n"):
		dst = append(dst, '+')
	}
	dst = append(dst, '\n')
	for line := range strings.Lines(s) {
		if line != "\n" {
			dst = appendIndent(dst, column)
		}
		dst = append(dst, line...)
	}
	if s[len(s)-1] != '\n' {
		dst = append(dst, '\n')
	}
	return dst
}

// appendQuoted appends text in double quotes, with those escapes that YAML and JSON share.
func appendQuoted(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[i:])
			if standsForItself(r) {
				dst = utf8.AppendRune(dst, r)
			} else {
				dst = appendEscape(dst, r)
			}
			i += size
			continue
		}
		switch {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c == '\n':
			dst = append(dst, `\n`...)
		case c == '\t':
			dst = append(dst, `\t`...)
		case c == '\r':
			dst = append(dst, `\r`...)
		case c < ' ' || c == 0x7f:
			dst = appendEscape(dst, rune(c))
		default:
			dst = append(dst, c)
		}
		i++
	}
	return append(dst, '"')
}

func appendEscape(dst []byte, r rune) []byte {
	const hex = "0123456789abcdef"
	return append(dst, '\\', 'u', hex[r>>12&15], hex[r>>8&15], hex[r>>4&15], hex[r&15])
}
