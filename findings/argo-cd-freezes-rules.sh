#!/usr/bin/env bash
# Argo CD 3.1.16, `RespectIgnoreDifferences=true`, and an ignored field within an array: a sync keeps the
# whole array as it is in the cluster. With
#
#   ignoreDifferences: jqPathExpressions: [".spec.rules[]?.http.paths[]?.backend.service.name"]
#
# a host and a path that are new in the repository are not applied while one backend's name differs. No
# difference is shown for the name, and the sync says that it was done.
#
# Why: the ignored field is taken out of the live object and put back by a strategic merge patch
# (`normalizeTargetResources` in controller/sync.go). An Ingress's `rules` have no merge key, so the patch
# holds all of them.
#
# Asked of Argo CD's own function, in its own package, built from the Go module proxy: no cluster, and
# nothing else. Needs Go 1.24.6 or later, 4 GB of disk, and some minutes of compiling.
# Seen:
#   ignored, new host and path in the repository: hosts: parrot.example.com; paths: /; backends: parrot-green
#   ignored, another port in the repository: hosts: parrot.example.com; paths: /; backends: parrot-green; ports: 80
#   not ignored: hosts: new.example.com parrot.example.com; paths: / / /new; backends: other other parrot
#   a Service, /spec/selector ignored: ports: 80 9102; selector: parrot-green
set -euo pipefail

version=v3.1.16
module=github.com/argoproj/argo-cd/v3
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

printf 'module x\n\ngo 1.24\n' >go.mod
from=$(go mod download -json "$module@$version" | sed -n 's/^\t"Dir": "\(.*\)",$/\1/p')
cp -r "$from" argo-cd
chmod -R u+w argo-cd
cd argo-cd
rm controller/*_test.go
cat >controller/frozen_test.go <<'EOF'
package controller

import (
	"fmt"
	"sort"
	"strings"
	"testing"

	"github.com/argoproj/gitops-engine/pkg/sync"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/argoproj/argo-cd/v3/pkg/apis/application/v1alpha1"
	"github.com/argoproj/argo-cd/v3/util/argo/diff"
	"github.com/argoproj/argo-cd/v3/util/argo/normalizers"
)

const live = `
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: parrot, namespace: birds}
spec:
  rules:
  - host: parrot.example.com
    http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: parrot-green, port: {number: 80}}}}]}
`
const more = `
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: parrot, namespace: birds}
spec:
  rules:
  - host: parrot.example.com
    http:
      paths:
      - {path: /, pathType: Prefix, backend: {service: {name: parrot, port: {number: 80}}}}
      - {path: /new, pathType: Prefix, backend: {service: {name: other, port: {number: 80}}}}
  - host: new.example.com
    http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: other, port: {number: 80}}}}]}
`
const service = `
apiVersion: v1
kind: Service
metadata: {name: parrot, namespace: birds}
spec: {selector: {app: parrot-green}, ports: [{name: http, port: 80}]}
`

var port = strings.ReplaceAll(strings.ReplaceAll(live, "parrot-green", "parrot"), "number: 80", "number: 8080")
var ports = strings.ReplaceAll(strings.ReplaceAll(service, "parrot-green", "parrot"), "port: 80}", "port: 80}, {name: metrics, port: 9102}")

func object(t *testing.T, text string) *unstructured.Unstructured {
	fields := map[string]any{}
	if err := yaml.Unmarshal([]byte(text), &fields); err != nil {
		t.Fatal(err)
	}
	return &unstructured.Unstructured{Object: fields}
}

// What a sync would apply.
func synced(t *testing.T, live, wanted string, ignored v1alpha1.ResourceIgnoreDifferences) map[string]any {
	settings := []v1alpha1.ResourceIgnoreDifferences{ignored}
	config, err := diff.NewDiffConfigBuilder().
		WithDiffSettings(settings, nil, true, normalizers.IgnoreNormalizerOpts{}).WithNoCache().Build()
	if err != nil {
		t.Fatal(err)
	}
	compared := &comparisonResult{
		reconciliationResult: sync.ReconciliationResult{
			Live:   []*unstructured.Unstructured{object(t, live)},
			Target: []*unstructured.Unstructured{object(t, wanted)},
		},
		diffConfig: config,
	}
	targets, err := normalizeTargetResources(compared)
	if err != nil {
		t.Fatal(err)
	}
	return targets[0].Object["spec"].(map[string]any)
}

func words(all []string) string {
	sort.Strings(all)
	return strings.Join(all, " ")
}

func ingress(name string, spec map[string]any, withPorts bool) {
	var hosts, paths, backends, ports []string
	for _, rule := range spec["rules"].([]any) {
		rule := rule.(map[string]any)
		hosts = append(hosts, fmt.Sprint(rule["host"]))
		for _, path := range rule["http"].(map[string]any)["paths"].([]any) {
			path := path.(map[string]any)
			service := path["backend"].(map[string]any)["service"].(map[string]any)
			paths = append(paths, fmt.Sprint(path["path"]))
			backends = append(backends, fmt.Sprint(service["name"]))
			ports = append(ports, fmt.Sprint(service["port"].(map[string]any)["number"]))
		}
	}
	line := fmt.Sprintf("SEEN %s: hosts: %s; paths: %s; backends: %s", name, words(hosts), words(paths), words(backends))
	if withPorts {
		line += "; ports: " + words(ports)
	}
	fmt.Println(line)
}

func TestFrozen(t *testing.T) {
	names := v1alpha1.ResourceIgnoreDifferences{
		Group: "networking.k8s.io", Kind: "Ingress",
		JQPathExpressions: []string{".spec.rules[]?.http.paths[]?.backend.service.name"},
	}
	nothing := v1alpha1.ResourceIgnoreDifferences{Group: "none", Kind: "None", JQPathExpressions: []string{".spec"}}
	selector := v1alpha1.ResourceIgnoreDifferences{Kind: "Service", JSONPointers: []string{"/spec/selector"}}

	ingress("ignored, new host and path in the repository", synced(t, live, more, names), false)
	ingress("ignored, another port in the repository", synced(t, live, port, names), true)
	ingress("not ignored", synced(t, live, more, nothing), false)
	spec := synced(t, service, ports, selector)
	var numbers []string
	for _, port := range spec["ports"].([]any) {
		numbers = append(numbers, fmt.Sprint(port.(map[string]any)["port"]))
	}
	fmt.Printf("SEEN a Service, /spec/selector ignored: ports: %s; selector: %v\n",
		words(numbers), spec["selector"].(map[string]any)["app"])
}
EOF
GOFLAGS=-mod=mod go test -vet=off -count=1 -run TestFrozen -v ./controller >"$folder/said" 2>&1 ||
  { tail -n 20 "$folder/said"; exit 1; }

cat >"$folder/wanted" <<'EOF'
ignored, new host and path in the repository: hosts: parrot.example.com; paths: /; backends: parrot-green
ignored, another port in the repository: hosts: parrot.example.com; paths: /; backends: parrot-green; ports: 80
not ignored: hosts: new.example.com parrot.example.com; paths: / / /new; backends: other other parrot
a Service, /spec/selector ignored: ports: 80 9102; selector: parrot-green
EOF
echo "Argo CD $version:"
sed -n 's/^SEEN //p' "$folder/said" | tee "$folder/seen"
diff "$folder/wanted" "$folder/seen" && echo "as it was seen"
