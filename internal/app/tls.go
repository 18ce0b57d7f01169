package app

import (
	"crypto/tls"

	"errata/internal/config"
)

// clientCertificate reads the certificate by which this program shows itself
// to the cluster; nil when none is set.
func clientCertificate(e config.Elastic) (*tls.Certificate, error) {
	if e.ClientCert == "" {
		return nil, nil
	}
	c, err := tls.LoadX509KeyPair(e.ClientCert, e.ClientKey)
	if err != nil {
		return nil, &config.Error{Key: "search.elastic.client_cert", Problem: err.Error(), Remedy: "name a PEM certificate and its key"}
	}
	return &c, nil
}
