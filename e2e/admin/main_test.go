package admin_test

import (
	"os"
	"testing"

	"github.com/bkgen/bkgen/e2e/sandbox"
)

func TestMain(m *testing.M) { os.Exit(sandbox.Run(m)) }
