package errata_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"errata/internal/errata"
)

func TestDecideInAppList(t *testing.T) {
	type where struct{ module, function, file, abs string }
	library := map[string][]where{
		"python": {
			{file: "django/core/base.py", abs: "/srv/app/venv/lib/python3.11/site-packages/django/core/base.py"},
			{file: "site-packages/django/base.py"},
			{file: "lib/python3.11/logging/__init__.py"},
			{abs: "/usr/lib/python3/dist-packages/flask/app.py"},
			{file: "<frozen importlib._bootstrap>"},
			{abs: `C:\app\venv\Lib\site-packages\flask\app.py`},
		},
		"node": {
			{file: "node:internal/process/task_queues"},
			{file: "internal/process/task_queues.js"},
			{abs: "/srv/app/node_modules/express/lib/router/index.js"},
			{file: "node:fs"},
		},
		"javascript": {
			{file: "webpack/bootstrap 3f2a9c1b"},
			{abs: "webpack:///webpack/bootstrap"},
			{abs: "webpack:///./node_modules/react/index.js"},
		},
		"go": {
			{module: "net/http", abs: "/usr/local/go/src/net/http/server.go"},
			{abs: "/home/ci/go/pkg/mod/github.com/labstack/echo/v4@v4.16.0/echo.go"},
			{abs: "/srv/app/vendor/x/y.go"},
		},
		"ruby": {{abs: "/var/lib/gems/3.1.0/gems/rack-2.2.4/lib/rack/head.rb"}},
		"php":  {{file: "[internal function]"}, {abs: "/srv/app/vendor/symfony/http-kernel/Kernel.php"}},
		"native": {
			{abs: "/rustc/9fc6b431/library/std/src/panicking.rs"},
			{function: "core::panicking::panic_fmt"},
			{function: "<alloc::boxed::Box<F> as core::ops::FnOnce>::call_once"},
			{module: "std::rt"},
			{abs: "/home/ci/.cargo/registry/src/index/serde-1.0/src/lib.rs"},
			{abs: "/home/ci/.cargo/git/checkouts/x/lib.rs"},
		},
		"java": {
			{module: "java.lang.Thread"},
			{module: "org.springframework.web.servlet.DispatcherServlet"},
			{module: "com.sun.proxy.$Proxy12"},
			{module: "kotlin"},
			{module: "reactor.core.publisher.Mono"},
		},
		"csharp": {{module: "System.Threading.Tasks.Task"}, {module: "Microsoft.AspNetCore.Mvc.X"}},
	}
	own := map[string][]where{
		"python": {
			{module: "core.views", file: "core/views.py"},
			{file: "internal/db.py"},
			{file: "std/io.py"},
			{abs: "/srv/lib/python2/x.py"},
			{file: "vendor.py"},
		},
		"node":       {{abs: "/srv/app/dist/internal/pay.js"}, {file: "app/node_modules.js"}},
		"javascript": {{abs: "https://shop.example/assets/app.js"}},
		"go":         {{module: "shop/internal/cart", abs: "/srv/app/internal/cart/cart.go"}, {abs: "/srv/src/x.go"}},
		"native":     {{function: "shop::cart::pay"}, {function: "stdlib::x"}, {module: "core_ext"}},
		"java":       {{module: "javassist.X"}, {module: "com.acme.java.Order"}, {module: "com.sunrise.App"}},
		"csharp":     {{module: "Systematic.Order"}, {module: "Acme.System"}},
		"":           {{module: "java.lang.Thread"}, {module: "System.X"}},
	}
	check := func(want bool, cases map[string][]where) {
		for platform, places := range cases {
			for _, w := range places {
				for _, flag := range []*bool{nil, new(want), new(!want)} {
					f := []errata.Frame{{Module: w.module, Function: w.function, File: w.file, AbsPath: w.abs, InApp: flag}}
					errata.DecideInApp(f, platform)
					// Our list beats the SDK; outside it the SDK's flag counts.
					expect := want && (flag == nil || *flag)
					if f[0].IsInApp() != expect {
						t.Errorf("%s %+v: in-app %v, want %v", platform, w, f[0].IsInApp(), expect)
					}
				}
			}
		}
	}
	check(false, library)
	check(true, own)
}

func TestDecideInAppFlags(t *testing.T) {
	yes, no := new(true), new(false)
	library := "/usr/lib/python3.11/ssl.py"
	for name, c := range map[string]struct {
		files []string
		flags []*bool
		want  []bool
	}{
		"nothing flagged: all our own":          {[]string{"a.py", "b.py"}, []*bool{nil, nil}, []bool{true, true}},
		"one flagged: the silent ones are not":  {[]string{"a.py", "b.py", "c.py"}, []*bool{nil, yes, nil}, []bool{false, true, false}},
		"flagged but listed does not count":     {[]string{"a.py", library}, []*bool{nil, yes}, []bool{true, false}},
		"flagged false does not silence others": {[]string{"a.py", "b.py"}, []*bool{nil, no}, []bool{true, false}},
		"order does not matter":                 {[]string{"b.py", "a.py"}, []*bool{yes, nil}, []bool{true, false}},
	} {
		t.Run(name, func(t *testing.T) {
			frames := make([]errata.Frame, len(c.files))
			for i := range frames {
				frames[i] = errata.Frame{File: c.files[i], InApp: c.flags[i]}
			}
			for _, round := range []string{"first", "again"} {
				errata.DecideInApp(frames, "python")
				got := make([]bool, len(frames))
				for i := range frames {
					got[i] = frames[i].IsInApp()
				}
				if d := cmp.Diff(c.want, got); d != "" {
					t.Errorf("%s: %s", round, d)
				}
			}
		})
	}
	if !*yes || *no {
		t.Error("the SDK's flag was written through")
	}
}

func BenchmarkDecideInApp(b *testing.B) {
	frames := make([]errata.Frame, 0, 30)
	for range 15 {
		frames = append(frames,
			errata.Frame{Module: "org.example.shop.cart.CheckoutService", File: "shop/cart/checkout_service.py", AbsPath: "/srv/app/releases/2026-11-20/shop/cart/checkout_service.py"},
			errata.Frame{Module: "django.core.handlers.base", File: "django/core/handlers/base.py", AbsPath: "/srv/app/venv/lib/python3.11/site-packages/django/core/handlers/base.py"})
	}
	for _, platform := range []string{"python", "java"} {
		b.Run(platform, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				errata.DecideInApp(frames, platform)
			}
		})
	}
}
