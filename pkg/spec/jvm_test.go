package spec

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestMergeJVMOptions(t *testing.T) {
	for name, test := range map[string]struct{ defaults, given, want string }{
		"nothing given":                        {"-Xms1g -XX:+UseG1GC", "", "-Xms1g -XX:+UseG1GC"},
		"nothing but what is given":            {"", "-Xms1g -Xms2g", "-Xms2g"},
		"a size takes its default's place":     {"-Xms1g -Xmx2g -Xss1m -Xmn1g", "-Xmx4g -Xss2m", "-Xms1g -Xmx4g -Xss2m -Xmn1g"},
		"a flag is switched off":               {"-XX:+UseG1GC -Xms1g", "-XX:-UseG1GC", "-XX:-UseG1GC -Xms1g"},
		"a flag's value":                       {"-XX:MaxGCPauseMillis=10", "-XX:MaxGCPauseMillis=20", "-XX:MaxGCPauseMillis=20"},
		"a property":                           {"-Djava.io.tmpdir=/tmp -Da=1", "-Djava.io.tmpdir=/x -Dab=2", "-Djava.io.tmpdir=/x -Da=1 -Dab=2"},
		"a property without a value":           {"-Da=1", "-Da", "-Da"},
		"what has no default follows in order": {"-Xms1g", "-XX:+B -XX:+A -verbose:gc", "-Xms1g -XX:+B -XX:+A -verbose:gc"},
		"logs are each their own":              {"-Xlog:gc", "-Xlog:safepoint -Xlog:gc", "-Xlog:gc -Xlog:safepoint"},
		"the long name of a size":              {"-Xms1g -Xmx1g -Xss1m", "-XX:MaxHeapSize=2g -XX:InitialHeapSize=2g -XX:ThreadStackSize=512", "-XX:InitialHeapSize=2g -XX:MaxHeapSize=2g -XX:ThreadStackSize=512"},
		"a flag without value or sign":         {"-XX:Foo=1", "-XX:Foo -XX: -XX:+ -XX:- -XX:= -X -D -", "-XX:Foo -XX:= -X -D -"},
	} {
		t.Run(name, func(t *testing.T) {
			got := MergeJVMOptions(strings.Fields(test.defaults), strings.Fields(test.given))
			if diff := cmp.Diff(test.want, strings.Join(got, " ")); diff != "" {
				t.Errorf("options (-want +got):\n%s", diff)
			}
		})
	}
}

func TestMergeJVMOptionsLeavesItsArguments(t *testing.T) {
	defaults, given := make([]string, 1, 4), []string{"-Xms2g"}
	defaults[0] = "-Xms1g"
	MergeJVMOptions(defaults, given)
	if defaults[0] != "-Xms1g" || defaults[:2][1] != "" || given[0] != "-Xms2g" {
		t.Errorf("arguments are now %q and %q", defaults[:2], given)
	}
}

func TestParseJVMSize(t *testing.T) {
	for text, want := range map[string]int64{
		"0": 0, "1024": 1024, "1k": 1 << 10, "1K": 1 << 10, "512m": 512 << 20, "2G": 2 << 30, "1t": 1 << 40, "1048576t": 1 << 60,
	} {
		if got, err := parseJVMSize(text); err != nil || got != want {
			t.Errorf("%q is %d, error %v; want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", "m", "-1g", "+1g", "1.5g", "1gb", "1 g", "g1", "0x10m", "1048577t", "9223372036854775807g", "99999999999999999999", "1p"} {
		if got, err := parseJVMSize(text); err == nil {
			t.Errorf("%q is %d, want an error", text, got)
		}
	}
}

// TestJVMValue: the last option counts, and its other name is the same option.
func TestJVMValue(t *testing.T) {
	options := []string{"-Xmx1g", "-XX:MaxHeapSize=2g", "-XX:MaxRAMPercentage=50.0", "-XX:+UseG1GC"}
	for key, want := range map[string]string{"-Xmx": "2g", "-XX:MaxRAMPercentage": "50.0", "-XX:UseG1GC": ""} {
		if got, ok := jvmValue(options, key); !ok || got != want {
			t.Errorf("%s is %q, %v; want %q", key, got, ok, want)
		}
	}
	if _, ok := jvmValue(options, "-Xms"); ok {
		t.Error("-Xms is not given")
	}
}

// TestRemovedFlagsByJava: flag and Java version, and whether that JVM starts with it.
func TestRemovedFlagsByJava(t *testing.T) {
	for flag, since := range map[string]int32{
		"-XX:+PrintGCDateStamps": 9, "-XX:NumberOfGCLogFiles=5": 9, "-XX:-UseParNewGC": 10, "-XX:+AggressiveOpts": 13,
		"-XX:+UseConcMarkSweepGC": 15, "-XX:CMSInitiatingOccupancyFraction=70": 15, "-XX:MaxPermSize=1g": 17, "-XX:+UseBiasedLocking": 21, "-XX:MaxRAMFraction=1": 25,
		"-XX:+UseG1GC": 0, "-XX:+UseContainerSupport": 0, "-Xlog:gc": 0, "-XX:PermSizeX=1": 0,
	} {
		for _, java := range []int32{0, 8, 11, 17, 21, 25} {
			t.Run(fmt.Sprint(flag, " on Java ", java), func(t *testing.T) {
				c := &checker{doc: parsed(t, "spec: {}"), cluster: &BookKeeper{}}
				c.cluster.Spec.GitOps.Profile = Hardened
				c.cluster.Spec.Image = &Image{ImageSpec: &ImageSpec{}}
				c.cluster.Facts.Java = java
				c.checkJVMOption("spec", flag, false)
				refused := slices.ContainsFunc(c.problems, func(p Problem) bool { return strings.Contains(p.Message, "does not start with") })
				if want := java != 0 && since != 0 && java >= since; refused != want {
					t.Errorf("problems %q", texts(c.problems))
				}
			})
		}
	}
}

func FuzzMergeJVMOptions(f *testing.F) {
	for _, seed := range [][2]string{{"-Xms1g\n-XX:+A", "-XX:-A\n-XX:Foo"}, {"", "\n\n"}, {"-XX:", "-XX:+\n-D\n-X"}, {"-Xmx1g", "-XX:MaxHeapSize=2g"}} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		defaults, given := strings.Split(a, "\n"), strings.Split(b, "\n")
		merged := MergeJVMOptions(defaults, given)
		keys := map[string]bool{}
		for _, option := range merged {
			key := jvmKey(option)
			if keys[key] {
				t.Errorf("two options of %q in %q", key, merged)
			}
			keys[key] = true
		}
		for _, option := range append(defaults, given...) {
			if !keys[jvmKey(option)] {
				t.Errorf("%q is not in %q", option, merged)
			}
			jvmValue(merged, jvmKey(option))
		}
		for _, option := range given {
			last, _ := jvmValue(given, jvmKey(option))
			if got, _ := jvmValue(merged, jvmKey(option)); got != last {
				t.Errorf("%q is %q in %q, want %q as given", jvmKey(option), got, merged, last)
			}
		}
		if again := MergeJVMOptions(merged, given); !slices.Equal(again, merged) {
			t.Errorf("merged again: %q, at first %q", again, merged)
		}
	})
}
