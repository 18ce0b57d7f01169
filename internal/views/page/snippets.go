package page

import (
	"slices"
	"strings"

	"errata/internal/views/ui"
)

// platforms are the choices of the set-up page, in the order of its tabs.
var platforms = []ui.Option{
	{Value: "go", Text: "Go"},
	{Value: "node", Text: "Node.js"},
	{Value: "python", Text: "Python"},
	{Value: "java", Text: "Java"},
	{Value: "browser", Text: "Browser"},
	{Value: "curl", Text: "curl"},
}

func platformOptions() []ui.Option {
	return append(slices.Clone(platforms[:5]), ui.Option{Value: "other", Text: "Something else"})
}

// snippetPlatform chooses the tab: what is asked for, else the service's own.
func snippetPlatform(asked, own string) string {
	for _, want := range []string{asked, own, strings.SplitN(own, "-", 2)[0]} {
		if want == "javascript" {
			want = "browser"
		}
		for _, p := range platforms {
			if p.Value == want {
				return want
			}
		}
	}
	return "curl"
}

// snippets are filled by replacing words in braces; the code is never built
// from anything else.
func snippets(platform string, in ServiceSetupIn) []Snippet {
	r := strings.NewReplacer("{DSN}", in.DSN, "{STORE}", in.Store, "{KEY}", in.Key.Key)
	var out []Snippet
	for _, s := range snippetTexts[platform] {
		s.Code = r.Replace(strings.TrimSpace(s.Code))
		out = append(out, s)
	}
	return out
}

var snippetTexts = map[string][]Snippet{
	"go": {{Title: "Install", ID: "sn-install", Code: "go get github.com/getsentry/sentry-go"}, {Title: "main.go", ID: "sn-code", Language: "main.go", Code: `
package main

import (
	"errors"
	"log"
	"time"

	"github.com/getsentry/sentry-go"
)

func main() {
	err := sentry.Init(sentry.ClientOptions{
		Dsn:              "{DSN}",
		Environment:      "production",
		Release:          "1.0.0",
		AttachStacktrace: true,
	})
	if err != nil {
		log.Fatal(err)
	}
	defer sentry.Flush(2 * time.Second)

	sentry.CaptureException(errors.New("first light"))
}`}},
	"node": {{Title: "Install", ID: "sn-install", Code: "npm install @sentry/node"}, {Title: "instrument.mjs", ID: "sn-code", Language: "instrument.mjs", Code: `
import * as Sentry from "@sentry/node";

Sentry.init({
  dsn: "{DSN}",
  environment: "production",
  release: "1.0.0",
});

Sentry.captureException(new Error("first light"));
await Sentry.flush(2000);`}},
	"python": {{Title: "Install", ID: "sn-install", Code: "pip install sentry-sdk"}, {Title: "main.py", ID: "sn-code", Language: "main.py", Code: `
import sentry_sdk

sentry_sdk.init(
    dsn="{DSN}",
    environment="production",
    release="1.0.0",
)

try:
    raise RuntimeError("first light")
except RuntimeError as err:
    sentry_sdk.capture_exception(err)`}},
	"java": {{Title: "build.gradle", ID: "sn-install", Code: `implementation "io.sentry:sentry:8.+"`}, {Title: "Main.java", ID: "sn-code", Language: "Main.java", Code: `
import io.sentry.Sentry;

public class Main {
  public static void main(String[] args) {
    Sentry.init(options -> {
      options.setDsn("{DSN}");
      options.setEnvironment("production");
      options.setRelease("1.0.0");
    });
    Sentry.captureException(new RuntimeException("first light"));
    Sentry.close();
  }
}`}},
	"browser": {{Title: "Install", ID: "sn-install", Code: "npm install @sentry/browser"}, {Title: "main.js", ID: "sn-code", Language: "main.js", Code: `
import * as Sentry from "@sentry/browser";

Sentry.init({
  dsn: "{DSN}",
  environment: "production",
  release: "1.0.0",
});

Sentry.captureException(new Error("first light"));`}},
	"curl": {{Title: "Send one event", ID: "sn-code", Code: `
curl '{STORE}' \
  -H 'Content-Type: application/json' \
  -H 'X-Sentry-Auth: Sentry sentry_version=7, sentry_key={KEY}, sentry_client=curl/8' \
  -d '{"level": "error", "platform": "other", "environment": "production",
       "exception": {"values": [{"type": "RuntimeError", "value": "first light"}]}}'`}},
}

// spans are the code in one piece, coloured by the ending of its file.
func (s Snippet) spans() []ui.CodeSpan {
	var out []ui.CodeSpan
	for i, line := range ui.Highlight(ui.LanguageOf(s.Language, ""), strings.Split(s.Code, "\n")) {
		if i > 0 {
			out = append(out, ui.CodeSpan{Text: "\n"})
		}
		out = append(out, line.Spans...)
	}
	return out
}
