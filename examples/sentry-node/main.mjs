// Sends what a real service would: an error with a cause, and a rejection that
// nobody handles, with breadcrumbs, a user and tags.
import * as Sentry from "@sentry/node";

function parseRates(text) {
  return JSON.parse(text);
}

function loadRates(country) {
  try {
    return parseRates("<html>");
  } catch (error) {
    throw new Error(`no shipping rates for ${country}`, { cause: error });
  }
}

async function refund(order) {
  throw new TypeError(`order ${order} has no payment`);
}

Sentry.setUser({ id: "customer-17", email: "ada@example.com" });
Sentry.setTag("region", "eu-north-1");
Sentry.addBreadcrumb({ category: "cart", message: "added TEA-042", level: "info" });
Sentry.addBreadcrumb({ category: "navigation", message: "/checkout", data: { from: "/cart", to: "/checkout" } });

try {
  loadRates("NO");
} catch (error) {
  Sentry.captureException(error);
}
process.once("exit", () => console.log("sent an error and an unhandled rejection"));
await Sentry.flush(5000);
refund(991); // nobody awaits or catches it
