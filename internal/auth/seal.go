package auth

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// MasterKey seals what must not lie readable in the database.
type MasterKey struct{ secret []byte }

// sealVersion leads every sealed value, so that the form can change.
const sealVersion = 1

// LoadMasterKey reads a key of 32 bytes in hex from file. When make is set and
// there is no such file, one is made with mode 0600.
func LoadMasterKey(file string, create bool) (MasterKey, error) {
	text, err := os.ReadFile(file) //nolint:gosec // the operator names it
	if errors.Is(err, fs.ErrNotExist) && create {
		return makeMasterKey(file)
	} else if err != nil {
		return MasterKey{}, err
	}
	secret, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(secret) != 32 {
		return MasterKey{}, fmt.Errorf("%s does not hold 64 hex digits", file)
	}
	return MasterKey{secret}, nil
}

func makeMasterKey(file string) (MasterKey, error) {
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return MasterKey{}, err
	}
	k := MasterKey{make([]byte, 32)}
	_, _ = rand.Read(k.secret)
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) //nolint:gosec // the operator names it
	if err != nil {
		return MasterKey{}, err
	}
	if _, err = f.WriteString(hex.EncodeToString(k.secret) + "\n"); err == nil {
		err = f.Sync()
	}
	return k, errors.Join(err, f.Close())
}

func (k MasterKey) aead(place string) (cipher.AEAD, error) {
	key, err := hkdf.Key(sha256.New, k.secret, nil, "errata sealed column "+place, 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// Seal encrypts a value for one place, as "installation.user_secret".
func (k MasterKey) Seal(place string, plain []byte) ([]byte, error) {
	a, err := k.aead(place)
	if err != nil {
		return nil, err
	}
	return a.Seal([]byte{sealVersion}, nil, plain, []byte(place)), nil
}

// Open decrypts what Seal wrote for the same place. It fails with another master key.
func (k MasterKey) Open(place string, sealed []byte) ([]byte, error) {
	if len(sealed) < 2 || sealed[0] != sealVersion {
		return nil, errors.New("unknown form of a sealed value")
	}
	a, err := k.aead(place)
	if err != nil {
		return nil, err
	}
	return a.Open(nil, nil, sealed[1:], []byte(place))
}
