package manifest

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// InventoryName is the name of the file that holds a directory's Inventory. It has no .yaml or
// .json suffix, so that no delivery tool takes it for a manifest.
const InventoryName = ".bkgen-inventory"

// inventoryVersion is the only version of the format so far.
const inventoryVersion = 1

// Inventory records which files of a directory bkgen wrote, and from what: so that a later run
// removes those that it no longer renders, sees those that a hand has edited, and never
// touches those of a person.
type Inventory struct {
	// Version is that of the format, 1.
	Version int `json:"version"`
	// Inputs are the files that were read, in the order given; a path is relative to the directory
	// and may lead out of it, and "-" is standard input.
	Inputs []Digest `json:"inputs"`
	// Flags are those that change the output, as given: "--gitops=argocd".
	Flags []string `json:"flags,omitempty"`
	// Files are those that bkgen wrote, by path; each path stays within the directory. The inventory
	// itself is not among them.
	Files []Digest `json:"files"`
}

// Digest is a file and what was in it.
type Digest struct {
	// Path is relative, with slashes.
	Path string `json:"path"`
	// SHA256 is what Sum returns for the file's bytes.
	SHA256 string `json:"sha256"`
}

// Sum is the SHA-256 of data in 64 lower-case hexadecimal digits.
func Sum(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// Encode is the inventory as indented JSON with a final newline. Its version is always 1 and
// its files are sorted by path, so that equal inventories give equal bytes.
func (inv Inventory) Encode() []byte {
	inv.Version = inventoryVersion
	inv.Inputs = append([]Digest{}, inv.Inputs...)
	inv.Files = append([]Digest{}, inv.Files...)
	slices.SortFunc(inv.Files, func(a, b Digest) int { return strings.Compare(a.Path, b.Path) })
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(inv); err != nil {
		panic(fmt.Sprintf("manifest: encoding an inventory: %v", err)) // strings and numbers always encode
	}
	return b.Bytes()
}

// DecodeInventory reads what Encode wrote. It is strict, because files are removed by it:
// unknown fields, another version, paths that leave the directory or are there twice, and sums that
// are none are errors, all of them reported at once.
func DecodeInventory(text []byte) (Inventory, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	var inv Inventory
	if err := decoder.Decode(&inv); err != nil {
		return Inventory{}, fmt.Errorf("decoding the inventory: %w", err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return Inventory{}, fmt.Errorf("decoding the inventory: text after its end, at byte %d", decoder.InputOffset())
	}
	if inv.Version != inventoryVersion {
		return Inventory{}, fmt.Errorf("decoding the inventory: version: %d is unknown, allowed is %d (a newer bkgen may have written it)", inv.Version, inventoryVersion)
	}
	err := errors.Join(checkDigests("inputs", inv.Inputs, checkInputPath), checkDigests("files", inv.Files, checkFilePath))
	if err != nil {
		return Inventory{}, fmt.Errorf("decoding the inventory: %w", err)
	}
	return inv, nil
}

func checkDigests(field string, digests []Digest, checkPath func(string) error) error {
	var errs []error
	first := make(map[string]int, len(digests))
	for i, d := range digests {
		at := fmt.Sprintf("%s[%d]", field, i)
		if err := checkPath(d.Path); err != nil {
			errs = append(errs, fmt.Errorf("%s.path: %w", at, err))
		}
		if j, seen := first[d.Path]; seen {
			errs = append(errs, fmt.Errorf("%s.path: %q is there already, at %s[%d]", at, d.Path, field, j))
		} else {
			first[d.Path] = i
		}
		if sum, err := hex.DecodeString(d.SHA256); err != nil || len(sum) != sha256.Size || strings.ToLower(d.SHA256) != d.SHA256 {
			errs = append(errs, fmt.Errorf("%s.sha256: %q is not 64 lower-case hexadecimal digits", at, d.SHA256))
		}
	}
	return errors.Join(errs...)
}

// checkFilePath also refuses what another operating system might take for a way out.
func checkFilePath(p string) error {
	if !fs.ValidPath(p) || p == "." || strings.ContainsAny(p, "\\:\x00") {
		return fmt.Errorf("%q is not a path within the directory, allowed are relative paths with slashes and without \"..\"", p)
	}
	if p == InventoryName {
		return fmt.Errorf("%q is the inventory itself, which lists the other files", p)
	}
	return nil
}

func checkInputPath(p string) error {
	if p == "" || p == "." || path.IsAbs(p) || path.Clean(p) != p || strings.ContainsAny(p, "\x00") {
		return fmt.Errorf("%q is not allowed, allowed are clean relative paths with slashes and \"-\"", p)
	}
	return nil
}
