package normalize

import (
	"net/netip"
	"slices"
	"strings"

	"errata/internal/errata"
	"errata/internal/normalize/jsonx"
	"errata/internal/querylang"
)

// auto is what an SDK writes for the address that the server should fill in.
const auto = "{{auto}}"

// user reads who met the error. The address of the connection stands in where
// the SDK asks for it.
func (m *mapper) user(v, sdk jsonx.Value) {
	u := errata.User{}
	for name, member := range v.Members() {
		switch name {
		case "id":
			u.ID = m.line("user.id", member, 128)
		case "email":
			u.Email = m.line("user.email", member, 128)
		case "username":
			u.Username = m.line("user.username", member, 128)
		case "ip_address":
			u.IP = m.line("user.ip", member, 64)
		}
	}
	if k := v.Kind(); k != jsonx.Object && k > jsonx.Null {
		m.note("user", "expected_object", "")
	}
	if u.IP == auto || u.IP == "" && infersIP(sdk) {
		u.IP = firstOf(m.in.ClientIP, auto)
	}
	if u.IP != "" && u.IP != auto {
		u.IP = m.address(u.IP)
	}
	if u.ID == "" && u.Email == "" && u.Username == "" && u.IP == "" {
		return
	}
	m.ev.User = &u
	if u.IP != auto {
		m.ev.ClientIP = u.IP
	}
}

// infersIP says whether the SDK asks the server to note the address (its
// setting sdk.settings.infer_ip, JavaScript from 10 on).
func infersIP(sdk jsonx.Value) bool {
	s, _, _ := sdk.Get("settings").Get("infer_ip").Text()
	return s == "auto"
}

func (m *mapper) address(s string) string {
	ip, ok := canonicalIP(s)
	if !ok {
		m.note("user.ip", "bad_address", "")
	}
	return ip
}

func canonicalIP(s string) (string, bool) {
	a, err := netip.ParseAddr(s)
	if err != nil {
		return "", false
	}
	return a.Unmap().WithZone("").String(), true
}

// UserTerms gives the user the keyed hashes by which people are counted,
// filtered for and forgotten: querylang.UserHash of each of id, email, username
// and address. An address that the SDK left to the server becomes clientIP. It
// runs before redaction, which may remove the values.
func UserTerms(ev *errata.Event, secret []byte, clientIP string) {
	u := ev.User
	if u == nil {
		return
	}
	if u.IP == auto {
		u.IP, _ = canonicalIP(clientIP)
		ev.ClientIP = u.IP
	}
	u.Terms, u.Hash = nil, ""
	for _, value := range [...]string{u.ID, u.Email, u.Username, u.IP} {
		if strings.TrimSpace(value) == "" {
			continue
		}
		if term := querylang.UserHash(secret, value); !slices.Contains(u.Terms, term) {
			u.Terms = append(u.Terms, term)
		}
	}
	if len(u.Terms) > 0 {
		u.Hash = u.Terms[0]
		return
	}
	ev.User = nil
}
