package demo

import (
	"strings"
	"time"

	"errata/internal/errata"
)

// object is a part of an SDK's payload.
type object = map[string]any

// service is one of the shop's, with everything that goes wrong in it.
type service struct {
	slug, name, prefix string
	platform           string   // of the service, as the set-up page calls it
	language, sdk      string   // as the SDK calls itself
	team               []string // logins; the first looks after it
	release            string   // %d is the number of the release
	first, every       int      // number of the first release, and days from one to the next
	frames             []object // of framework and runtime, oldest call first
	entry              place    // of its own code, before each place
	crumbs             []crumb
	tags               map[string][]string
	contexts           object
	url                string // what requests begin with; "" = it answers none
	agent              string
	faults             []fault

	releases releases
	id, key  string // once the product has it
}

// fault is something that goes wrong, at one place or at several: each place is
// an issue of its own.
type fault struct {
	name        string // for a scene to name it
	severity    errata.Severity
	level       string // "" = what follows from the severity
	typ, value  string // %d is a number that differs
	cause       *fault // what it was caused by
	source      []string
	vars        object
	places      []place
	tags        object
	users       int // how many customers meet it; 0 = nobody is named
	size        int // events of a usual episode
	shape       shape
	staging     bool
	noise       string // why it is ignored soon, "" = it is not
	found       string // what somebody writes who looked
	fixed       string // what somebody writes who resolves it
	why         errata.Cause
	contexts    object
	data, extra object // of the request, of the event
}

// place is where a fault shows: a function, and what the customer wanted.
type place struct {
	module, function, file string
	line                   int
	route                  string // "POST /v1/orders", "" = no request
}

// crumb is a breadcrumb; seconds is how long before the error it fell.
type crumb struct {
	seconds                  float64
	category, message, level string
	data                     object
}

// shape says how the events of an episode lie in it.
type shape int

const (
	burst   shape = iota // most of them at once, then fewer and fewer
	steady               // as customers come and go
	nightly              // with the jobs of the night
)

// frame writes a place as a stack frame. The line that was hit is marked by ">".
func (p place) frame(inApp bool, source []string, vars object) object {
	f := object{"function": p.function, "filename": p.file, "lineno": p.line, "in_app": inApp}
	if p.module != "" {
		f["module"] = p.module
	}
	var pre, post []string
	for _, s := range source {
		hit, ok := strings.CutPrefix(s, ">")
		switch {
		case ok:
			f["context_line"] = hit
		case f["context_line"] == nil:
			pre = append(pre, s)
		default:
			post = append(post, s)
		}
	}
	if len(source) > 0 {
		f["pre_context"], f["post_context"] = pre, post
	}
	if vars != nil {
		f["vars"] = vars
	}
	return f
}

func lib(module, function, file string, line int) object {
	return place{module: module, function: function, file: file, line: line}.frame(false, nil, nil)
}

// shop lists the services. It is made anew for each caller, who may keep it.
func shop() []*service {
	return []*service{
		checkoutAPI(), storefrontWeb(), paymentsWorker(), inventorySvc(),
		storefrontAPI(), carrierGateway(), billingSvc(), notifications(),
	}
}

// Span is how long the history is.
const Span = 84 * 24 * time.Hour
