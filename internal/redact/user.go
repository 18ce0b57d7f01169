package redact

import (
	"net/netip"

	"errata/internal/errata"
)

// What a project may choose for each field of the user. Of a field that is
// hashed only or dropped nothing is left here: the keyed hashes are in
// User.Hash and User.Terms since before redaction.
const (
	fieldKeep = "keep"
	fieldHash = "hash"
)

// What a project may choose for the addresses of users; "drop" is everything
// else.
const (
	ipKeep     = "keep"
	ipTruncate = "truncate"
)

func (r *Redactor) user(u *errata.User) {
	keep(&u.ID, r.keepID)
	keep(&u.Email, r.keepEmail)
	keep(&u.Username, r.keepUsername)
	u.IP = r.address(u.IP)
}

func keep(field *string, choice string) {
	if choice != fieldKeep {
		*field = ""
	}
}

// address applies the IP mode: what is truncated loses its last octet, or all
// but the first 48 bits of IPv6. Text that is no address is dropped.
func (r *Redactor) address(s string) string {
	if s == "" || r.ipMode == ipKeep {
		return s
	}
	ip, err := netip.ParseAddr(s)
	if err != nil || r.ipMode != ipTruncate {
		return ""
	}
	plain := ip.Unmap().WithZone("")
	bits := 48
	if plain.Is4() {
		bits = 24
	}
	prefix, err := plain.Prefix(bits)
	if err != nil {
		return ""
	}
	if prefix.Addr() == ip {
		return s
	}
	return prefix.Addr().String()
}
