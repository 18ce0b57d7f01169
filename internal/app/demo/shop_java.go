package demo

import "errata/internal/errata"

// The services written in Java.

var javaFrames = []object{
	lib("java.lang.Thread", "run", "Thread.java", 1583),
	lib("java.util.concurrent.ThreadPoolExecutor$Worker", "run", "ThreadPoolExecutor.java", 642),
	lib("java.util.concurrent.FutureTask", "run", "FutureTask.java", 317),
}

var javaContexts = object{
	"runtime": object{"name": "OpenJDK", "version": "25.0.1"}, "os": object{"name": "linux", "version": "6.12"},
	"device": object{"arch": "amd64", "num_cpu": 8},
}

const (
	paymentsModule = "org.example.payments."
	billingModule  = "org.example.billing."
)

func paymentsWorker() *service {
	return &service{
		slug: "payments-worker", name: "Payments worker", prefix: "PAY", platform: "java", language: "java", sdk: "sentry.java.spring-boot",
		team: []string{"tomas", "priya", "jonas"}, release: "payments@7.%d.0", first: 0, every: 12, frames: javaFrames,
		entry:    place{paymentsModule + "CaptureWorker", "handle", "CaptureWorker.java", 77, ""},
		tags:     map[string][]string{"region": {"eu-1", "eu-2"}, "queue": {"capture", "capture", "refund", "payout"}, "acquirer": {"nordpay", "nordpay", "eurocard"}},
		contexts: javaContexts,
		crumbs: []crumb{
			{6.1, "queue", "took capture job 88120", "info", nil},
			{5.8, "query", "SELECT * FROM payment WHERE id = ?", "debug", nil},
			{2.0, "http", "", "warning", object{"method": "POST", "url": "https://api.nordpay.example/v2/captures", "status_code": 409}},
		},
		faults: append(paymentsUrgent(), paymentsFaults()...),
	}
}

func paymentsUrgent() []fault {
	return []fault{
		{
			name: "idempotency", severity: errata.P0, typ: "org.example.payments.IdempotencyException", value: "key was first used with other parameters",
			source: []string{
				"        var known = keys.find(key);", "        if (known.isPresent() && !known.get().matches(payment)) {",
				">            throw new IdempotencyException(\"key was first used with other parameters\");", "        }", "        return client.capture(payment, key);",
			},
			places: []place{{paymentsModule + "PaymentGateway", "capture", "PaymentGateway.java", 142, ""}},
			users:  300, size: 80, shape: burst, why: errata.CauseFixed,
			found: "The key is made of the order, and the amount changed after a partial delivery.",
			fixed: "The key holds the number of the delivery. 41 captures were repeated by hand.",
		},
		{
			severity: errata.P0, typ: "org.example.payments.LedgerImbalance", value: "debit and credit differ by %d øre",
			source: []string{"        var difference = entries.debit().minus(entries.credit());", ">        if (!difference.isZero()) throw new LedgerImbalance(difference);"},
			places: []place{
				{paymentsModule + "Ledger", "post", "Ledger.java", 96, ""},
				{paymentsModule + "PayoutRun", "close", "PayoutRun.java", 131, ""},
			},
			size: 18, shape: burst, why: errata.CauseFixed,
			found: "Refunds in another currency are rounded twice.",
			fixed: "Rounded once, at the end. The books of the month agree again.",
		},
		{
			name: "settled", severity: errata.P1, typ: "java.lang.IllegalStateException", value: "payment %d is already settled",
			source: []string{"        if (payment.state() == SETTLED) {", ">            throw new IllegalStateException(\"payment \" + payment.id() + \" is already settled\");", "        }"},
			places: []place{
				{paymentsModule + "Settlement", "settle", "Settlement.java", 58, ""},
				{paymentsModule + "Refunds", "open", "Refunds.java", 83, ""},
				{paymentsModule + "Disputes", "answer", "Disputes.java", 49, ""},
				{paymentsModule + "Instalments", "charge", "Instalments.java", 92, ""},
			},
			users: 100, size: 50, shape: burst, why: errata.CauseFixed,
			found: "Two workers take the same job when the lease ends early.",
			fixed: "The lease is renewed while the acquirer thinks.",
		},
	}
}

