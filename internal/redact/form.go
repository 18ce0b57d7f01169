package redact

import "strings"

// held looks behind name= or "name": whose value starts at i. If that value
// is a secret key, the value that follows goes: <input name="password"
// value="…">, {"name": "token", "value": "…"}, and a part of a multipart form.
func (p *pass) held(i int) int {
	for p.at(i) == ' ' {
		i++
	}
	q, n := p.quoteAt(i)
	if n < 0 {
		return 0
	}
	from, to, closed := p.quoted(i+n, q)
	if !closed || to-from > maxKey || to == from || p.r.verdict(p.s[from:to])&secret == 0 {
		return 0
	}
	j := to
	for p.at(j) == '\\' {
		j++
	}
	j++
	if p.endsWithin(from, "form-data;") {
		return p.formPart(j)
	}
	if p.at(j) == '>' { // <property name="password">…</property>
		if n := strings.IndexByte(p.s[j:], '<'); n > 1 && !isTrivial(p.s[j+1:j+n]) && strings.TrimSpace(p.s[j+1:j+n]) != "" {
			p.work += n
			return p.replace(j+1, j+n, markRemoved)
		}
		return 0
	}
	start := j
	for j-start < 16 && p.at(j) != 0 && (isSpace(p.s[j]) || strings.IndexByte(",\"'\\:", p.s[j]) >= 0) {
		j++
	}
	if !p.hasFold(j, "value") {
		return 0
	}
	for j += len("value"); j-start < 32 && p.at(j) != 0 && strings.IndexByte(" \"'\\", p.s[j]) >= 0; {
		j++
	}
	if p.at(j) != '=' && p.at(j) != ':' {
		return 0
	}
	for j++; p.at(j) == ' '; {
		j++
	}
	if _, n := p.quoteAt(j); n >= 0 {
		return p.literal(j + n)
	}
	return 0
}

// endsWithin says whether s stands shortly before i.
func (p *pass) endsWithin(i int, s string) bool {
	return strings.Contains(p.s[max(p.done, i-40):i], s)
}

// formPart removes the content of the part of a multipart form whose header
// goes on at i.
func (p *pass) formPart(i int) int {
	for _, blank := range [2]string{"\r\n\r\n", "\n\n"} {
		k := strings.Index(p.s[i:min(len(p.s), i+256)], blank)
		if k < 0 {
			continue
		}
		from := i + k + len(blank)
		to := strings.Index(p.s[from:], blank[:len(blank)/2]+"--")
		if to < 0 {
			to = len(p.s) - from
		}
		p.work += to
		if v := p.s[from : from+to]; v == "" || v == markRemoved {
			return from + to
		}
		return p.replace(from, from+to, markRemoved)
	}
	return 0
}
