package errata

import "errors"

// Code says what went wrong in a word that every door understands.
type Code string

// The nine codes.
const (
	Invalid         Code = "invalid"
	Unauthenticated Code = "unauthenticated"
	Forbidden       Code = "forbidden"
	NotFound        Code = "not_found"
	Conflict        Code = "conflict"
	TooLarge        Code = "too_large"
	SlowDown        Code = "slow_down"
	Unavailable     Code = "unavailable"
	Internal        Code = "internal"
)

// Detail is one finer-grained finding behind an error. Reason is a stable name
// documented in docs/errors.md; Start and End are half-open byte offsets into
// the text that Field names.
type Detail struct {
	Reason  string         `json:"reason"`
	Field   string         `json:"field,omitempty"`
	Start   int            `json:"start,omitempty"`
	End     int            `json:"end,omitempty"`
	Message string         `json:"message"`
	Hint    string         `json:"hint,omitempty"`
	Data    map[string]any `json:"data,omitempty"`
}

// Error carries a code for machines, a sentence for the reader, details, and
// the cause, which is for the operator and never shown.
type Error struct {
	Code    Code
	Message string
	Details []Detail
	cause   error
}

func (e *Error) Error() string {
	if e.cause == nil {
		return e.Message
	}
	return e.Message + ": " + e.cause.Error()
}

func (e *Error) Unwrap() error { return e.cause }

// E returns an Error.
func E(code Code, message string, cause error) error {
	return &Error{Code: code, Message: message, cause: cause}
}

// Because returns an Error with details; the first names the reason.
func Because(code Code, message string, cause error, details ...Detail) error {
	return &Error{Code: code, Message: message, Details: details, cause: cause}
}

// CodeOf returns the code in err's chain, Internal for a stranger, "" for nil.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return Internal
}

// ReasonOf returns the first reason in err's chain, or "".
func ReasonOf(err error) string {
	if e, ok := errors.AsType[*Error](err); ok && len(e.Details) > 0 {
		return e.Details[0].Reason
	}
	return ""
}

// DetailsOf returns the details in err's chain.
func DetailsOf(err error) []Detail {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Details
	}
	return nil
}

// MessageOf returns the sentence meant for the reader; the text of an internal
// error never leaves.
func MessageOf(err error) string {
	if e, ok := errors.AsType[*Error](err); ok && e.Code != Internal {
		return e.Message
	}
	return "Something broke on our side."
}