func paymentsFaults() []fault {
	return []fault{
		{
			severity: errata.P2, typ: "java.net.SocketTimeoutException", value: "Read timed out after %d ms",
			source: []string{"        var request = HttpRequest.newBuilder(uri).timeout(TIMEOUT).POST(body).build();", ">        return http.send(request, BodyHandlers.ofString());"},
			places: []place{
				{paymentsModule + "NordpayClient", "capture", "NordpayClient.java", 71, ""},
				{paymentsModule + "NordpayClient", "refund", "NordpayClient.java", 102, ""},
				{paymentsModule + "EurocardClient", "authorize", "EurocardClient.java", 64, ""},
				{paymentsModule + "FraudClient", "score", "FraudClient.java", 38, ""},
				{paymentsModule + "WalletClient", "charge", "WalletClient.java", 55, ""},
				{paymentsModule + "CurrencyClient", "rate", "CurrencyClient.java", 31, ""},
			},
			users: 200, size: 60, shape: burst, why: errata.CauseExternal,
			found: "nordpay has an incident, see their page.",
			fixed: "They say that it is over, and our graphs agree.",
		},
		{
			severity: errata.P2, typ: "com.fasterxml.jackson.databind.exc.MismatchedInputException", value: "Cannot deserialize value of type `java.time.Instant` from String \"\"",
			source: []string{"        try {", ">            return mapper.readValue(text, Notification.class);", "        } catch (JsonProcessingException e) {"},
			places: []place{
				{paymentsModule + "Webhooks", "read", "Webhooks.java", 45, ""},
				{paymentsModule + "PayoutReport", "parse", "PayoutReport.java", 33, ""},
				{paymentsModule + "DisputeFile", "parse", "DisputeFile.java", 47, ""},
				{paymentsModule + "SettlementFile", "parse", "SettlementFile.java", 62, ""},
			},
			size: 40, shape: steady, why: errata.CauseFixed,
			found: "They send an empty `settled_at` since Tuesday.",
			fixed: "Empty is absent.",
		},
		{
			name: "pool", severity: errata.P2, typ: "java.sql.SQLTransientConnectionException", value: "HikariPool-1 - Connection is not available, request timed out after %d ms",
			source: []string{">        try (var c = pool.getConnection()) {", "            return work.on(c);", "        }"},
			places: []place{
				{paymentsModule + "Database", "with", "Database.java", 27, ""},
				{paymentsModule + "Outbox", "drain", "Outbox.java", 52, ""},
				{paymentsModule + "Reports", "daily", "Reports.java", 74, ""},
			},
			size: 90, shape: burst, why: errata.CauseFixed,
			found: "The payout run keeps its connection while it waits for the bank.",
			fixed: "It gives it back first.",
		},
		{
			severity: errata.P3, typ: "org.example.payments.RetryExhausted", value: "gave up after %d tries",
			source: []string{"        if (job.tries() >= MAX) {", ">            throw new RetryExhausted(job.tries());", "        }"},
			places: []place{
				{paymentsModule + "Receipts", "send", "Receipts.java", 66, ""},
				{paymentsModule + "FraudFeedback", "send", "FraudFeedback.java", 41, ""},
				{paymentsModule + "CardUpdater", "ask", "CardUpdater.java", 39, ""},
			},
			size: 45, shape: nightly, why: errata.CauseWontFix,
			found: "Expired cards of customers who left.",
			fixed: "They end in a list that support looks at on Mondays.",
		},
		{
			severity: errata.P3, level: "info", typ: "org.example.payments.CardDeclined", value: "declined: insufficient funds (code %d)",
			source: []string{">            case DECLINED -> throw new CardDeclined(answer.code());"},
			places: []place{{paymentsModule + "NordpayClient", "check", "NordpayClient.java", 155, ""}},
			users:  700, size: 1010, shape: steady, noise: "expected",
		},
	}
}

func billingSvc() *service {
	return &service{
		slug: "billing-svc", name: "Billing", prefix: "BIL", platform: "java", language: "java", sdk: "sentry.java.spring-boot",
		team: []string{"tomas", "mira"}, release: "billing@3.%d.0", first: 1, every: 14, frames: javaFrames,
		entry:    place{billingModule + "InvoiceController", "handle", "InvoiceController.java", 54, ""},
		tags:     map[string][]string{"region": {"eu-1"}, "country": {"NO", "SE", "DE", "GB"}},
		contexts: javaContexts, url: "http://billing.internal", agent: "storefront-api/5",
		crumbs: []crumb{
			{2.7, "query", "SELECT * FROM invoice WHERE order_id = ?", "debug", nil},
			{1.1, "pdf", "template invoice-nb, 3 pages", "info", nil},
		},
		faults: billingFaults(),
	}
}

