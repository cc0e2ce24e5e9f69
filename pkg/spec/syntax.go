package spec

import (
	"bytes"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxSearched is the size of the largest document in which the line of a syntax error
// is searched for; in larger ones it is the line that the parser names.
const maxSearched = 128 << 10

// syntaxProblem is err, which the parser returned for the document, at its line. The
// column is known only where tabs are what is wrong.
func (d *document) syntaxProblem(err error) *Problem {
	message, line := splitParserError(err)
	if len(d.text) <= maxSearched {
		line = firstLineWith(d.text, message)
	}
	p := &Problem{Severity: Error, Position: Position{Source: d.source}, Message: message}
	if line == 0 {
		return p
	}
	p.Position.Line = d.line + line
	if column := tabInIndentation(lineOf(d.text, line)); column > 0 {
		p.Position.Column = column
		p.Hint = "YAML allows no tabs for indentation; use spaces"
	} else if strings.Contains(message, "did not find expected") || strings.Contains(message, "mapping values are not allowed") {
		p.Hint = "look at the indentation of this line and of those above it, and for a missing space after a colon"
	}
	return p
}

var parserErrorPattern = regexp.MustCompile(`(?s)^(?:yaml: )?(?:line ([0-9]+): )?(.*)$`)

// splitParserError takes a message of the parser apart; the line is 0 where it names none.
func splitParserError(err error) (message string, line int) {
	parts := parserErrorPattern.FindStringSubmatch(err.Error())
	line, _ = strconv.Atoi(parts[1]) // no digits: no line
	return parts[2], line
}

// firstLineWith is the first line of text that makes the parser stop with message. The
// parser names the line where the enclosing construct begins, or the one before; the
// shortest run of lines that it refuses in the same way ends where the mistake is.
func firstLineWith(text []byte, message string) int {
	var ends []int
	for pos := 0; pos < len(text); {
		pos += lineLength(text[pos:])
		ends = append(ends, pos)
	}
	i := sort.Search(len(ends)-1, func(i int) bool {
		_, err := parse(text[:ends[i]])
		if err == nil {
			return false
		}
		m, _ := splitParserError(err)
		return m == message
	})
	return i + 1
}

// lineOf is a line of text with its break, counted from 1; nil where there are not so many.
func lineOf(text []byte, line int) []byte {
	for ; line > 1; line-- {
		text = text[lineLength(text):]
	}
	return text[:lineLength(text)]
}

// tabInIndentation is the column of the first tab before the first character of a line
// that is no blank, 0 where there is none.
func tabInIndentation(line []byte) int {
	indentation := line[:len(line)-len(bytes.TrimLeft(line, " \t"))]
	before, _, found := strings.Cut(string(indentation), "\t")
	if !found {
		return 0
	}
	return utf8.RuneCountInString(before) + 1
}
