package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"errata/internal/apptest"
)

// Screens writes a picture of every page for people to look at, and the one of
// the README.
func TestScreens(t *testing.T) {
	if os.Getenv("ERRATA_TEST_SCREENS") == "" {
		t.Skip("pictures of all pages are made when ERRATA_TEST_SCREENS is set")
	}
	browser(t)
	p := apptest.Start(t, apptest.Options{})
	openShop(t, p)
	if err := os.MkdirAll("screens", 0o750); err != nil {
		t.Fatal(err)
	}
	p.NewProject("idle")
	inside, outside := newTab(t, p.URL, true), newTab(t, p.URL, true)
	inside.signIn(apptest.Email, apptest.Password)
	for _, pg := range realPages(t, p) {
		b := inside
		if pg.out {
			b = outside
		}
		b.open(pg.path)
		for _, width := range []int64{1440, 390} {
			b.tall(width)
			for _, theme := range []string{"light", "dark"} {
				b.theme(theme)
				b.shot(filepath.Join("screens", fmt.Sprintf("%s-%s-%d.png", pg.name, theme, width)))
			}
		}
	}
	inside.size(1440, 900)
	inside.theme("light")
	inside.open("/issues")
	const picture = "../../docs/screenshot.png"
	inside.shot(picture)
	if info, err := os.Stat(picture); err != nil || info.Size() > 300<<10 {
		t.Errorf("%s: %v, %d bytes", picture, err, info.Size())
	}
}

// tall makes the window as high as the page, within reason.
func (b *tab) tall(width int64) {
	b.t.Helper()
	b.size(width, 900)
	high := ask[int64](b, `document.documentElement.scrollHeight`)
	b.size(width, min(max(high, 900), 3200))
}

// shot writes what the window shows.
func (b *tab) shot(file string) {
	b.t.Helper()
	b.until("fonts", `document.fonts.status === "loaded"`)
	if _, err := chromedp.Run(b.ctx, chromedp.Evaluate[chromedp.Void](`new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done())))`, chromedp.EvalAwaitPromise)); err != nil {
		b.t.Fatal(err)
	}
	r := call(b, page.CaptureScreenshot, page.CaptureScreenshotParams{Format: page.CaptureScreenshotFormatPng})
	if err := os.WriteFile(file, r.Data, 0o600); err != nil {
		b.t.Fatal(err)
	}
}
