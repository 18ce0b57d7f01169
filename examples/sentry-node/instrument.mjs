// The SDK must start before anything it watches is loaded.
import * as Sentry from "@sentry/node";

if (!process.env.SENTRY_DSN) {
  console.error("set SENTRY_DSN to the DSN of your service");
  process.exit(1);
}

Sentry.init({
  dsn: process.env.SENTRY_DSN,
  release: "storefront@2.1.0",
  environment: "production",
  includeLocalVariables: true,
});
