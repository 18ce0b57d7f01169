package redact

// number looks at the run of digits that starts at i, which no digit precedes:
// an encoded delimiter, an account, card, device or social security number, an
// IPv4 address, or a digit inside a word that may be a known kind of token.
func (p *pass) number(i int) int {
	end := i
	for end < len(p.s) && isDigit(p.s[end]) {
		end++
	}
	before := p.at(i - 1)
	if next := p.encoded(i, before); next > 0 {
		return next
	}
	if to := p.dottedMAC(i); to > 0 {
		return p.replace(to-len("0011.2233.4455"), to, markMAC)
	}
	switch {
	case isLetter(before) || before == '_' || before >= 0x80:
		return p.numberInWord(i, end)
	case isLetter(p.at(end)):
		if next := p.token(i, end); next > 0 {
			return next
		}
		return end
	}
	if to, mark := p.numeric(i, end); to > 0 {
		return p.replace(i, to, mark)
	}
	if next := p.token(i, end); next > 0 {
		return next
	}
	return end
}

// numeric returns the end of the personal number that starts at i, and its
// mark; end is the end of its first run of digits.
func (p *pass) numeric(i, end int) (to int, mark string) {
	if end-i <= 3 && p.at(end) == '.' {
		if to = p.ipv4(i); to > 0 {
			return to, markIP
		}
	}
	if to = p.ssn(i, end); to > 0 {
		return to, markSSN
	}
	if to = p.card(i, end); to > 0 {
		return to, markCard
	}
	if to = p.imei(i, end); to > 0 {
		return to, markIMEI
	}
	return 0, ""
}

func (p *pass) numberInWord(i, end int) int {
	if isLetter(p.at(i-1)) && isLetter(p.at(i-2)) && !isWord(p.at(i-3)) && i-2 >= p.done &&
		(p.at(i-3) != '-' || !isAlnum(p.at(i-4))) { // a group of a UUID
		if to := p.iban(i - 2); to > 0 {
			return p.replace(i-2, to, markIBAN)
		}
	}
	if p.at(i-1) == '_' {
		if to := p.card(i, end); to > 0 {
			return p.replace(i, to, markCard)
		}
	}
	if next := p.token(i, end); next > 0 {
		return next
	}
	return end
}

// encoded looks at an encoded at sign or equals sign whose digits start at i.
func (p *pass) encoded(i int, before byte) int {
	switch {
	case before == '%':
		if p.has(i, "40") {
			return p.email(i-1, 3)
		}
		if p.has(i, "2540") {
			return p.email(i-1, 5)
		}
		if p.hasFold(i, "3d") || p.hasFold(i, "3a") {
			return p.pair(i-1, 3)
		}
		if p.hasFold(i, "2fhome%2f") || p.hasFold(i, "2fusers%2f") {
			return p.encodedHome(i)
		}
	case before == 'u' && p.at(i-2) == '\\':
		if p.has(i, "0040") {
			return p.email(i-2, 6)
		}
	case before == 'x' && p.at(i-2) == '\\':
		if p.has(i, "40") {
			return p.email(i-2, 4)
		}
	case before == '#' && p.at(i-2) == '&':
		if p.has(i, "64;") {
			return p.email(i-2, 5)
		}
	}
	return 0
}

const maxCardDigits = 19

// card returns the end of the card number that starts at i, 0 if there is
// none: digits in one run, or in groups with one and the same separator,
// whose prefix and length belong to a brand and whose check digit is right.
func (p *pass) card(i, end int) int {
	if end-i < 4 || p.insideNumber(i) {
		return 0
	}
	var d [maxCardDigits + 1]byte
	if end-i > 4 {
		if end-i > maxCardDigits || p.goesOn(end) {
			return 0
		}
		n := copy(d[:], p.s[i:end])
		if isCard(d[:n]) && !p.insideUUID(i, end) {
			return end
		}
		return 0
	}
	best, n := 0, copy(d[:], p.s[i:end])
	sep, width := p.separator(end)
	for j := end; sep != 0; {
		if s, _ := p.separator(j); s != sep {
			break
		}
		g := digits(p.s[j+width : min(len(p.s), j+width+maxCardDigits)])
		if g == 0 || g > 7 || n+g > maxCardDigits {
			break
		}
		n += copy(d[n:], p.s[j+width:j+width+g])
		j += width + g
		p.work += g
		if n >= 12 && isCard(d[:n]) && !p.inTable(i, j, sep) && !p.goesOn(j) && (sep == ' ' || p.at(j) != sep || !isDigit(p.at(j+1))) &&
			!p.insideUUID(i, j) {
			best = j
		}
	}
	return best
}

// inTable says whether the groups s[from:to] are only some of a row of groups
// of four.
func (p *pass) inTable(from, to int, sep byte) bool {
	if p.at(from-1) == sep && (sep == '.' || from >= 5 && digits(p.s[from-5:from]) == 4) {
		return true
	}
	return p.at(to) == sep && to < len(p.s) && digits(p.s[to+1:min(len(p.s), to+6)]) == 4
}

