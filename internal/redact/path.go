package redact

import "strings"

const maxUserinfo = 256

// userinfo looks at the colon of "://" and redacts user and password before
// the host. They end at the last @ before the path; a password with a slash
// in it is recognised by a port that is no number.
func (p *pass) userinfo(i int) int {
	from := i + len("://")
	if !isAlnum(p.at(i - 1)) {
		return i + 1
	}
	at, end := -1, from
	for end < len(p.s) && end-from < maxUserinfo && !endsAuthority(p.s[end]) {
		if p.s[end] == '@' {
			at = end
		}
		end++
	}
	p.work += end - from
	if at < 0 && p.at(end) == '/' {
		at = p.slashedPassword(from, end)
	}
	if at <= from {
		return from
	}
	if u := p.s[from:at]; u == "git" || u == markRemoved || !hasAlnum(u) || isTemplate(u) {
		return at
	}
	return p.replace(from, at, markRemoved) + 1
}

// isTemplate recognises %s:%s and {user}:{password}.
func isTemplate(userinfo string) bool {
	name, password, ok := strings.Cut(userinfo, ":")
	return isVerbs(userinfo) || isPlaceholder(name) && (!ok || isPlaceholder(password))
}

func endsAuthority(c byte) bool {
	return isSpace(c) || isQuote(c) || strings.IndexByte("/?#<>\\,;", c) >= 0
}

// slashedPassword returns the @ behind "user:pass/word", -1 if there is none.
func (p *pass) slashedPassword(from, slash int) int {
	k := strings.IndexByte(p.s[from:slash], ':')
	if k < 1 || digits(p.s[from+k+1:slash]) == slash-from-k-1 || p.s[from] == '[' {
		return -1
	}
	for j := slash; j < len(p.s) && j-from < maxUserinfo && !isSpace(p.s[j]) && !isQuote(p.s[j]); j++ {
		if p.work++; p.s[j] == '@' {
			return j
		}
	}
	return -1
}

// home looks at /home/NAME and /Users/NAME.
func (p *pass) home(i int) int {
	from := 0
	switch {
	case p.has(i, "/home/"):
		from = i + len("/home/")
	case p.has(i, "/Users/"):
		from = i + len("/Users/")
	}
	if from == 0 || p.mode&route != 0 || !p.isRoot(i) || p.afterMethod(i) {
		return i + 1
	}
	to := p.folderName(from, '/')
	if to == from || p.at(to) != '/' && isPage(p.s[from:to]) || !isPerson(p.s[from:to]) {
		return from - 1
	}
	return p.replace(from, to, markUser)
}

// encodedHome looks at %2Fhome%2FNAME, whose first digit is at i.
func (p *pass) encodedHome(i int) int {
	from := i + strings.IndexByte(p.s[i:], '%') + len("%2f")
	to := p.folderName(from, '%')
	if to == from || p.mode&route != 0 || !isPerson(p.s[from:to]) {
		return from
	}
	return p.replace(from, to, markUser)
}

// isRoot says whether a file path starts at i, or one of the folders that hold
// home folders ends there. A path of a URL does not start there.
func (p *pass) isRoot(i int) bool {
	c := p.at(i - 1)
	if !isWord(c) && c != '.' && c != '-' && c != '/' && c != '%' && c != '}' && c != ']' && c != '~' && c != '*' {
		return true
	}
	if c == '/' {
		return p.endsFold(i, "file://")
	}
	for _, dir := range homeParents {
		if p.has(i-len(dir), dir) && !isWord(p.at(i-len(dir)-1)) {
			return true
		}
	}
	return false
}

var homeParents = []string{"/export", "/var", "/usr", "/data", "/mnt/c", "/mnt/d", "/c", "/d", "/System/Volumes/Data", "/private"}

// afterMethod says whether an HTTP method stands before i: then it is a route.
func (p *pass) afterMethod(i int) bool {
	if p.at(i-1) != ' ' {
		return false
	}
	switch p.wordBefore(i - 1) {
	case "GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS":
		return true
	}
	return false
}

// folderName returns the end of the folder that starts at from. A name may
// have blanks if sep follows it: C:\Users\Ada Lovelace\notes.txt.
func (p *pass) folderName(from int, sep byte) int {
	to := from
	for to < len(p.s) && !isSpace(p.s[to]) && strings.IndexByte("/\\:*?\"'<>|,;()[]{}`=&#%", p.s[to]) < 0 {
		to++
	}
	p.work += to - from
	if p.at(to) == ' ' {
		if end := p.spacedName(to, sep); end > 0 {
			return end
		}
	}
	for to > from && (p.s[to-1] == '.' || p.s[to-1] == '!') {
		to--
	}
	return to
}

// spacedName reads up to two more words and the separator behind them.
func (p *pass) spacedName(i int, sep byte) int {
	for words := 0; words < 2 && p.at(i) == ' ' && isWord(p.at(i+1)); words++ {
		for i++; isWord(p.at(i)) || p.at(i) == '.' || p.at(i) == '-'; {
			i++
		}
		if p.at(i) == sep {
			return i
		}
	}
	return 0
}

// isPage recognises a route as /home/index.html.
func isPage(name string) bool {
	dot := strings.LastIndexByte(name, '.')
	return dot > 0 && notTopLevel.has(name[dot+1:])
}

// isPerson says whether a home folder is somebody's.
func isPerson(name string) bool {
	if !isWord(name[0]) {
		return false
	}
	switch name {
	case "Shared", "Public", "Default", "All Users":
		return false
	}
	return true
}

// backslash looks at \Users\NAME, also with doubled backslashes.
func (p *pass) backslash(i int) int {
	n := 1
	for p.at(i+n) == '\\' {
		n++
	}
	end := i + n
	switch {
	case p.hasFold(end, `users\`):
		end += len("users")
	case p.hasFold(end, `documents and settings\`):
		end += len("documents and settings")
	default:
		return i + n
	}
	from := end
	for p.at(from) == '\\' && from-end < n {
		from++
	}
	to := p.folderName(from, '\\')
	if from-end != n || to == from || !isPerson(p.s[from:to]) {
		return from - 1
	}
	return p.replace(from, to, markUser)
}

// element looks at </password> and removes what the element holds.
func (p *pass) element(i int) int {
	name := i + 1
	end := name
	for end < len(p.s) && end-name < maxKey && (isAlnum(p.s[end]) || strings.IndexByte("-_.:", p.s[end]) >= 0) {
		end++
	}
	if p.at(end) != '>' || p.mode&keyless != 0 || end == name {
		return i + 1
	}
	if p.r.verdict(p.s[name+strings.LastIndexByte(p.s[name:end], ':')+1:end])&secret == 0 {
		return end
	}
	to := i - 1
	from := max(p.done, to-1024)
	const open, closed = "<![CDATA[", "]]>"
	if p.has(to-len(closed), closed) {
		to -= len(closed)
		if k := strings.LastIndex(p.s[from:to], open); k >= 0 {
			from += k + len(open)
		}
	} else if k := strings.LastIndexByte(p.s[from:to], '>'); k >= 0 {
		from += k + 1
	}
	p.work += to - from
	if v := strings.TrimSpace(p.s[from:to]); isTrivial(v) || isPlaceholder(v) || strings.IndexByte(v, '<') >= 0 {
		return end
	}
	p.replace(from, to, markRemoved)
	return end
}
