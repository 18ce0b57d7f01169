package auth

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
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

// LoadMasterKey reads a key of 32 bytes in hex from file. When create is set and
// there is no such file, one is made with mode 0600.
func LoadMasterKey(file string, create bool) (MasterKey, error) {
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) && create {
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			return MasterKey{}, err
		}
		var made string
		made, err = Once(file, NewSecret(32))
		text = []byte(made)
	}
	if err != nil {
		return MasterKey{}, err
	}
	secret, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(secret) != 32 {
		return MasterKey{}, fmt.Errorf("%s does not hold 64 hex digits", file)
	}
	return MasterKey{secret}, nil
}

// Once returns the line that a file holds, after writing fresh there when there
// is no such file. Of several processes that start at once one writes, whole and
// synced, and all get what it wrote.
func Once(file, fresh string) (string, error) {
	text, err := os.ReadFile(file)
	if !errors.Is(err, fs.ErrNotExist) {
		return strings.TrimSpace(string(text)), err
	}
	draft, err := os.CreateTemp(filepath.Dir(file), filepath.Base(file)+".new-") // mode 0600
	if err != nil {
		return "", err
	}
	defer func() { _ = os.Remove(draft.Name()) }()
	if _, err = draft.WriteString(fresh + "\n"); err == nil {
		err = draft.Sync()
	}
	if err = errors.Join(err, draft.Close()); err != nil {
		return "", err
	}
	if err = os.Link(draft.Name(), file); errors.Is(err, fs.ErrExist) { // unlike a rename, it never replaces
		return Once(file, fresh)
	} else if err != nil {
		return "", err
	}
	return fresh, syncDir(filepath.Dir(file))
}

// syncDir makes the names in a directory last.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
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
	return a.Seal([]byte{sealVersion}, nil, plain, []byte(place)), nil //nolint:gosec // it draws its nonce itself
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
