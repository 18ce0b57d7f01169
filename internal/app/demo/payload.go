package demo

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"errata/internal/errata"
)

// event writes what the SDK of the service would send. The random numbers are
// the subject's own, so that its events do not depend on others.
func (s *subject) event(at time.Time) (id string, payload []byte, err error) {
	id = fmt.Sprintf("%016x%016x", s.dice.Uint64(), s.dice.Uint64())
	svc := s.service
	e := object{
		"event_id": id, "timestamp": float64(at.UnixMicro()) / 1e6, "platform": svc.language, "level": s.levelName(),
		"environment": s.environment, "release": svc.releases.at(at), "server_name": fmt.Sprintf("%s-%d", svc.slug, s.dice.IntN(3)),
		"sdk": object{"name": svc.sdk, "version": "10.2.0"}, "tags": s.eventTags(), "exception": object{"values": s.exceptions()},
		"contexts": s.eventContexts(), "breadcrumbs": object{"values": s.breadcrumbs(at)},
	}
	if s.place.route != "" {
		e["transaction"] = s.place.route
		e["request"] = s.request()
	}
	if s.users > 0 {
		n := int(float64(s.users) * s.dice.Float64() * s.dice.Float64()) // some come often
		e["user"] = object{"id": fmt.Sprintf("cust-%05d", 10_000+7*n), "email": fmt.Sprintf("customer%d@example.com", n)}
	}
	if s.extra != nil {
		e["extra"] = s.extra
	}
	payload, err = json.Marshal(e)
	return id, payload, err
}

func (s *subject) levelName() string {
	switch {
	case s.level != "":
		return s.level
	case s.severity == errata.P0:
		return "fatal"
	case s.severity == errata.P3:
		return "warning"
	}
	return "error"
}

func (s *subject) eventTags() object {
	tags := object{}
	maps.Copy(tags, s.tags)
	for _, name := range slices.Sorted(maps.Keys(s.service.tags)) {
		values := s.service.tags[name]
		tags[name] = values[s.dice.IntN(len(values))]
	}
	if s.severity == errata.P0 { // no level says as much
		tags["errata.severity"] = s.severity.String()
	}
	return tags
}

func (s *subject) exceptions() []object {
	var frames []object
	frames = append(frames, s.service.frames...)
	if s.service.entry.function != "" {
		frames = append(frames, s.service.entry.frame(true, nil, nil))
	}
	frames = append(frames, s.place.frame(true, s.source, s.vars))
	thrown := object{"type": s.typ, "value": s.said(s.value), "stacktrace": object{"frames": frames}}
	// What nobody handled is one step more urgent in production than its level.
	if s.severity == errata.P1 && s.level == "" {
		thrown["mechanism"] = object{"type": "generic", "handled": false}
	}
	if s.cause == nil {
		return []object{thrown}
	}
	return []object{{"type": s.cause.typ, "value": s.said(s.cause.value)}, thrown}
}

// said fills the number into a text that has one.
func (s *subject) said(text string) string {
	if strings.Contains(text, "%d") {
		return fmt.Sprintf(text, 2+s.dice.IntN(s.numbers()))
	}
	return text
}

// numbers is how many different numbers its text has.
func (s *subject) numbers() int {
	if strings.Contains(s.value, "times") || strings.Contains(s.value, "index out of range") {
		return 4
	}
	return 9_000
}

func (s *subject) breadcrumbs(at time.Time) []object {
	var out []object
	for _, c := range s.service.crumbs {
		o := object{"category": c.category, "level": c.level, "timestamp": float64(at.UnixMicro())/1e6 - c.seconds}
		if c.message != "" {
			o["message"] = c.message
		}
		if c.data != nil {
			o["data"] = c.data
		}
		out = append(out, o)
	}
	return out
}

// request writes what the customer asked for. It holds secrets, as requests do.
func (s *subject) request() object {
	method, path, ok := strings.Cut(s.place.route, " ")
	if !ok {
		method, path = "GET", s.place.route
	}
	if method == "query" || method == "mutation" {
		method, path = "POST", "?op="+url.QueryEscape(path)
	}
	path = strings.NewReplacer("{id}", strconv.Itoa(20_000+s.dice.IntN(9_000)), "{slug}", "silver-needle", "{number}", "NP20481", "{code}", "SPRING", "{year}", "2026").Replace(path)
	out := object{
		"method": method, "url": s.service.url + path,
		"headers": object{"User-Agent": s.service.agent, "Authorization": "Bearer eyJhbGciOi.secret.part", "X-Request-Id": fmt.Sprintf("req-%08x", s.dice.Uint32()), "Accept-Language": "nb-NO"},
	}
	if s.data != nil {
		out["data"] = s.data
	}
	return out
}

func (s *subject) eventContexts() object {
	out := object{"trace": object{
		"trace_id": fmt.Sprintf("%016x%016x", s.dice.Uint64(), s.dice.Uint64()), "span_id": fmt.Sprintf("%016x", s.dice.Uint64()), "op": "http.server",
	}}
	maps.Copy(out, s.service.contexts)
	maps.Copy(out, s.contexts)
	return out
}
