package bookie

import (
	"context"
	"fmt"
	"io"
	"net/http"
)

// ask gets one path and reads its answer, whatever its code.
func (c *Client) ask(ctx context.Context, p path) (answer, error) {
	return request(ctx, c, p, func(code int, body *bounded) (answer, error) {
		text, err := io.ReadAll(body)
		if err == nil && body.exceeded {
			err = fmt.Errorf("an answer of more than %d bytes", p.limit)
		}
		return answer{code, text}, err
	})
}

// request gets one path and hands its answer to read.
func request[T any](ctx context.Context, c *Client, p path, read func(code int, body *bounded) (T, error)) (T, error) {
	var none T
	fail := func(err error) (T, error) { return none, fmt.Errorf("asking %s%s: %w", c.base, p.name, err) }
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+p.name, nil)
	if err != nil {
		return fail(err)
	}
	response, err := c.http.Do(request)
	if err != nil {
		return fail(reasonOf(ctx, err))
	}
	// What was read to its end leaves the connection for the next question.
	defer response.Body.Close()
	body := &bounded{reader: response.Body, left: p.limit}
	value, err := read(response.StatusCode, body)
	if body.err != nil {
		return fail(reasonOf(ctx, body.err))
	}
	if err != nil {
		return fail(err)
	}
	return value, nil
}

// askOK gets a path whose only good answer is 200, and which says 404 only where this version
// does not know it.
func (c *Client) askOK(ctx context.Context, p path) ([]byte, error) {
	a, err := c.ask(ctx, p)
	if err != nil {
		return nil, err
	}
	if a.code != http.StatusOK {
		return nil, c.unexpected(p, a)
	}
	return a.body, nil
}

// unexpected is the error for an answer that the path does not promise.
func (c *Client) unexpected(p path, a answer) error {
	return fmt.Errorf("asking %s%s: %w", c.base, p.name, p.unexpected(a))
}

func (p path) unexpected(a answer) error {
	err := newStatusError(a)
	if a.isText(http.StatusNotFound, unknownPath) {
		return fmt.Errorf("%w, which has it since %s: %w", ErrUnsupported, p.since, err)
	}
	return err
}

// misread is the error for an answer that cannot be read.
func (c *Client) misread(p path, err error) error {
	return fmt.Errorf("reading the answer of %s%s: %w", c.base, p.name, err)
}

// unknownPath is what Vert.x answers to a path that no handler has.
// Source: testdata/unknown-path.http; vertx-web, impl/RoutingContextImpl.java.
const unknownPath = "<html><body><h1>Resource not found</h1></body></html>"

// bounded reads so many bytes and no more.
type bounded struct {
	reader io.Reader
	left   int64
	// exceeded: there was more. err: the connection broke.
	exceeded bool
	err      error
}

func (b *bounded) Read(into []byte) (int, error) {
	if b.exceeded {
		return 0, io.EOF
	}
	// One byte more tells an answer of just that length from a longer one.
	if int64(len(into)) > b.left+1 {
		into = into[:b.left+1]
	}
	n, err := b.reader.Read(into)
	if err != nil && err != io.EOF {
		b.err = err
	}
	if int64(n) > b.left {
		n, b.exceeded, err = int(b.left), true, io.EOF
	}
	b.left -= int64(n)
	return n, err
}
