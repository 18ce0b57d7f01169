// Package grouping decides which events are the same error: it computes the
// fingerprint of an event by algorithm errata-g1, tells why, and names the
// issue. It is pure; the same event gives the same answer for ever.
package grouping

import (
	"crypto/sha256"
	"encoding/hex"

	"errata/internal/errata"
)

// Version names the algorithm in stored fingerprints.
const Version = "g1"

// Kind says what an event was grouped by.
type Kind string

// The kinds.
const (
	KindStack    Kind = "stack"    // its exceptions
	KindThread   Kind = "thread"   // the crashed, current or only thread
	KindMessage  Kind = "message"  // its text
	KindFallback Kind = "fallback" // platform and transaction alone
	KindChecksum Kind = "checksum" // a checksum the program sent
	KindCustom   Kind = "custom"   // parts that the program or a rule set
	KindMixed    Kind = "mixed"    // such parts and the default
)

// Result is the identity of the error behind an event, and what it was made of.
type Result struct {
	Version string // "g1"
	Kind    Kind
	Hash    string // 32 hex digits
	Rule    string // the grouping rule that decided, as written; "" = none
	Parts   []Part // what was looked at, in the order of the event
}

// Part is one thing the algorithm looked at.
type Part struct {
	Name string `json:"part"`          // type, frame, value, message, logger, …
	Text string `json:"text"`          // as compared: names cleaned, variable parts replaced
	Used bool   `json:"used"`          // whether it counts
	Why  string `json:"why,omitempty"` // why it does not, for people
}

// The names of parts and the letter that each leaf starts with.
var leafPrefix = map[string]byte{
	partType: 'x', partFrame: 'f', partValue: 'v', partMessage: 'm', partLogger: 'l', partService: 's',
	partPlatform: 'o', partTransaction: 't', partChecksum: 'c', partCustom: 'p', partDefault: 'd',
}

const (
	partType        = "type"
	partFrame       = "frame"
	partValue       = "value"
	partMessage     = "message"
	partLogger      = "logger"
	partService     = "service"
	partPlatform    = "platform"
	partTransaction = "transaction"
	partChecksum    = "checksum"
	partCustom      = "part"
	partDefault     = "default"
)

// Fingerprint returns the identity of the error behind ev. What yields first
// decides: parts that the program set (client fingerprint), its checksum, a
// built-in rule, the exceptions, the thread, the text, platform and
// transaction. Frames must have been decided (errata.DecideInApp) before.
//
// The hash is the first 16 bytes, in hex, of SHA-256 over
//
//	errata-g1 0x1F <kind> 0x1F <leaf> 0x1F <leaf> …
//
// A leaf is a letter, a colon and a text in which 0x1F became a space:
//
//	x: type of an exception        f: key of a frame           v: text of an exception without frames
//	l: logger                      m: text of the event        s: tag service.name
//	o: platform                    t: transaction              c: checksum
//	p: custom part                 d: hash of the default result
//
// Exceptions stand in the order of the event (oldest first, the thrown one
// last), each as x: and then f: (oldest call first) or v:; message leaves
// stand as l: m: s:, those of a thread as f: m:, of the fallback as o: t:,
// custom parts in the order in which they were set. What is absent or empty
// has no leaf.
func Fingerprint(ev *errata.Event, p errata.Project) Result {
	switch {
	case len(ev.ClientFingerprint) > 0:
		return custom(ev, p, ev.ClientFingerprint, "")
	case ev.Checksum != "":
		return finish(KindChecksum, []Part{used(partChecksum, ev.Checksum)})
	}
	return byDefault(ev, p)
}

// byDefault is the result without anything that the program set.
func byDefault(ev *errata.Event, p errata.Project) Result {
	if r := matchRule(builtIn, ev); r != nil {
		return custom(ev, p, r.parts, r.line)
	}
	return byContent(ev, p)
}

func byContent(ev *errata.Event, p errata.Project) Result {
	if parts := exceptionParts(ev); anyUsed(parts) {
		return finish(KindStack, parts)
	}
	if parts := threadParts(ev); anyUsed(parts) {
		return finish(KindThread, parts)
	}
	if m := messageOf(ev); m != "" {
		return finish(KindMessage, messageParts(ev, p, m))
	}
	var parts []Part
	parts = appendUsed(parts, partPlatform, ev.Platform)
	parts = appendUsed(parts, partTransaction, ev.Transaction)
	return finish(KindFallback, parts)
}

// messageOf returns the event's text with its variable parts replaced: the
// template, else the message, else the value of the thrown exception.
func messageOf(ev *errata.Event) string {
	for _, text := range []string{ev.MessageTemplate, ev.Message} {
		if m := Parameterise(text); m != "" {
			return m
		}
	}
	if x := ev.Thrown(); x != nil {
		return Parameterise(x.Value)
	}
	return ""
}

func messageParts(ev *errata.Event, p errata.Project, text string) []Part {
	parts := appendUsed(nil, partLogger, ev.Logger)
	parts = append(parts, used(partMessage, text))
	if service := ev.Tag("service.name"); service != "" {
		if p.Settings.SeparateServices {
			return append(parts, used(partService, service))
		}
		parts = append(parts, unused(partService, service, "the project does not separate services"))
	}
	return parts
}

func used(name, text string) Part        { return Part{Name: name, Text: text, Used: true} }
func unused(name, text, why string) Part { return Part{Name: name, Text: text, Why: why} }

func appendUsed(parts []Part, name, text string) []Part {
	if text == "" {
		return parts
	}
	return append(parts, used(name, text))
}

func anyUsed(parts []Part) bool {
	for i := range parts {
		if parts[i].Used {
			return true
		}
	}
	return false
}

func finish(kind Kind, parts []Part) Result {
	return Result{Version: Version, Kind: kind, Hash: hash(kind, parts), Parts: parts}
}

const separator = 0x1F

// hash implements the canonical form that Fingerprint documents.
func hash(kind Kind, parts []Part) string {
	b := make([]byte, 0, 2048)
	b = append(b, "errata-"+Version...)
	b = append(append(b, separator), kind...)
	for i := range parts {
		if parts[i].Used {
			b = append(b, separator, leafPrefix[parts[i].Name], ':')
			b = appendLeaf(b, parts[i].Text)
		}
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:16])
}

func appendLeaf(b []byte, text string) []byte {
	start := len(b)
	b = append(b, text...)
	for i := start; i < len(b); i++ {
		if b[i] == separator {
			b[i] = ' '
		}
	}
	return b
}