func billingFaults() []fault {
	return []fault{
		{
			name: "heap", severity: errata.P1, level: "fatal", typ: "java.lang.OutOfMemoryError", value: "Java heap space while rendering invoice PDF",
			source: []string{"        var page = new BufferedImage(width, height, TYPE_INT_ARGB);", ">        renderer.render(document, page);"},
			places: []place{
				{billingModule + "PdfRenderer", "render", "PdfRenderer.java", 210, "GET /invoices/{id}.pdf"},
				{billingModule + "YearStatement", "build", "YearStatement.java", 88, "GET /statements/{year}"},
			},
			users: 40, size: 16, shape: burst, why: errata.CauseFixed,
			found: "Invoices with more than 400 lines. All pages are kept until the last one is drawn.",
			fixed: "Pages are written one by one, 40 MB instead of 2 GB.",
		},
		{
			severity: errata.P2, typ: "java.lang.NullPointerException", value: "Cannot invoke \"Customer.getVatId()\" because \"customer\" is null",
			source: []string{"        var customer = invoice.customer();", ">        dto.vatId = customer.getVatId();"},
			places: []place{
				{billingModule + "InvoiceMapper", "toDto", "InvoiceMapper.java", 87, "GET /invoices/{id}"},
				{billingModule + "CreditNote", "of", "CreditNote.java", 42, "POST /credit-notes"},
				{billingModule + "Reminder", "build", "Reminder.java", 61, ""},
				{billingModule + "TaxReport", "row", "TaxReport.java", 119, "GET /reports/tax"},
				{billingModule + "Dunning", "next", "Dunning.java", 58, ""},
			},
			users: 120, size: 50, shape: steady, why: errata.CauseFixed,
			found: "Guests have no customer.",
			fixed: "Guests are billed under the address of the order.",
		},
		{
			severity: errata.P1, typ: "java.time.format.DateTimeParseException", value: "Text '31.02.%d' could not be parsed",
			source: []string{">        var due = LocalDate.parse(text, NORWEGIAN);", "        return due.plusDays(grace);"},
			places: []place{
				{billingModule + "DueDate", "parse", "DueDate.java", 24, "POST /invoices"},
				{billingModule + "BankFile", "row", "BankFile.java", 73, ""},
			},
			users: 30, size: 30, shape: burst, why: errata.CauseFixed,
			found: "The bank writes the last day of February as the 31st.",
			fixed: "The last day of the month is taken instead.",
		},
		{
			severity: errata.P2, typ: "org.hibernate.exception.ConstraintViolationException", value: "could not execute statement [null value in column \"currency\"]",
			source: []string{">        session.persist(line);", "        session.flush();"},
			places: []place{
				{billingModule + "InvoiceStore", "save", "InvoiceStore.java", 101, "POST /invoices"},
				{billingModule + "Subscriptions", "renew", "Subscriptions.java", 77, ""},
				{billingModule + "Vouchers", "issue", "Vouchers.java", 48, "POST /vouchers"},
				{billingModule + "Addresses", "save", "Addresses.java", 35, "PUT /addresses/{id}"},
			},
			users: 50, size: 35, shape: burst, why: errata.CauseFixed,
			found: "Vouchers have no currency since the last migration.",
			fixed: "Currency of the shop is the default, 312 rows were corrected.",
		},
		{
			severity: errata.P2, typ: "java.lang.ArithmeticException", value: "Non-terminating decimal expansion; no exact representable decimal result.",
			source: []string{">        return total.divide(BigDecimal.valueOf(parts));"},
			places: []place{
				{billingModule + "Instalments", "split", "Instalments.java", 36, "POST /instalments"},
				{billingModule + "Discounts", "share", "Discounts.java", 52, "POST /invoices"},
				{billingModule + "Commission", "of", "Commission.java", 29, ""},
			},
			users: 40, size: 30, shape: steady, why: errata.CauseFixed,
			found: "Anything split in three.",
			fixed: "The last instalment takes the rest.",
		},
		{
			severity: errata.P3, typ: "org.example.billing.VatCheckUnavailable", value: "VIES did not answer, VAT number was not checked",
			source: []string{"        } catch (IOException e) {", ">            throw new VatCheckUnavailable(e);", "        }"},
			places: []place{
				{billingModule + "VatCheck", "ask", "VatCheck.java", 57, "POST /customers/{id}/vat"},
				{billingModule + "VatRun", "next", "VatRun.java", 39, ""},
			},
			size: 70, shape: nightly, why: errata.CauseExternal,
			found: "Their service sleeps at night.",
			fixed: "Checked again at seven in the morning.",
		},
	}
}
