package handlers

import (
	"strings"
	"sync/atomic"
	"testing"
)

func TestTogether(t *testing.T) {
	var done atomic.Int64
	raised := func() (v any) {
		defer func() { v = recover() }()
		together(func() { done.Add(1) }, func() { panic("no such card") }, func() { done.Add(1) })
		return nil
	}()
	text, _ := raised.(string)
	if !strings.Contains(text, "no such card") || !strings.Contains(text, "together_test.go") {
		t.Errorf("the panic did not reach the caller with its stack: %v", raised)
	}
	if done.Load() != 2 {
		t.Errorf("%d of the 2 other parts ended", done.Load())
	}
	together()
}
