package redact

import (
	"cmp"
	"testing"

	"errata/internal/errata"
)

// Subtleties beyond the reach of the oracle. An empty want means unchanged.
func TestText(t *testing.T) {
	tests := []struct{ name, in, want string }{
		// values behind keys
		{"wrapped", `Settings(password=SecretStr('hunter2'))`, `Settings(password=SecretStr('[redacted]'))`},
		{"a call is code", `token = parser.next() or token=next()`, ``},
		{"errors.New is code", `ErrInvalidToken = errors.New("invalid token")`, ``},
		{"new is code", `auth=new Auth(x)`, ``},
		{"comparison", `if (token === "abc" || token != 'x')`, ``},
		{"own name", `user.token = response.token`, ``},
		{"own name in a file", "password = secret\n", "password = [redacted]\n"},
		{"symbols only", `password=!$^~`, `password=[redacted]`},
		{"comma inside", `password=a,b&x=1`, `password=[redacted]&x=1`},
		{"ampersand inside", `password=a&b c`, `password=[redacted] c`},
		{"hash ends a query value", `/cb?token=abc#top`, `/cb?token=[redacted]#top`},
		{"badge", `![x](https://x.example/b.svg?token=Ab12)](https://y.example)`, `![x](https://x.example/b.svg?token=[redacted])](https://y.example)`},
		{"end of a sentence", `Wrong password: hunter2.`, `Wrong password: [redacted].`},
		{"exclamation is part of it", `Password: Secret123!`, `Password: [redacted]`},
		{"line ends in escaped form", `x\npassword=abc\nuser=ada`, `x\npassword=[redacted]\nuser=ada`},
		{"escaped ampersand", `token=abc\u0026x=1`, `token=[redacted]\u0026x=1`},
		{"HTML ampersand", `token=abc&amp;x=1`, `token=[redacted]&amp;x=1`},
		{"connection string with a quote", `Password="a;b";User=x`, `Password="[redacted]";User=x`},
		{"connection string with blanks, no end", `a=b;Password=my pass at db`, `a=b;Password=[redacted] pass at db`},
		{"times are no secrets", `token: 10:30:45, auth: 2026-11-20T10:00:00Z`, ``},
		{"measures are none", `token: 400ms, secret: 12kB`, ``},
		{"algorithms are none", `token: RS256 expected`, ``},
		{"addresses of memory are none", `token: 0xc000123456`, ``},
		{"cache keys are none", `miss auth:user:123 and token:refresh`, ``},
		{"cache key with a token", `miss token:user:9f8e7d6c5b4a39281706`, `miss token:[redacted]`},
		{"parser", `unexpected token: "foo" at 3`, ``},
		{"parser with a secret", `unexpected token: "sk9f8e7d6c5b4a3928"`, `unexpected token: "[redacted]"`},
		{"test results", `Pass: 10, Fail: 2`, ``},
		{"access key of HTML", `<a accesskey="p" href="x">`, ``},
		{"key of AWS", `accessKey="wJalrXUtnFEMI"`, `accessKey="[redacted]"`},
		{"an authentication method", `auth: basic`, ``},
		{"map of Go", `map[password:hunter user:ada]`, ``},
		{"map of Go, one", `map[password:hunter]`, `map[password:[redacted]]`},
		{"doubled quotes", `password='it''s' x`, `password='[redacted]' x`},
		{"literal without an end", `password="hunter2`, `password="[redacted]`},
		{"group without an end", `token=[abc def`, `token=[redacted] def`},
		{"verbs", `token: %+v and password=%s:%s`, ``},
		{"masks", `password=xxxx token=•••• secret=### pwd=...`, ``},
		{"flag before a flag", `--password --force`, ``},
		{"flag in prose", `use --password to set it`, ``},
		{"user of another command", `docker run -u 1000:1000 && su --user ada:x`, ``},
		{"cookie in JavaScript", `document.cookie="sessionid=abc; a=b"`, `document.cookie="sessionid=[redacted]; a=b"`},
		{"cookies end with the line", "Cookie: a=b\nsession=x", ``},
		{"name and value in text", `x {"name":"token","value":"abc"} y`, `x {"name":"token","value":"[redacted]"} y`},
		{"name without a value", `{"name":"token","type":"string"}`, ``},
		{"form part at the end", "form-data; name=\"token\"\r\n\r\nabc", "form-data; name=\"token\"\r\n\r\n[redacted]"},
		{"form part of another name", "form-data; name=\"a\"\r\n\r\nabc\r\n--", ``},
		{"serialized flag", `s:4:"user";s:3:"bob";`, ``},
		{"element without text", `<password></password><token/>`, ``},
		{"element with elements", `<auth><user>ada</user></auth>`, ``},
		{"dump of a number", "[\"token\"]=>\n  int(7)", ``},
		{"bytes of another header", `(b'host', b'x')`, ``},

		// values by their form
		{"card in a UUID", `41111111-1111-1111-1111-111111111111`, ``},
		{"card in a row of numbers", `4000 4111 1111 1111 1111 4000`, ``},
		{"card with no-break spaces", "4111\u00a01111\u00a01111\u00a01111", `[creditcard]`},
		{"card with plus signs", `card=4111+1111+1111+1111`, `card=[creditcard]`},
		{"card as a fraction", `0.4111111111111111 and 4111111111111111.5`, ``},
		{"not a card", `4111 1111 1111 1112`, ``},
		{"one digit", `0000000000000000 4444444444444444`, ``},
		{"social security numbers that are none", `000-12-3456 666-12-3456 912-12-3456 123-00-4567 123-45-0000 123-45-67890`, ``},
		{"nine digits", `took 219099999 ns`, ``},
		{"IMEI of nobody", `100012345678901`, ``},
		{"IMEI inside a number", `35-209900-176148-1-7`, ``},
		{"IBAN inside a word", `fooNO9386011117947bar NO9386011117948`, ``},
		{"addresses of versions", `foo>=1.2.3.4 foo==1.2.3.4 ^1.2.3.4 bar-1.2.3.4 1.2.3.4.5 1.2.3.4-rc1 1.2.3.4+b v1.2.3.4 01.2.3.4`, ``},
		{"bump", `Bump rails from 5.2.4.2 to 5.2.4.3`, ``},
		{"from an address", `request from 5.2.4.2 to 5.2.4.3`, `request from [ip] to [ip]`},
		{"folder of a version", `/opt/oracle/product/12.2.0.1/db and GET /clients/10.0.0.1/x`, `/opt/oracle/product/12.2.0.1/db and GET /clients/[ip]/x`},
		{"IPv6 that is none", `1:2:3:4:5:6:7 a::b::c 12345::1 Face::Add ::`, ``},
		{"IPv6 with a v4 end", `64:ff9b::192.0.2.33 x`, `[ip] x`},
		{"IPv6 at the end of a sentence", `no route to fe80::1.`, `no route to [ip].`},
		{"fingerprint", `MD5:16:27:ac:a5:76:28:2d:36:63:1b:56:4d:eb:df:a6:48`, ``},
		{"EUI-64", `00:1b:44:11:3a:b7:00:01`, `[mac]`},
		{"MAC without letters", `0011.2233.4455 00:11:22:33:44:55`, `0011.2233.4455 [mac]`},
		{"e-mail that is none", `a@b @c.de x@y.png foo@1.2.3 m@tr.T() user@1000.service`, ``},
		{"shortest e-mail", `x@a.de`, `[email]`},
		{"bearer in prose", `the bearer of this and a Bearer token, Bearer realm="x", Bearer ${T}`, ``},
		{"basic in prose", `Basic usage, basic auth, Basic YWJj`, ``},
		{"prefixes of tokens that are none", `sk-ssh-ed25519-cert-v01 err_http2_stream_cancel_0 AKIA1`, ``},
		{"user of a repository", `ssh://git@github.com/x and https://{user}:{password}@h and http://%s:%s@h and ://x@h`, ``},
		{"password with a slash", `amqp://u:p/w@mq/ http://host:80/a@b`, `amqp://[redacted]@mq/ http://host:80/a@b`},
		{"home in a URL", `https://x.example/home/ada GET /home/ada /api/Users/7`, ``},
		{"home of a template", `/home/$USER /home/{name} /home/*.txt`, ``},
		{"name with blanks", `C:\Users\Ada de Lovelace\x and C:\Users\bob is full`, `C:\Users\[user]\x and C:\Users\[user] is full`},
		{"PEM in prose", "the \"-----BEGIN PRIVATE KEY-----\" and \"-----END PRIVATE KEY-----\" lines", ``},
		{"PEM without its beginning", "MIIEpAIBAAKCAQEA1234567890abcdefMIIEpAIBAAKC\n-----END RSA PRIVATE KEY-----", "[pem]-----END RSA PRIVATE KEY-----"},
		{"PEM with headers", "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nabc", "[pem]"},
		{"PEM end in a row of dashes", "-----END x", ``},
	}
	r := New(errata.ProjectSettings{})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			want := cmp.Or(tt.want, tt.in)
			got := r.Text(tt.in)
			if got != want {
				t.Errorf("\n in   %q\n got  %q\n want %q", tt.in, got, want)
			}
			if again := r.Text(got); again != got {
				t.Errorf("not idempotent: %q becomes %q", got, again)
			}
		})
	}
}
