package queue

import (
	"fmt"
	"log/slog"
)

// serverLog passes the embedded server's warnings and errors to our log; its
// notices are about itself and stay at debug.
type serverLog struct{ log *slog.Logger }

func (l serverLog) say(do func(string, ...any), format string, v []any) {
	do("queue server", slog.String("message", fmt.Sprintf(format, v...)))
}
func (l serverLog) Noticef(f string, v ...any) { l.say(l.log.Debug, f, v) }
func (l serverLog) Warnf(f string, v ...any)   { l.say(l.log.Warn, f, v) }
func (l serverLog) Errorf(f string, v ...any)  { l.say(l.log.Error, f, v) }
func (l serverLog) Fatalf(f string, v ...any)  { l.say(l.log.Error, f, v) }
func (l serverLog) Debugf(string, ...any)      {}
func (l serverLog) Tracef(string, ...any)      {}
