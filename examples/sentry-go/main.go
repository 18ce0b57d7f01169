// Sends what a real service would: an error with a cause, and a panic, with
// breadcrumbs, a user and tags. SENTRY_DSN is the DSN of the service's set-up page.
package main

import (
	"errors"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/getsentry/sentry-go"
)

var errStock = errors.New("only 2 left in stock")

func reserve(sku string, n int) error {
	return fmt.Errorf("reserve %d × %s: %w", n, sku, errStock)
}

func checkout(order int) error {
	if err := reserve("TEA-042", 3); err != nil {
		return fmt.Errorf("checkout of order %d: %w", order, err)
	}
	return nil
}

func main() {
	dsn := os.Getenv("SENTRY_DSN")
	if dsn == "" {
		log.Fatal("set SENTRY_DSN to the DSN of your service")
	}
	err := sentry.Init(sentry.ClientOptions{Dsn: dsn, Release: "shop@1.4.0", Environment: "production",
		AttachStacktrace: true, SendDefaultPII: true})
	if err != nil {
		log.Fatal(err)
	}
	sentry.ConfigureScope(func(s *sentry.Scope) {
		s.SetUser(sentry.User{ID: "customer-17", Email: "ada@example.com"})
		s.SetTag("region", "eu-north-1")
		s.SetTag("payment", "card")
	})
	sentry.AddBreadcrumb(&sentry.Breadcrumb{Category: "cart", Message: "added TEA-042", Level: sentry.LevelInfo})
	sentry.AddBreadcrumb(&sentry.Breadcrumb{Category: "http", Type: "http", Message: "POST /checkout",
		Data: map[string]any{"status_code": 409}})

	if err := checkout(991); err != nil {
		sentry.CaptureException(err)
	}
	func() {
		defer sentry.Recover()
		var prices map[string]int
		prices["TEA-042"] = 5 // writing to a nil map panics
	}()
	if !sentry.Flush(5 * time.Second) {
		log.Fatal("the events did not reach " + dsn)
	}
	fmt.Println("sent an error and a panic")
}