// separator returns the byte that stands for the separator of card groups at
// i, and its width; a no-break space counts as a space.
func (p *pass) separator(i int) (byte, int) {
	switch c := p.at(i); {
	case c == ' ' || c == '-' || c == '.' || c == '+':
		return c, 1
	case p.has(i, "\u00a0"):
		return 0xa0, 2
	}
	return 0, 0
}

// insideNumber says whether the digits at i only continue a number (0.4111…,
// 12-4111…); a word of letters may precede them, as in card-4111….
func (p *pass) insideNumber(i int) bool {
	switch p.at(i - 1) {
	case '.':
		return isDigit(p.at(i - 2))
	case '-':
		return isAlnum(p.at(i-2)) && !p.lettersBefore(i-1)
	}
	return false
}

// lettersBefore says whether a word of letters ends at end, as card-4111….
func (p *pass) lettersBefore(end int) bool {
	w := p.wordBefore(end)
	for i := range len(w) {
		if !isLetter(w[i]) {
			return false
		}
	}
	return w != ""
}

// goesOn says whether the number that ends at i is only part of one.
func (p *pass) goesOn(i int) bool {
	c := p.at(i)
	return isWord(c) && c != '_' || c == '.' && isDigit(p.at(i+1))
}

// insideUUID says whether s[from:to] lies within a UUID.
func (p *pass) insideUUID(from, to int) bool {
	for from > 0 && to-from < 40 && (isHex(p.s[from-1]) || p.s[from-1] == '-') {
		from--
	}
	for to < len(p.s) && to-from < 40 && (isHex(p.s[to]) || p.s[to] == '-') {
		to++
	}
	return to-from == 36 && p.s[from+8] == '-' && p.s[from+13] == '-' && p.s[from+18] == '-' && p.s[from+23] == '-'
}

// isCard checks prefix, length and check digit.
func isCard(d []byte) bool {
	return hasBrand(d) && luhn(d)
}

// hasBrand checks the issuer ranges of ISO/IEC 7812 that are in use.
func hasBrand(d []byte) bool {
	if len(d) < 12 || len(d) > maxCardDigits {
		return false
	}
	n, p6 := len(d), 0
	for _, c := range d[:6] {
		p6 = p6*10 + int(c-'0')
	}
	p4, p3, p2 := p6/100, p6/1000, p6/10000
	switch {
	case p2 == 34 || p2 == 37: // American Express
		return n == 15
	case p6/100000 == 4: // Visa
		return n == 13 || n == 16 || n == 19
	case 51 <= p2 && p2 <= 55 || 2221 <= p4 && p4 <= 2720: // Mastercard
		return n == 16
	case p4 == 6011 || 644 <= p3 && p3 <= 649 || p2 == 65 || p2 == 62 || p2 == 81: // Discover, UnionPay
		return n >= 16
	case 3528 <= p4 && p4 <= 3589: // JCB
		return n >= 16
	case 300 <= p3 && p3 <= 305 || p4 == 3095 || p2 == 36 || p2 == 38 || p2 == 39: // Diners Club
		return n == 14 || n == 16 || n == 19
	case 2200 <= p4 && p4 <= 2204: // Mir
		return n >= 16
	case p2 == 60: // RuPay
		return n == 16
	}
	switch p4 { // Maestro
	case 5018, 5020, 5038, 5893, 6304, 6759, 6761, 6762, 6763, 6771:
		return true
	}
	return false
}

// luhn checks the check digit and refuses a run of one digit.
func luhn(d []byte) bool {
	sum, same := 0, true
	for i := range d {
		c := int(d[len(d)-1-i] - '0')
		same = same && d[i] == d[0]
		if i%2 == 1 {
			if c *= 2; c > 9 {
				c -= 9
			}
		}
		sum += c
	}
	return sum%10 == 0 && !same
}

// ssn returns the end of the US social security number that starts at i: in
// groups of 3, 2 and 4 digits with dashes, or after its name with spaces or
// without anything between.
func (p *pass) ssn(i, end int) int {
	if p.insideNumber(i) || p.at(i-1) == '+' {
		return 0
	}
	d := p.s[i:]
	switch {
	case end-i == 3 && len(d) >= 11 && d[3] == d[6] && (d[3] == '-' || d[3] == ' ') && digits(d[4:]) == 2 && digits(d[7:]) == 4:
		if d[3] == ' ' && !p.follows(i, 24, "ssn", "social security") {
			return 0
		}
		d, end = d[:3]+d[4:6]+d[7:11], i+11
	case end-i == 9 && p.follows(i, 24, "ssn", "social security"):
		d = d[:9]
	default:
		return 0
	}
	if p.goesOn(end) || p.at(end) == '-' && isAlnum(p.at(end+1)) || p.at(i-1) == '-' && isAlnum(p.at(i-2)) {
		return 0
	}
	if d[:3] == "000" || d[:3] == "666" || d[0] == '9' || d[3:5] == "00" || d[5:] == "0000" {
		return 0
	}
	return end
}

