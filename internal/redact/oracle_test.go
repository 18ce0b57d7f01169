package redact

import (
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
)

// The oracle redacts with one regular expression after the other. It shares
// nothing with the scanner but the marks: it is slow and short of the
// scanner's subtleties, and where the two differ on the corpus one is wrong.

// found is one match: s[from:to] is the group v, which would be replaced.
type found struct {
	s          string
	from, to   int
	key, value string // groups k and v
	op         string // group o
}

// rule replaces group v of what re matches if ok agrees; ok may shorten it.
type rule struct {
	re   string
	mark string
	ok   func(*found) bool
}

func (r rule) apply(s string) string {
	re := pattern(r.re)
	for pos := 0; pos <= len(s); {
		loc := re.FindStringSubmatchIndex(s[pos:])
		if loc == nil {
			break
		}
		f := found{s: s}
		for i, name := range re.SubexpNames() {
			if loc[2*i] < 0 {
				continue
			}
			text := s[pos+loc[2*i] : pos+loc[2*i+1]]
			switch name {
			case "k":
				f.key = text
			case "o":
				f.op = text
			case "v":
				f.from, f.to, f.value = pos+loc[2*i], pos+loc[2*i+1], text
			}
		}
		if r.ok != nil && !r.ok(&f) {
			if pos += loc[0] + 1; f.key != "" {
				pos = f.from
			}
			continue
		}
		s = s[:f.from] + r.mark + s[f.to:]
		pos = f.from + len(r.mark)
	}
	return s
}

var patterns = map[string]*regexp.Regexp{}

func pattern(re string) *regexp.Regexp {
	if patterns[re] == nil {
		patterns[re] = regexp.MustCompile(re)
	}
	return patterns[re]
}

func match(re, s string) bool { return pattern(re).MatchString(s) }

// oracle redacts a text.
func oracle(s string) string {
	var v any
	if t := strings.TrimSpace(s); t != "" && (t[0] == '{' || t[0] == '[') && json.Unmarshal([]byte(s), &v) == nil {
		out, err := json.Marshal(oracleJSON(v, nil))
		if err != nil {
			panic(err)
		}
		return string(out)
	}
	s = pattern(`(?i)cookie['"]?(?:, b'|: ?)[^'"\n]*`).ReplaceAllStringFunc(s, func(header string) string {
		return rule{`(?P<k>[\w.-]+)=(?P<v>[^;\s'"]+)`, markRemoved, func(f *found) bool { return isCookieKey(f.key) }}.apply(header)
	})
	for _, r := range rules {
		s = r.apply(s)
	}
	return s
}

func oracleJSON(v, parent any) any {
	switch v := v.(type) {
	case map[string]any:
		name, _ := v["name"].(string)
		for k, x := range v {
			if !isSecretKey(k) && (k != "value" || !isSecretKey(name)) {
				v[k] = oracleJSON(x, v)
			} else if !isNothing(x) && (!strings.HasSuffix(k, "tokens") || !match(`^[\d.]+$`, oracleText(x))) {
				v[k] = markRemoved
			}
		}
	case []any:
		if _, ok := parent.([]any); ok && len(v) == 2 && isSecretKey(oracleText(v[0])) {
			return []any{v[0], markRemoved}
		}
		for i := range v {
			v[i] = oracleJSON(v[i], v)
		}
	case string:
		return oracle(v)
	case float64:
		if n := oracleText(v); len(n) > 11 && oracle(n) != n {
			return oracle(n)
		}
	}
	return v
}

func oracleText(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return ""
}

func isNothing(v any) bool {
	text, isText := v.(string)
	_, isBool := v.(bool)
	return v == nil || isBool || isText && isHarmlessValue(text)
}

// isSecretKey is the key rule of the documentation, with the names added to it.
func isSecretKey(key string) bool {
	k := strings.ToLower(strings.NewReplacer("-", "", "_", "", " ", "").Replace(key))
	if match(`^(publickeytoken|wwwauthenticate|authsource)$`, k) {
		return false
	}
	if m := pattern(`auth(or(?:[^i]|i[^zs]|i?$))?`).FindString(k); len(m) > 4 {
		k = strings.Replace(k, m, "", 1)
	}
	return match(`password|passwd|secret|apikey|auth|credential|privatekey|mysqlpwd|token|twofactor|passphrase|accountkey|`+
		`accesskey|csrf|xsrf|phpsessid|jsessionid|asp\.netsessionid|connect\.sid|pwd$`, k) || key == "sessionid" ||
		match(`(^|[.\[])(otp|pass|cvv|ssn)(\]|%5d)*$`, k)
}

