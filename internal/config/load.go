package config

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/alecthomas/kong"
)

// ExitCode is how the program ends on a wrong setting (sysexits EX_CONFIG).
const ExitCode = 78

// Error is a wrong setting: one line with key and remedy.
type Error struct {
	Key     string // "" when the file as a whole is wrong
	Problem string // with the place it comes from
	Remedy  string
}

func (e *Error) Error() string {
	text := e.Problem
	if e.Key != "" {
		text = e.Key + ": " + text
	}
	if e.Remedy != "" {
		text += "; " + e.Remedy
	}
	return strings.ReplaceAll(text, "\n", " ")
}

// Parse reads args into cli, a pointer to a struct that embeds *cfg and may
// have commands, and completes cfg from file and environment. A wrong setting
// is an *Error.
func Parse(cli any, cfg *Config, args []string, getenv func(string) string, options ...kong.Option) (*kong.Context, error) {
	src := &source{getenv: getenv}
	parser, err := kong.New(cli, append(options, kong.Resolvers(src))...)
	if err != nil {
		return nil, err
	}
	ctx, err := parser.Parse(args)
	if err != nil {
		return nil, blame(err)
	}
	cfg.settings = src.settings(ctx)
	return ctx, cfg.validate()
}

// blame turns what kong says of a flag of Config into an *Error.
func blame(err error) error {
	if own, ok := errors.AsType[*Error](err); ok {
		return own
	}
	flag, problem, ok := strings.Cut(err.Error(), ":")
	name := strings.TrimPrefix(flag, "--")
	if at := strings.IndexAny(name, "= "); at >= 0 {
		name = name[:at]
	}
	if ok && name != flag && known()[keyOf(name)] {
		return &Error{Key: keyOf(name), Problem: strings.TrimSpace(problem) + " (flag --" + name + ")", Remedy: remedy(keyOf(name))}
	}
	return err
}

// source gives kong the values of environment and file.
type source struct {
	getenv func(string) string
	file   map[string]entry
	path   string
	loaded bool
}

// Validate satisfies kong.Resolver; the file is checked when it is read.
func (s *source) Validate(*kong.Application) error { return nil }

// Resolve returns the value of a flag that the command line leaves open.
func (s *source) Resolve(ctx *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	if err := s.load(ctx); err != nil {
		return nil, err
	}
	text, origin, ok := s.lookup(keyOf(flag.Name))
	if !ok {
		return nil, nil //nolint:nilnil // kong's word for "not here"
	}
	trial := reflect.New(flag.Target.Type()).Elem()
	if err := flag.Parse(kong.Scan().PushTyped(text, kong.FlagValueToken), trial); err != nil {
		_, problem, found := strings.Cut(err.Error(), ": ")
		if !found {
			problem = err.Error()
		}
		return nil, &Error{Key: keyOf(flag.Name), Problem: problem + " (" + origin + ")", Remedy: remedy(keyOf(flag.Name))}
	}
	return text, nil
}

// lookup returns the text of a key and where it comes from. A variable that is
// set but empty counts as not set, because compose files pass such.
func (s *source) lookup(key string) (text, origin string, ok bool) {
	if !known()[key] {
		return "", "", false
	}
	if v := s.getenv(EnvName(key)); v != "" {
		return v, "environment " + EnvName(key), true
	}
	if e, found := s.file[key]; found {
		return e.text, fmt.Sprintf("file %s:%d", s.path, e.line), true
	}
	return "", "", false
}

// load reads the file that --config or ERRATA_CONFIG names, once.
func (s *source) load(ctx *kong.Context) error {
	if s.loaded {
		return nil
	}
	s.loaded = true
	s.path = s.getenv(EnvName("config"))
	for _, p := range ctx.Path {
		if p.Flag != nil && p.Flag.Name == "config" {
			s.path, _ = ctx.FlagValue(p.Flag).(string)
		}
	}
	if s.path == "" {
		return nil
	}
	var err error
	s.file, err = readFile(s.path)
	return err
}

// settings lists every key with its value and origin.
func (s *source) settings(ctx *kong.Context) []Setting {
	given := map[string]bool{}
	for _, p := range ctx.Path {
		if p.Flag != nil && !p.Resolved {
			given[p.Flag.Name] = true
		}
	}
	var all []Setting
	for _, flag := range ctx.Model.Flags {
		key := keyOf(flag.Name)
		if !known()[key] {
			continue
		}
		origin := "default"
		if given[flag.Name] {
			origin = "flag --" + flag.Name
		} else if _, from, ok := s.lookup(key); ok {
			origin = from
		}
		all = append(all, Setting{Key: key, Value: show(flag.Target.Interface()), Origin: origin, Default: flag.Default, Help: flag.Help})
	}
	return all
}

func show(v any) string {
	if list, ok := v.([]string); ok {
		return strings.Join(list, ",")
	}
	return fmt.Sprint(v)
}

// model returns the flags that Config alone makes.
func model() []*kong.Flag {
	parser, err := kong.New(&Config{}, kong.NoDefaultHelp())
	if err != nil {
		panic("config: " + err.Error()) // a tag of Config is wrong
	}
	return parser.Model.Flags
}