// follows says whether one of the lower-case words stands within so many bytes
// before i.
func (p *pass) follows(i, within int, names ...string) bool {
	from := max(p.done, i-within)
	p.work += i - from
	for j := from; j < i; j++ {
		for _, w := range names {
			if p.hasFold(j, w) {
				return true
			}
		}
	}
	return false
}

// imei returns the end of the device number that starts at i: 15 digits with a
// reporting body's prefix and a check digit, 16 with a software version, whole
// or as 2-6-6-1; after its name any 14 to 16 digits.
func (p *pass) imei(i, end int) int {
	if p.insideNumber(i) {
		return 0
	}
	var d [16]byte
	n := 0
	if end-i == 2 {
		n, end = p.imeiGroups(i, &d)
	} else if end-i >= 14 && end-i <= 16 {
		n = copy(d[:], p.s[i:end])
	}
	switch {
	case n < 14 || p.goesOn(end) || p.at(end) == '-' && isAlnum(p.at(end+1)):
		return 0
	case p.follows(i, 24, "imei"):
		return end
	case n == 15 && reportingBody(d[:2]) && luhn(d[:15]):
		return end
	case n == 16 && p.at(i+2) == '-' && reportingBody(d[:2]):
		return end
	}
	return 0
}

// imeiGroups reads 2-6-6-1 or 2-6-6-2.
func (p *pass) imeiGroups(i int, d *[16]byte) (n, end int) {
	sep := p.at(i + 2)
	if sep != '-' && sep != ' ' || p.at(i+9) != sep || p.at(i+16) != sep ||
		digits(p.s[i+3:]) != 6 || digits(p.s[i+10:]) != 6 {
		return 0, 0
	}
	last := digits(p.s[i+17 : min(len(p.s), i+20)])
	if last != 1 && last != 2 {
		return 0, 0
	}
	n = copy(d[:], p.s[i:i+2])
	n += copy(d[n:], p.s[i+3:i+9])
	n += copy(d[n:], p.s[i+10:i+16])
	n += copy(d[n:], p.s[i+17:i+17+last])
	return n, i + 17 + last
}

func reportingBody(d []byte) bool {
	switch string(d) {
	case "01", "35", "44", "45", "49", "50", "51", "52", "53", "54", "86", "91", "98", "99":
		return true
	}
	return false
}

// ibanLength is the length of an IBAN by country.
var ibanLength = map[string]int{
	"AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22,
	"BH": 22, "BI": 27, "BR": 29, "BY": 28, "CH": 21, "CR": 22, "CY": 28, "CZ": 24, "DE": 22, "DJ": 27, "DK": 18,
	"DO": 28, "EE": 20, "EG": 29, "ES": 24, "FI": 18, "FK": 18, "FO": 18, "FR": 27, "GB": 22, "GE": 22, "GI": 23,
	"GL": 18, "GR": 27, "GT": 28, "HN": 28, "HR": 21, "HU": 28, "IE": 22, "IL": 23, "IQ": 23, "IS": 26, "IT": 27,
	"JO": 30, "KW": 30, "KZ": 20, "LB": 28, "LC": 32, "LI": 21, "LT": 20, "LU": 20, "LV": 21, "LY": 25, "MC": 27,
	"MD": 24, "ME": 22, "MK": 19, "MN": 20, "MR": 27, "MT": 31, "MU": 30, "NI": 28, "NL": 18, "NO": 15, "OM": 23,
	"PK": 24, "PL": 28, "PS": 29, "PT": 25, "QA": 29, "RO": 24, "RS": 22, "RU": 33, "SA": 24, "SC": 31, "SD": 18,
	"SE": 24, "SI": 19, "SK": 24, "SM": 27, "SO": 23, "ST": 25, "SV": 28, "TL": 23, "TN": 24, "TR": 26, "UA": 29,
	"VA": 22, "VG": 24, "XK": 20, "YE": 30,
}

// iban returns the end of the account number that starts at i: country, length
// and check digits (ISO 13616) must be right. Groups may be separated.
func (p *pass) iban(i int) int {
	want := ibanLength[string([]byte{p.s[i] &^ 0x20, p.s[i+1] &^ 0x20})]
	if want == 0 {
		return 0
	}
	var b [34]byte
	n, j := 0, i
	for ; n < want && j < len(p.s); j++ {
		c := p.s[j]
		switch {
		case isAlnum(c):
			if b[n] = c; isLetter(c) {
				b[n] = c &^ 0x20
			}
			n++
		case (c == ' ' || c == '-' || c == '+') && n%4 == 0 && n > 0 && isAlnum(p.at(j+1)):
		default:
			return 0
		}
	}
	p.work += j - i
	if n < want || isWord(p.at(j)) || !isDigit(b[2]) || !isDigit(b[3]) || !mod97(b[:n]) {
		return 0
	}
	return j
}

// mod97 checks an account number without separators, in upper case.
func mod97(b []byte) bool {
	sum := 0
	for i := range b {
		c := b[(i+4)%len(b)]
		if isDigit(c) {
			sum = (sum*10 + int(c-'0')) % 97
		} else {
			sum = (sum*100 + int(c-'A') + 10) % 97
		}
	}
	return sum == 1
}