func isCookieKey(key string) bool { return isSecretKey(key) || match(`(?i)sess|csrf|xsrf|sid$`, key) }

// isHarmlessValue says that a value hides nothing.
func isHarmlessValue(v string) bool {
	return match(`(?i)^(|null|none|nil|undefined|true|false|yes|no|\[(redacted|filtered|email|ip|token)\]|\*+|[^\pL\pN]*)$`, v) ||
		match(`^(%[svdq]|\$[0-9]+|[:@][a-z_]+|\{+[ .\w]+\}+|\$\{?[A-Z_]+\}?|<[a-z]+>)$`, v)
}

func charBefore(s string, i int) string { return s[max(0, i-1):max(0, i)] }
func charAfter(s string, i int) string  { return s[min(i, len(s)):min(i+1, len(s))] }

// alone says that no word goes on around a match.
func alone(f *found) bool {
	return !match(`[\w\x{80}-\x{10ffff}]`, charBefore(f.s, f.from)) && !match(`[\w\x{80}-\x{10ffff}]`, charAfter(f.s, f.to))
}

func secretPair(f *found) bool {
	return isSecretKey(f.key) && !isHarmlessValue(f.value) && !isMeasurement(f) && !isDirectory(f)
}

func isMeasurement(f *found) bool {
	return match(`(?i)(tokens|count|length|attempts|latency|duration|status|at|time|age|version|in)$`, f.key) &&
		match(`^\d[\d.smhk]*$|^\d{4}-\d\d-\d\d(T[\d:]+Z)?$`, f.value)
}

func isDirectory(f *found) bool {
	return match(`(?i)^(OLD)?pwd$`, f.key) && strings.HasPrefix(f.value, "/")
}

// secretLiteral judges a value in quotes: behind a bare key and a colon it may
// be a message of a parser or an error.
func secretLiteral(f *found) bool {
	if match("`$|^'$", charBefore(f.s, f.from-len(f.key)-2)) && strings.HasPrefix(f.value, " for") {
		return false // undefined method `password=' for
	}
	if match(`^\s*:`, f.op) && match(`(?i)error$|exception$|^o?auth2?$`, f.key) && !match(`\d`, f.value) {
		return false
	}
	return secretPair(f)
}

// secretWord judges a value without quotes: behind a colon it may be the rest
// of a sentence.
func secretWord(f *found) bool {
	if !secretPair(f) || match(`^[\[({]`, f.value) || match(`^(Bearer|Basic|Token|Digest)$`, f.value) {
		return false
	}
	if match(`^[bu]$|^string$`, f.value) && match(`['"(]`, charAfter(f.s, f.to)) || strings.HasPrefix(f.value, "string(") {
		return false
	}
	if !match(`[:\s>]`, f.op) {
		return true
	}
	if match(`(?i)(error|exception)$`, f.key) || match(`^(\s|$)`, charAfter(f.s, f.to+1)) && charAfter(f.s, f.to) == ":" {
		return false
	}
	if match(`^[\d.]{0,3}$`, f.value) || match(`^(sha256|hs256|oauth2|asn1)$`, f.value) {
		return false
	}
	if match(`[a-zA-Z].*\d|\d.*[a-zA-Z]|^.+[!$%^&+@].|^\d{4,}$`, f.value) {
		return !strings.Contains(f.value, ":") || match(`\s`, f.op)
	}
	line := f.s[strings.LastIndexByte(f.s[:f.from], '\n')+1 : f.from-len(f.op)]
	starts := match(`^["'\]]`, f.op) || match(`^\W*[\w.%-]+$|[{,(]\s*[\w.%-]+$|[A-Z]\w+:\w+ [A-Z]\w+$|--[\w-]+$`, line)
	ends := match(`^\s*($|[\n,;}\])]|--|[A-Z]\w*:|\w+=)`, f.s[f.to:])
	return starts && ends && !match(`(?i)^(missing|denied|invalid|required|unauthorized|eof|api|sanctum|login|refresh)$`, f.value) &&
		(match(`\s`, f.op) || !match(`^\W*auth|^php`, line))
}

