// Package e2e drives the whole product in a real browser, as people do: with
// and without JavaScript, on both pairs of stores.
package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/audits"
	cdpbrowser "github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// patience is how long a page may take to become what a test waits for. It is
// no promise of the product: machines that test are busy.
const patience = 30 * time.Second

// chromium is the one browser process of all tests.
var chromium struct {
	once sync.Once
	ctx  context.Context
	stop func()
	err  error
}

func TestMain(m *testing.M) {
	code := m.Run()
	if chromium.stop != nil {
		chromium.stop()
	}
	os.Exit(code)
}

// required says whether ERRATA_TEST_REQUIRE lists what.
func required(what string) bool {
	for name := range strings.SplitSeq(os.Getenv("ERRATA_TEST_REQUIRE"), ",") {
		if strings.TrimSpace(name) == what {
			return true
		}
	}
	return false
}

// missing skips a test that lacks a program, or fails it where that is
// required.
func missing(t testing.TB, required bool, why string) {
	t.Helper()
	if required {
		t.Fatal(why)
	}
	t.Skip(why)
}

func findChromium() (string, error) {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errors.New("no Chromium on the PATH: install the package chromium")
}

// browser starts Chromium once, with an empty profile of its own.
func browser(t testing.TB) context.Context {
	t.Helper()
	chromium.once.Do(func() {
		path, err := findChromium()
		if err != nil {
			chromium.err = err
			return
		}
		opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.DisableGPU,
			chromedp.Flag("hide-scrollbars", true), chromedp.Flag("lang", "en-GB"))
		if os.Getuid() == 0 {
			opts = append(opts, chromedp.NoSandbox)
		}
		alloc, stopAlloc := chromedp.NewExecAllocator(context.Background(), opts...)
		ctx, stop := chromedp.NewContext(alloc)
		chromium.ctx, chromium.stop = ctx, func() { stop(); stopAlloc() } //nolint:fatcontext // one browser for all tests
		if err := chromedp.Do(ctx); err != nil {
			t.Fatalf("starting %s: %v", path, err)
		}
	})
	if chromium.err != nil {
		missing(t, required("browser"), chromium.err.Error())
	}
	return chromium.ctx
}

// tab is a window of a person: cookies of its own, and a record of everything
// that a clean page does not do.
type tab struct {
	*record
	t    testing.TB
	ctx  context.Context
	base string // address of the product
}

// newTab opens an empty window on a product. Without script nothing on its
// pages runs.
func newTab(t testing.TB, base string, script bool) *tab {
	t.Helper()
	ctx, stop := chromedp.NewContext(browser(t), chromedp.WithNewBrowserContext())
	t.Cleanup(stop)
	b := &tab{record: &record{base: base}, t: t, ctx: ctx, base: base}
	b.must(chromedp.Do(ctx))
	b.must(chromedp.Listen(ctx, b.note))
	go b.dismiss(chromedp.Events(ctx, page.JavascriptDialogOpening))
	call(b, audits.Enable, cdp.Empty{})
	call(b, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true}) // windows do not fight for it
	if !script {
		call(b, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	}
	b.size(1440, 900)
	b.theme("light")
	return b
}

// dismiss closes dialogs, which would hold up the page; record keeps them.
func (b *tab) dismiss(dialogs func(func(page.EventJavascriptDialogOpening, error) bool)) {
	for _, err := range dialogs {
		if err != nil {
			return
		}
		_, _ = chromedp.Call(b.ctx, page.HandleJavaScriptDialog, page.HandleJavaScriptDialogParams{})
	}
}

func (b *tab) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

// call sends a command of the browser's protocol and requires that it works.
func call[P, R any](b *tab, cmd cdp.Command[P, R], params P) R {
	b.t.Helper()
	r, err := chromedp.Call(b.ctx, cmd, params)
	if err != nil {
		b.t.Fatalf("%s: %v", cmd.Method, err)
	}
	return r
}

// timed runs steps, at most as long as patience lasts.
func (b *tab) timed(what string, steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		b.t.Fatalf("%s: %v (at %s)", what, err, b.here())
	}
}

// open goes to a path of the product.
func (b *tab) open(path string) {
	b.t.Helper()
	b.timed("open "+path, chromedp.Navigate(b.base+path))
}

// click clicks the middle of the first visible element.
func (b *tab) click(css string) {
	b.t.Helper()
	b.timed("click "+css, chromedp.Click(chromedp.CSS(css)))
}

// follow clicks and waits until the address contains want and the page is
// whole.
func (b *tab) follow(css, want string) {
	b.t.Helper()
	b.click(css)
	b.arrive(want)
}

// arrive waits until the address contains want and the page is whole.
func (b *tab) arrive(want string) {
	b.t.Helper()
	b.until("arrives at "+want, `location.href.includes(`+quote(want)+`) && document.readyState === "complete"`)
}

// submit presses a button and waits for the next document, whatever its address.
func (b *tab) submit(css string) {
	b.t.Helper()
	old := b.document()
	b.click(css)
	b.wait("next page after "+css, func() bool { return b.document() != old && b.is(`document.readyState === "complete"`) })
}

