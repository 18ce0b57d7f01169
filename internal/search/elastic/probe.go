package elastic

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"

	"github.com/elastic/go-elasticsearch/v8/esapi"

	"errata/internal/errata"
)

// schemaVersion is raised with every change of the template.
const schemaVersion = 2

//go:embed template.json
var templateText []byte

// ensure finds cluster and template in order, once; later calls cost nothing.
func (e *Engine) ensure(ctx context.Context) error {
	if e.version.Load() != nil {
		return nil
	}
	e.probing.Lock()
	defer e.probing.Unlock()
	if e.version.Load() != nil {
		return nil
	}
	version, err := e.nodeVersion(ctx)
	if err != nil {
		return err
	}
	if !supported(version) {
		return because(errata.Internal, reasonForeign, "Elasticsearch "+version+" is not supported: 8.11 to 9 are.", nil)
	}
	if err := e.installTemplate(ctx); err != nil {
		return err
	}
	e.version.Store(&version)
	e.log.InfoContext(ctx, "elasticsearch is ready", slog.String("version", version))
	return nil
}

// nodeVersion asks a node for its version. GET / is a module of its own that
// small distributions lack.
func (e *Engine) nodeVersion(ctx context.Context) (string, error) {
	var answer struct {
		Nodes map[string]struct {
			Version string `json:"version"`
		} `json:"nodes"`
	}
	err := e.client.do(ctx, esapi.NodesInfoRequest{NodeID: []string{"_local"}, FilterPath: []string{"nodes.*.version"}}, &answer)
	if err != nil {
		return "", err
	}
	for _, n := range answer.Nodes {
		return n.Version, nil
	}
	return "", because(errata.Internal, reasonForeign, "The cluster does not tell its version.", nil)
}

// supported says whether a version is 8.11 or newer, and not above 9.
func supported(version string) bool {
	parts := strings.SplitN(version, ".", 3)
	if len(parts) < 2 {
		return false
	}
	major, err1 := strconv.Atoi(parts[0])
	minor, err2 := strconv.Atoi(parts[1])
	return err1 == nil && err2 == nil && (major == 8 && minor >= 11 || major == 9)
}

// Template returns the index template for the engine's prefix and number of
// replicas, for an administrator who installs it in our place.
func (o Options) Template() ([]byte, error) {
	o.defaults()
	var t map[string]any
	if err := json.Unmarshal(templateText, &t); err != nil {
		return nil, err
	}
	t["index_patterns"] = []string{o.Prefix + "-events-r*"}
	t["_meta"] = map[string]any{"errata_schema": schemaVersion, "owner": "errata"}
	inner, ok := t["template"].(map[string]any)
	if !ok {
		return nil, errors.New("template.json has no template")
	}
	inner["aliases"] = map[string]any{o.Prefix + "-events": struct{}{}}
	settings, ok := inner["settings"].(map[string]any)["index"].(map[string]any)
	if !ok {
		return nil, errors.New("template.json has no settings")
	}
	if strings.Contains(o.Replicas, "-") {
		settings["auto_expand_replicas"] = o.Replicas
	} else {
		settings["number_of_replicas"] = o.Replicas
	}
	return json.MarshalIndent(t, "", "  ")
}

// installTemplate puts our template over what this or an older Errata put: the
// number of replicas may have changed. Where we may not, an administrator must
// have put it.
func (e *Engine) installTemplate(ctx context.Context) error {
	name := e.o.Prefix + "-events"
	text, err := e.o.Template()
	if err != nil {
		return err
	}
	have, err := e.templateSchema(ctx, name)
	switch {
	case err != nil:
		return err
	case have > schemaVersion:
		return because(errata.Internal, reasonForeign,
			fmt.Sprintf("The index template %s belongs to a newer Errata (schema %d).", name, have), nil)
	}
	err = e.client.do(ctx, esapi.IndicesPutIndexTemplateRequest{Name: name, Body: strings.NewReader(string(text))}, nil)
	if errata.ReasonOf(err) == reasonRefused && have == schemaVersion {
		return nil
	}
	return err
}

// templateSchema returns the schema of the installed template, 0 when there is
// none.
func (e *Engine) templateSchema(ctx context.Context, name string) (int, error) {
	var answer struct {
		Templates []struct {
			Template struct {
				Meta struct {
					Schema int `json:"errata_schema"`
				} `json:"_meta"`
			} `json:"index_template"`
		} `json:"index_templates"`
	}
	err := e.client.do(ctx, esapi.IndicesGetIndexTemplateRequest{Name: name}, &answer)
	if errata.CodeOf(err) == errata.NotFound || err == nil && len(answer.Templates) == 0 {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	return answer.Templates[0].Template.Meta.Schema, nil
}