const (
	// keyed is a key, bare, in quotes or as an index, and its operator.
	keyed = `(?P<k>[\w.%\[\]-]*\w)(?P<o>(?:\\*["'\]]|%5D)*\s*(?:=>|:=|=|:)\s*(?:string\(\d+\) )?)`
	bare  = `(?P<v>[^\s"'<>;&,()\[\]{}\\|?#][^\s"'<>;&\\]*?)`
	stop  = `(?:\.?$|\.?[\s"'<>;]|&[\w\[\]]*=|&amp|,\s|,\w+=|\)|\]|\}|\\|\?\w+=|#|:\s)`
)

var rules = []rule{
	{`(?s)(?P<v>-----BEGIN [A-Z ]+-----[^"' ].*?-----END [A-Z ]+-----)`, markPEM, nil},
	{`(?s)(?P<v>-----BEGIN [A-Z ]+-----\s*[A-Za-z0-9+/=]{16}.*)`, markPEM, nil},

	// where a value stands
	{"[A-Za-z0-9+.-]://(?P<v>[^\\s\"'`/?#<>\\\\,;]*[A-Za-z0-9][^\\s\"'`/?#<>\\\\,;]*)@", markRemoved, func(f *found) bool {
		return !match(`^git$|^(%s|\{\w+\}):(%s|\{\w+\})$`, f.value)
	}},
	{`://(?P<v>\w+:[^\s/@\d][^\s/@]*/[^\s@/]*)@`, markRemoved, nil},
	{`(?P<v>[^\s"'=@]+:[^\s"'@]+)@(?:tcp|unix)\(`, markRemoved, nil},
	{`:thin:(?P<v>\w+/\w+)@`, markRemoved, nil},
	{`curl -u (?P<v>\S+:\S+)`, markRemoved, nil},
	{`mysql.* -p(?P<v>[^\s']+)`, markRemoved, func(f *found) bool { return f.value != markRemoved }},
	{`IDENTIFIED BY '(?P<v>[^']+)'`, markRemoved, nil},
	{`<(?:\w+:)?(?P<k>[\w.-]+)[^>]*>(?:<!\[CDATA\[)?(?P<v>[^<>\]]+)(?:\]\]>)?</`, markRemoved, secretPair},
	{`(?:name|key)="(?P<k>[^"]+)" value="(?P<v>[^"]+)"`, markRemoved, secretPair},
	{`name="(?P<k>[^"]+)">(?P<v>[^<]+)<`, markRemoved, secretPair},
	{`(?s)form-data; name="(?P<k>[^"]+)"\r?\n\r?\n(?P<v>.+?)\r?\n--`, markRemoved, secretPair},
	{`\([^()]*(?P<k>\w*token\w*)[^()]*\)=\((?P<v>[^()]+)\)`, markRemoved, secretPair},
	{`"(?P<k>\w+)";s:\d+:"(?P<v>[^"]+)"`, markRemoved, secretPair},
	{`(?:&quot;)(?P<k>\w+)&quot;:&quot;(?P<v>[^&]+)&quot;`, markRemoved, secretPair},
	{`%22(?P<k>\w+)%22%3A%22(?P<v>[^%]+)%22`, markRemoved, secretPair},
	{`b'(?P<k>[\w-]+)'[,:] b'(?P<v>[^']+)'`, markRemoved, secretPair},
	{`(?i)(?P<k>[\w-]*authorization)(?P<o>: )(?P<v>(?:Digest|AWS4-HMAC-SHA256) .*=.*)`, markRemoved, nil},
	{`(?i)(?P<k>[\w-]*authorization)(?P<o>: )(?P<v>(?:Bearer|Basic|Token|ApiKey|Negotiate) [^\s"'$<{][^\s"']*)`, markRemoved, nil},

	// keys with literals, in brackets, with words
	{keyed + `[bu]?"""(?P<v>.+?)"""`, markRemoved, secretPair},
	{keyed + `[bu]?"(?P<v>(?:\\.|[^"\\\n])+)(?:"|$)`, markRemoved, secretLiteral},
	{keyed + `[bu]?'(?P<v>(?:\\.|''|[^'\\\n])+)(?:'|$)`, markRemoved, secretLiteral},
	{keyed + `\\"(?P<v>(?:\\\\\\"|[^"\\])+)\\"`, markRemoved, secretPair},
	{keyed + `\\\\\\"(?P<v>[^"\\]+)\\\\\\"`, markRemoved, secretPair},
	{keyed + `(?P<v>\[[^\]\n]+\]|\{[^}\n]+\})`, markRemoved, secretPair},
	{keyed + `(?P<v>\[.+$)`, markRemoved, func(f *found) bool { return secretPair(f) && !strings.Contains(f.value, "]") }},
	{`(?P<k>[\w.-]*\w)(?P<o>%3D)(?P<v>[^%&\s]+)`, markRemoved, secretPair},
	{`;(?P<k>\w+)(?P<o>=)(?P<v>[^;="']+ [^;="']+);`, markRemoved, secretPair},
	{`--(?P<k>[\w-]+)(?P<o> )(?P<v>[^\s-]\S*)`, markRemoved, secretWord},
	{`(?i)api (?P<k>key)(?P<o>: )(?P<v>\w+-\w*\d\w*)`, markRemoved, nil},
	{keyed + bare + stop, markRemoved, secretWord},

	// values by their form
	{`(?i)\bbearer(?: |%20)(?P<v>[\w.~+/=-]+)`, markToken, func(f *found) bool {
		return match(`\d|[A-Z]|^abcdef$`, f.value) && !match(`^Token$`, f.value)
	}},
	{`\bBasic (?P<v>[A-Za-z0-9+/]{4,}={0,2})`, markToken, func(f *found) bool {
		text, err := base64.StdEncoding.DecodeString(f.value)
		return err == nil && strings.Contains(string(text), ":")
	}},
	{`(?P<v>eyJ[\w-]{15,}(?:\.[\w-]+)+)`, markToken, alone},
	{`(?P<v>(?:gh[pousr]_|xox[abprs]-|[sr]k_(?:live|test)_|glpat-|err_)[\w-]{16,})`, markToken, alone},
	{`(?P<v>A[KS]IA[A-Z0-9]{16})`, markToken, alone},
	{`%(?:25)?3D(?P<v>[\w.+-]+%(?:25)?40[\w.-]+\.[a-z]+)`, markEmail, nil},
	{
		`(?P<v>[\w+\x{c0}-\x{24f}](?:[\w.+%'\x{c0}-\x{24f}-]*[\w\x{c0}-\x{24f}])?(?:@|%(?:25)?40|\\u0040|&#64;)(?:[\w\x{c0}-\x{24f}-]+\.)+(?:xn--\w+|[a-z]{2,}))`,
		markEmail, isEmail,
	},
	{`(?P<v>\w+@\[[\d.]+\])`, markEmail, nil},
	{`(?P<v>[0-9A-Fa-f:]*:[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*[0-9A-Fa-f](?:%\w+)?|[0-9a-f]{4}:[0-9a-f:]*::)`, markIP, isIPv6},
	{`(?P<v>[0-9A-Fa-f]{2}(?:[:-][0-9A-Fa-f]{2}){5}|[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4})`, markMAC, isMACText},
	{`(?P<v>\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3})`, markIP, isIPv4},
	{`(?P<v>(?i:AT|BE|CH|DE|DK|ES|FI|FR|GB|IT|NL|NO|PL|PT|SE)\d{2}(?:[ -]?[A-Za-z0-9]){11,30})`, markIBAN, isIBAN},
	{`(?P<v>\d{3}-\d{2}-\d{4})`, markSSN, func(f *found) bool {
		return alone(f) && !match(`^(000|666|9)|-00-|0000$`, f.value) && charAfter(f.s, f.to) != "-" && charBefore(f.s, f.from) != "-"
	}},
	{`(?i)(?:ssn|social security) (?P<v>\d{3} ?\d{2} ?\d{4})`, markSSN, alone},
	{`(?P<v>\d{12,19}|\d{4}[ -]\d{6}[ -]\d{4,5}|\d{4}(?:[ .-]\d{4}){3})`, markCard, isCardText},
	{`(?i)imei:? (?P<v>\d{14,16})`, markIMEI, alone},
	{`(?P<v>\d{15}|\d{2}-\d{6}-\d{6}-\d{1,2})`, markIMEI, isIMEI},
	{`(?i)\\(?:Users|Documents and Settings)\\(?P<v>\w+ \w+)\\`, markUser, nil},
	{
		`(?:/home/|/Users/|(?i:\\Users\\|\\Documents and Settings\\)|(?i:%2Fhome%2F)|\\\\Users\\\\)(?P<v>[\pL\d_][\pL\d_.-]*)`,
		markUser, isHome,
	},
}

