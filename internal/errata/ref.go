package errata

import (
	"strconv"
	"strings"
)

// Ref names a stored event: where and when it lies. Time (µs) and Class (days
// of retention) lead the engine to the right index or file; a zero Time or
// Class means unknown.
type Ref struct {
	Project string
	EventID string
	Time    int64
	Class   int
}

// String returns "<event id>.<event time µs>.<class days>", the form of the
// columns last_ref and best_ref. The project is that of the row.
func (r Ref) String() string {
	if r.EventID == "" {
		return ""
	}
	return r.EventID + "." + strconv.FormatInt(r.Time, 10) + "." + strconv.Itoa(r.Class)
}

// ParseRef reads what String wrote; anything else gives a zero Ref.
func ParseRef(project, s string) Ref {
	p := strings.Split(s, ".")
	if len(p) != 3 {
		return Ref{}
	}
	at, err1 := strconv.ParseInt(p[1], 10, 64)
	class, err2 := strconv.Atoi(p[2])
	if err1 != nil || err2 != nil {
		return Ref{}
	}
	return Ref{Project: project, EventID: p[0], Time: at, Class: class}
}
