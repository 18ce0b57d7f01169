package page

import "github.com/a-h/templ"

// swapEvent makes a link replace the event part of the page; without
// JavaScript the link leads to the whole page. The old part stays, dimmed,
// until the new one is there; links with an id keep the focus.
func swapEvent(url string) templ.Attributes {
	return templ.Attributes{"hx-get": url, "hx-target": "#event", "hx-swap": "outerHTML", "hx-push-url": "true", "hx-indicator": "#event"}
}

func (f Frame) hasBody() bool { return len(f.Source) > 0 || len(f.Vars) > 0 }