func isEmail(f *found) bool {
	return !match(`\.(png|js|service)$|^git@|@v?\d+\.\d|openssh\.com$`, f.value) && !match(`\w`, charBefore(f.s, f.from))
}

func isIPv6(f *found) bool {
	v := f.value
	if strings.Count(v, ":") < 2 || !match(`\d`, v) || match(`[\w.:]`, charBefore(f.s, f.from)) {
		return false
	}
	addr, err := netip.ParseAddr(v)
	return err == nil && alone(f) && addr.Is6() && (!strings.Contains(v, "::") || v == "::1" || match(`^[0-9a-f]{3,4}:|^::ffff`, strings.ToLower(v)))
}

func isMACText(f *found) bool {
	mixed := !strings.Contains(f.value, ".") || match(`[A-Fa-f]`, f.value)
	around := match(`[:-]`, charBefore(f.s, f.from)) || match(`-|:[0-9a-f]`, f.s[f.to:min(len(f.s), f.to+2)])
	return alone(f) && mixed && !around && !match(`^\d\d-[01]\d-[0-3]\d-[012]\d-[0-5]\d-[0-5]\d$`, f.value)
}

func isIPv4(f *found) bool {
	addr, err := netip.ParseAddr(f.value)
	if err != nil || !alone(f) || match(`^(0|255)\.`, addr.String()) {
		return false
	}
	if match(`(?i)((version|release|firmware)["':= ]+|rails |section |chrome |[<>~=]= |~> |[a-z]-|\.|\d-|(chrome|edg|product)/|==)$`, f.s[:f.from]) &&
		!strings.HasSuffix(f.s[:f.from], markIP+"-") {
		return false
	}
	return !match(`^(\.\w|-[a-z]|\+)`, f.s[f.to:])
}

