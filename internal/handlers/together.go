package handlers

import (
	"fmt"
	"runtime/debug"
	"sync"
)

// together runs the parts of a page at once and returns when all have ended. A
// panic of one is raised again in the caller's goroutine, where it becomes the
// 500 page: in a goroutine of its own it would end the program.
func together(parts ...func()) {
	panics := make([]string, len(parts))
	var wg sync.WaitGroup
	for i, part := range parts {
		wg.Go(func() {
			defer func() {
				if v := recover(); v != nil {
					panics[i] = fmt.Sprintf("%v\n%s", v, debug.Stack())
				}
			}()
			part()
		})
	}
	wg.Wait()
	for _, p := range panics {
		if p != "" {
			panic(p)
		}
	}
}
