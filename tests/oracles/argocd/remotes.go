package main

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"sigs.k8s.io/yaml"
)

// serveRemotes lets programs reach the remotes of a scene under their addresses: a proxy answers for every host.
func serveRemotes(s *scene) (*httptest.Server, error) {
	content, err := s.content()
	if err != nil {
		return nil, err
	}
	certificate, err := s.certificate()
	if err != nil {
		return nil, err
	}
	answer := func(out http.ResponseWriter, scheme string, request *http.Request) {
		body, found := content[scheme+"://"+request.Host+request.URL.Path]
		if !found {
			http.NotFound(out, request)
			return
		}
		_, _ = out.Write(body)
	}
	proxy := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, request *http.Request) {
		if request.Method != http.MethodConnect {
			answer(out, "http", request)
			return
		}
		connection, _, err := out.(http.Hijacker).Hijack()
		if err != nil {
			return
		}
		defer connection.Close()
		fmt.Fprint(connection, "HTTP/1.1 200 OK\r\n\r\n")
		secure := tls.Server(connection, &tls.Config{Certificates: []tls.Certificate{certificate}})
		reader := bufio.NewReader(secure)
		for {
			inner, err := http.ReadRequest(reader)
			if err != nil {
				return
			}
			recorder := httptest.NewRecorder()
			answer(recorder, "https", inner)
			response := recorder.Result()
			response.ContentLength = int64(recorder.Body.Len())
			if response.Write(secure) != nil {
				return
			}
		}
	}))
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"} {
		if err := os.Setenv(name, proxy.URL); err != nil {
			return proxy, err
		}
	}
	return proxy, nil
}

// content is what is served: charts with the indexes of their repositories, and files.
func (s *scene) content() (map[string][]byte, error) {
	content := map[string][]byte{}
	indexes := map[string]map[string][]map[string]any{}
	for _, remote := range s.remotes {
		folder := filepath.Join(s.input, "remotes", remote.Folder)
		if remote.File != "" {
			body, err := os.ReadFile(filepath.Join(folder, remote.File[strings.LastIndex(remote.File, "/")+1:]))
			if err != nil {
				return nil, err
			}
			content[remote.File] = body
		}
		if remote.Chart == nil {
			continue
		}
		chart := remote.Chart
		packed, err := exec.Command(os.Getenv("HELM"), "package", folder, "--destination", s.temp).CombinedOutput()
		if err != nil {
			return nil, fmt.Errorf("%w: %s", err, packed)
		}
		name := fmt.Sprintf("%s-%s.tgz", chart.Name, chart.Version)
		archive, err := os.ReadFile(filepath.Join(s.temp, name))
		if err != nil {
			return nil, err
		}
		at := strings.TrimSuffix(chart.Repository, "/")
		content[at+"/"+name] = archive
		if indexes[at] == nil {
			indexes[at] = map[string][]map[string]any{}
		}
		indexes[at][chart.Name] = append(indexes[at][chart.Name], map[string]any{
			"apiVersion": "v2", "name": chart.Name, "version": chart.Version, "urls": []string{name},
		})
	}
	for at, entries := range indexes {
		text, err := yaml.Marshal(map[string]any{"apiVersion": "v1", "entries": entries})
		if err != nil {
			return nil, err
		}
		content[at+"/index.yaml"] = text
	}
	return content, nil
}

// certificate is one for the hosts of all remotes, which programs are told to trust.
func (s *scene) certificate() (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	names := []string{"example.org", "*.example.org", "example.com", "*.example.com"}
	template := x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "remotes"}, DNSNames: names, IPAddresses: []net.IP{},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	encoded, err := x509.CreateCertificate(rand.Reader, &template, &template, &key.PublicKey, key)
	if err != nil {
		return tls.Certificate{}, err
	}
	trusted := filepath.Join(s.temp, "trusted.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: encoded})
	if err := os.WriteFile(trusted, text, 0o644); err != nil {
		return tls.Certificate{}, err
	}
	return tls.Certificate{Certificate: [][]byte{encoded}, PrivateKey: key}, os.Setenv("SSL_CERT_FILE", trusted)
}
