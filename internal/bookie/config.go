package bookie

import (
	"context"
	"fmt"
	"strings"
)

// Config is what a process was configured with, by setting. It has the settings of its file
// and, where BookKeeper reads them, its system properties. What is absent has the default of
// BookKeeper's code, which depends on the version and which no answer shows. A setting whose
// name speaks of a password, a secret, a token or a credential is left out.
type Config map[string]string

// Config asks for the configuration. Anyone who reaches the process can have changed what it
// shows, without any effect on what it does: that was read at its start.
// Source: BookKeeper 4.17.3, server/http/service/ConfigurationService.java, conf/AbstractConfiguration.java (asJson).
func (c *Client) Config(ctx context.Context) (Config, error) {
	body, err := c.askOK(ctx, serverConfig)
	if err != nil {
		return nil, err
	}
	config, err := parseConfig(body)
	if err != nil {
		return nil, c.misread(serverConfig, err)
	}
	return config, nil
}

// parseConfig never puts a value into an error.
func parseConfig(body []byte) (Config, error) {
	o, err := parseObject(body)
	if err != nil {
		return nil, fmt.Errorf("not a JSON object")
	}
	config := Config{}
	for name := range o {
		if isSecret(name) {
			continue
		}
		var value string
		if err := field(o, name, &value); err != nil {
			return nil, fmt.Errorf("%q is not text", name)
		}
		config[name] = value
	}
	return config, nil
}

func isSecret(setting string) bool {
	setting = strings.ToLower(setting)
	for _, word := range []string{"password", "passwd", "secret", "token", "credential"} {
		if strings.Contains(setting, word) {
			return true
		}
	}
	return false
}

// List is a setting of several values, which BookKeeper shows as "[a, b]", and a single one as
// it is; nil where the setting is absent.
func (c Config) List(setting string) []string {
	value, ok := c[setting]
	if !ok {
		return nil
	}
	inner, open := strings.CutPrefix(value, "[")
	inner, closed := strings.CutSuffix(inner, "]")
	if !open || !closed {
		return []string{value}
	}
	return strings.Split(inner, ", ")
}
