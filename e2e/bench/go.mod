module github.com/bkgen/bkgen/e2e/bench

go 1.26.0
