package querylang

import "strings"

// ParseKey reads the key of a field as a query writes it (os, environment,
// tags[region], ctx.cart.items) or as TermKey does (tags.region). ok is false
// for what is no field.
func ParseKey(s string) (k Key, ok bool) {
	if len(s) > 200 {
		return Key{}, false
	}
	s = Fold(s)
	name, arg, square := strings.Cut(s, "[")
	if !square {
		f, k, _ := lookup(s)
		return k, f != nil
	}
	arg, closed := strings.CutSuffix(arg, "]")
	if name != "tags" && name != "tag" || !closed || !tagKey(arg) {
		return Key{}, false
	}
	return Key{"tags", arg}, true
}