func isIBAN(f *found) bool {
	for ; f.to-f.from >= 15; f.to-- {
		if f.value = f.s[f.from:f.to]; alone(f) && charBefore(f.s, f.from) != "-" && mod97Slowly(f.value) {
			return true
		}
	}
	return false
}

func mod97Slowly(text string) bool {
	v := strings.ToUpper(strings.NewReplacer(" ", "", "-", "").Replace(text))
	var digits strings.Builder
	for _, c := range v[4:] + v[:4] {
		digits.WriteString(strconv.Itoa(strings.IndexRune("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", c)))
	}
	n, ok := new(big.Int).SetString(digits.String(), 10)
	return ok && new(big.Int).Mod(n, big.NewInt(97)).Int64() == 1
}

func slowLuhn(v string) bool {
	sum := 0
	for i := range v {
		d := int(v[len(v)-1-i] - '0')
		if i%2 == 1 {
			d = d*2/10 + d*2%10
		}
		sum += d
	}
	return sum%10 == 0
}

func isCardText(f *found) bool {
	v := pattern(`\D`).ReplaceAllString(f.value, "")
	brand := match(`^(4(\d{12}|\d{15}|\d{18})|5[1-5]\d{14}|2[2-7]\d{14}|3[47]\d{13}|6\d{15,18}|35\d{14}|3[068]\d{12}|(50|58|63|67)\d{10,17})$`, v)
	inside := match(`[\pL.]|[0-9a-f]-$`, charBefore(f.s, f.from)) || match(`[\pL]`, charAfter(f.s, f.to)) ||
		match(`\d\.$|[0-9a-f]-$`, f.s[:f.from])
	return brand && slowLuhn(v) && !inside && !match(`\d`, charBefore(f.s, f.from)) && !match(`\d`, charAfter(f.s, f.to))
}

func isIMEI(f *found) bool {
	v := strings.ReplaceAll(f.value, "-", "")
	return alone(f) && match(`^(01|35|45|49|86|99)`, v) && (len(v) == 16 || slowLuhn(v)) && !match(`[.-]`, charBefore(f.s, f.from))
}

func isHome(f *found) bool {
	root := f.s[:f.from]
	if match(`(?i)%2F$`, root) {
		return true
	}
	return !match(`^(Shared|Public|index)`, f.value) && !match(`(GET|POST) /home/$`, root) &&
		(match(`(^|file://|/mnt/c|/c|[^\w/.-])/(home|Users)/$`, root) || strings.HasSuffix(root, `\`))
}
