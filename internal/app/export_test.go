package app

// DemoSent is how many events the demo has sent so far.
func (a *App) DemoSent() int64 { return a.demo.Sent() }

// DemoSkipped is how many acts of the demo were refused.
func (a *App) DemoSkipped() int64 { return a.demo.Skipped() }