// document is the identity of the loaded document.
func (b *tab) document() string {
	b.t.Helper()
	return string(call(b, page.GetFrameTree, cdp.Empty{}).FrameTree.Frame.LoaderID)
}

// fill replaces the text of a field.
func (b *tab) fill(css, text string) {
	b.t.Helper()
	b.timed("fill "+css, chromedp.Clear(chromedp.CSS(css)), chromedp.Click(chromedp.CSS(css)))
	call(b, input.InsertText, input.InsertTextParams{Text: text})
}

// press types keys outside of any field.
func (b *tab) press(keys string) {
	b.t.Helper()
	b.timed("press "+keys, chromedp.KeyEvent(keys))
}

// ask evaluates an expression in the page; the debugger may where scripts of
// pages are off.
func ask[T any](b *tab, js string) T {
	b.t.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](js))
	if err != nil {
		b.t.Fatalf("%s: %v (at %s)", js, err, b.here())
	}
	return v
}

// is evaluates a condition; a page that is just being replaced is not yet it.
func (b *tab) is(js string) bool {
	ok, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool](js))
	return err == nil && ok
}

// until polls until a condition holds in the page.
func (b *tab) until(what, js string) {
	b.t.Helper()
	b.wait(what, func() bool { return b.is(js) })
}

// wait polls until ok.
func (b *tab) wait(what string, ok func() bool) {
	b.t.Helper()
	limit := time.NewTimer(patience)
	defer limit.Stop()
	tick := time.NewTicker(15 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-limit.C:
			b.t.Fatalf("not within %s: %s (at %s)\n%s", patience, what, b.here(), clip(b.body(), 1500))
		}
	}
}

func (b *tab) here() string {
	s, _ := chromedp.Run(b.ctx, chromedp.Evaluate[string](`location.href`))
	return s
}

// body is the text that a reader of the page sees.
func (b *tab) body() string {
	s, _ := chromedp.Run(b.ctx, chromedp.Evaluate[string](`document.body?.innerText ?? ""`))
	return s
}

// texts are the visible texts of all elements that match.
func (b *tab) texts(css string) []string {
	b.t.Helper()
	return ask[[]string](b, `[...document.querySelectorAll(`+quote(css)+`)].map(e => e.innerText.replace(/\s+/g, " ").trim())`)
}

// text is the visible text of the first element that matches, "" without one.
func (b *tab) text(css string) string {
	b.t.Helper()
	if all := b.texts(css); len(all) > 0 {
		return all[0]
	}
	return ""
}

func (b *tab) has(css string) bool {
	return b.is(`document.querySelector(` + quote(css) + `) !== null`)
}

// size makes the window as large as a screen of that many CSS pixels.
func (b *tab) size(width, height int64) {
	b.t.Helper()
	call(b, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: width, Height: height, DeviceScaleFactor: 1})
}

// theme sets what the system prefers: light or dark.
func (b *tab) theme(name string) {
	b.t.Helper()
	call(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: name}, {Name: "prefers-reduced-motion", Value: "reduce"},
	}})
}

// downloads lets files that a page sends be kept, and returns where.
func (b *tab) downloads() string {
	b.t.Helper()
	dir := b.t.TempDir()
	call(b, cdpbrowser.SetDownloadBehavior, cdpbrowser.SetDownloadBehaviorParams{
		Behavior: cdpbrowser.SetDownloadBehaviorBehaviorAllow, BrowserContextID: chromedp.FromContext(b.ctx).BrowserContextID, DownloadPath: dir,
	})
	return dir
}

// file waits for the download of a text of a kind, whose last line has an end.
func (b *tab) file(dir, kind string) (text string) {
	b.t.Helper()
	b.wait("a file *"+kind, func() bool {
		if found, _ := filepath.Glob(filepath.Join(dir, "*"+kind)); len(found) > 0 {
			all, err := os.ReadFile(found[0])
			b.must(err)
			text = string(all)
		}
		return strings.HasSuffix(text, "\n")
	})
	return text
}

// signIn signs in through the form.
func (b *tab) signIn(email, password string) {
	b.t.Helper()
	b.open("/login")
	b.fill("#f-email", email)
	b.fill("#f-password", password)
	b.submit(`form[action="/login"] button.primary`)
}

// contains waits until the visible text of css contains all wants: what a page
// begins with is shown while the rest of it still comes.
func (b *tab) contains(css string, wants ...string) {
	b.t.Helper()
	list, err := json.Marshal(wants)
	if err != nil {
		b.t.Fatal(err)
	}
	b.until(fmt.Sprintf("%q in %s", wants, css), `(text => `+string(list)+`.every(w => text.includes(w)))(
		[...document.querySelectorAll(`+quote(css)+`)].map(e => e.innerText.replace(/\s+/g, " ").trim()).join("\n"))`)
}

func clip(s string, n int) string {
	if len(s) > n {
		return s[:n] + " …"
	}
	return s
}
