package e2e

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/cdproto/page"

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
	b := newTab(t, p.URL, true)
	b.signIn(apptest.Email, apptest.Password)
	pages := realPages(t, p)
	for _, pg := range pages {
		b.expect(pg.status...)
		b.open(pg.path)
		for _, width := range []int64{1440, 390} {
			for _, theme := range []string{"light", "dark"} {
				b.size(width, map[int64]int64{1440: 900, 390: 844}[width])
				b.theme(theme)
				b.shot(filepath.Join("screens", pg.name+"-"+theme+"-"+map[int64]string{1440: "1440", 390: "390"}[width]+".png"))
			}
		}
	}
	b.size(1440, 900)
	b.theme("light")
	b.open("/issues")
	const picture = "../../docs/screenshot.png"
	b.shot(picture)
	if info, err := os.Stat(picture); err != nil || info.Size() > 300<<10 {
		t.Errorf("%s: %v, %d bytes", picture, err, info.Size())
	}
}

// shot writes what the window shows.
func (b *tab) shot(file string) {
	b.t.Helper()
	b.until("fonts", `document.fonts.status === "loaded"`)
	r := call(b, page.CaptureScreenshot, page.CaptureScreenshotParams{Format: page.CaptureScreenshotFormatPng})
	if err := os.WriteFile(file, r.Data, 0o600); err != nil {
		b.t.Fatal(err)
	}
}
