package normalize

import (
	"github.com/mileusna/useragent"

	"errata/internal/errata"
	"errata/internal/normalize/jsonx"
)

// userAgent adds the contexts browser and os from the User-Agent header, each
// only where the SDK sent none.
func (m *mapper) userAgent() {
	ev := m.ev
	_, browser := ev.Contexts.Get("browser")
	_, os := ev.Contexts.Get("os")
	if browser && os {
		return
	}
	agent := header(ev.Request, "User-Agent")
	if agent == "" || len(agent) > 512 {
		return
	}
	ua := useragent.Parse(agent)
	if ua.Bot || ua.Name == "" {
		return
	}
	if !browser && (ua.Desktop || ua.Mobile || ua.Tablet) {
		m.product("browser", ua.Name, ua.Version)
	}
	if !os && ua.OS != "" {
		m.product("os", ua.OS, ua.OSVersion)
	}
}

func (m *mapper) product(name, product, version string) {
	start := len(m.room)
	b := jsonx.AppendString(append(m.room, `{"name":`...), product)
	if version != "" && version[0] >= '0' && version[0] <= '9' { // not "x86_64"
		b = jsonx.AppendString(append(b, `,"version":`...), version)
	}
	m.room = append(b, '}')
	m.ev.Contexts = append(m.ev.Contexts, errata.Member{Key: name, Value: m.room[start:len(m.room):len(m.room)]})
}
