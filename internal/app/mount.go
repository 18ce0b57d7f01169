package app

import (
	"fmt"
	"net/http"
	"strings"

	"errata/internal/errata"
)

// door is a transport package: what it answers, and the handler that does.
type door interface {
	Routes() []errata.Route
	Handler() http.Handler
}

// missing answers a request that no row takes. allow lists the methods that the
// path knows; none: there is no such path.
type missing func(w http.ResponseWriter, r *http.Request, allow []string)

// methods are those that a row may have.
var methods = []string{
	http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions,
}

// mount puts every row of every door on one ServeMux, so that rows of several
// doors may share a path; whatever is left goes to rest. A row that stands
// twice, or that the mux cannot tell from another, is an error.
func mount(mux *http.ServeMux, rest missing, doors ...door) (err error) {
	row := ""
	defer func() {
		if problem := recover(); problem != nil { // the mux reports conflicts by a panic
			err = fmt.Errorf("route %s: %v", row, problem)
		}
	}()
	for _, d := range doors {
		handler := d.Handler()
		for _, r := range d.Routes() {
			row = r.Method + " " + pattern(r.Path)
			mux.Handle(row, handler)
		}
	}
	row = "/"
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { rest(w, r, allowed(mux, r)) })
	return nil
}

// pattern turns a row's path into a pattern that matches just this path: a
// final slash is a path of its own, not a folder. Parameters may be written
// {id} or :id, a rest *.
func pattern(path string) string {
	parts := strings.Split(path, "/")
	for i, p := range parts {
		switch {
		case strings.HasPrefix(p, ":"):
			parts[i] = "{" + p[1:] + "}"
		case p == "*":
			parts[i] = "{rest...}"
		}
	}
	if last := len(parts) - 1; last > 0 && parts[last] == "" {
		parts[last] = "{$}"
	}
	return strings.Join(parts, "/")
}

// allowed returns the methods under which the mux knows the path of r.
func allowed(mux *http.ServeMux, r *http.Request) []string {
	var all []string
	for _, m := range methods {
		probe := r.Clone(r.Context())
		probe.Method = m
		if _, found := mux.Handler(probe); found != "/" && found != "" {
			all = append(all, m)
		}
	}
	return all
}
