// Package definitions names the types that controller-gen makes resource definitions of, so that go.mod pins them.
package definitions

import _ "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
