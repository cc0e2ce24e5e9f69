package spec

import "bytes"

// chunk is the part of a source that holds one document, with the directives before
// it and the markers around it (https://yaml.org/spec/1.2.2/#92-streams).
type chunk struct {
	text []byte
	// line counts the lines of the source before text.
	line int
}

// chunks cuts a source at its document markers. Markers count at the start of a
// line whatever construct is open there, so that a quote that is never closed ends with
// its document.
func chunks(data []byte) []chunk {
	var all []chunk
	var start, startLine, line int
	begun := false
	for pos := 0; pos < len(data); line++ {
		end := pos + lineLength(data[pos:])
		switch text := data[pos:end]; {
		case isMarker(text, "---"):
			if begun || bytes.HasPrefix(text, []byte(byteOrderMark)) {
				all = append(all, chunk{data[start:pos], startLine})
				start, startLine = pos, line
			}
			begun = true
		case isMarker(text, "..."):
			if begun {
				all = append(all, chunk{data[start:end], startLine})
			}
			start, startLine = end, line+1
			begun = false
		case !begun:
			begun = isContent(text)
		}
		pos = end
	}
	return append(all, chunk{data[start:], startLine})
}

// lineLength is the length of the first line of data with its break. Lines break as
// in YAML 1.1 (https://yaml.org/spec/1.1/#id871136), which is how the parser counts.
func lineLength(data []byte) int {
	for i, c := range data {
		switch {
		case c == '\n':
			return i + 1
		case c == '\r':
			if i+1 < len(data) && data[i+1] == '\n' {
				return i + 2
			}
			return i + 1
		case c == 0xC2 && bytes.HasPrefix(data[i:], []byte("\u0085")):
			return i + 2
		case c == 0xE2 && (bytes.HasPrefix(data[i:], []byte("\u2028")) || bytes.HasPrefix(data[i:], []byte("\u2029"))):
			return i + 3
		}
	}
	return len(data)
}

const lineBreaks = "\n\r\u0085\u2028\u2029"

func endsInBreak(line []byte) bool {
	return len(bytes.TrimRight(line, lineBreaks)) < len(line)
}

// isMarker reports whether a line is "---" or "...", alone or before a blank.
func isMarker(line []byte, marker string) bool {
	rest, found := bytes.CutPrefix(bytes.TrimPrefix(line, []byte(byteOrderMark)), []byte(marker))
	return found && (len(rest) == 0 || bytes.IndexAny(rest, " \t"+lineBreaks) == 0)
}

// isContent reports whether a line at the head of a document is more than blanks, a
// comment or a directive.
func isContent(line []byte) bool {
	line = bytes.TrimPrefix(line, []byte(byteOrderMark))
	text := bytes.Trim(line, " \t"+lineBreaks)
	return len(text) > 0 && text[0] != '#' && line[0] != '%'
}

// isBlank reports whether the chunk holds no document, or one of nothing but comments.
func (c chunk) isBlank() bool {
	begun := false
	for text := c.text; len(text) > 0; {
		line := text[:lineLength(text)]
		text = text[len(line):]
		if isMarker(line, "---") || isMarker(line, "...") {
			begun = true
			line = bytes.TrimPrefix(line, []byte(byteOrderMark))[len("---"):]
		}
		if isContent(line) || begun && bytes.HasPrefix(line, []byte("%")) {
			return false
		}
	}
	return true
}

// yamlDirective is commented out before parsing: a document of YAML 1.2 is refused by
// the parser, which reads it all the same.
const yamlDirective = "%YAML"

// readable is the text as the parser takes it: without a byte order mark and with the
// directives %YAML as comments. Lines and columns stay.
func (c chunk) readable() []byte {
	text := bytes.TrimPrefix(c.text, []byte(byteOrderMark))
	if !bytes.Contains(text, []byte(yamlDirective)) {
		return text
	}
	text = bytes.Clone(text)
	for pos := 0; pos < len(text); {
		end := pos + lineLength(text[pos:])
		line := text[pos:end]
		if isMarker(line, "---") || isContent(line) {
			break
		}
		if bytes.HasPrefix(line, []byte(yamlDirective)) {
			line[0] = '#'
		}
		pos = end
	}
	return text
}
