package main

import (
	"github.com/samber/lo"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/envconfig"
)

// temporalSettings is where Temporal is, as its SDK reads it from variables and profiles.
type temporalSettings struct {
	Address   string `json:"address"`
	Namespace string `json:"namespace"`
	// APIKey tells that one is set; it is not shown.
	APIKey bool   `json:"apiKey"`
	TLS    string `json:"tls"`
	// Problem is why the configuration cannot be read, "" if it can.
	Problem string `json:"problem"`
}

// What temporalSettings say of the connection.
const (
	tlsOff       = "off"
	tlsOn        = "on"
	tlsMutual    = "on, with a client certificate"
	tlsUnchecked = "on, and the server's certificate is not checked"
)

func readTemporalSettings(lookup envconfig.EnvLookup) temporalSettings {
	profile, err := envconfig.LoadClientConfigProfile(envconfig.LoadClientConfigProfileOptions{EnvLookup: lookup})
	if err != nil {
		// The SDK's own message may quote a file that holds keys.
		return temporalSettings{Problem: "Temporal's configuration cannot be read: check the file that TEMPORAL_CONFIG_FILE names, and that it has the profile of TEMPORAL_PROFILE"}
	}
	return temporalSettings{
		Address:   lo.CoalesceOrEmpty(profile.Address, client.DefaultHostPort),
		Namespace: lo.CoalesceOrEmpty(profile.Namespace, client.DefaultNamespace),
		APIKey:    profile.APIKey != "", TLS: tlsWords(profile),
	}
}

// tlsWords say how the connection is kept from others; as in the SDK, a key turns it on.
func tlsWords(p envconfig.ClientConfigProfile) string {
	switch t := p.TLS; {
	case t == nil:
		return lo.Ternary(p.APIKey == "", tlsOff, tlsOn)
	case t.Disabled:
		return tlsOff
	case t.DisableHostVerification:
		return tlsUnchecked
	case t.ClientCertPath != "" || len(t.ClientCertData) > 0:
		return tlsMutual
	default:
		return tlsOn
	}
}

func (t temporalSettings) pairs() [][2]string {
	if t.Problem != "" {
		return [][2]string{{"wrong", t.Problem}}
	}
	return [][2]string{
		{"address", t.Address}, {"namespace", t.Namespace},
		{"API key", lo.Ternary(t.APIKey, "xxxxx", "")}, {"TLS", t.TLS},
	}
}
