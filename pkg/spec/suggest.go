package spec

import "unicode"

// suggest is the candidate nearest to word, "" where none is near. Near is 1 edit for
// words of up to 4 letters, 2 for up to 8, 3 beyond; an edit adds, drops or changes a
// letter or swaps two neighbours. Letters that differ only in case decide between equals
// before the alphabet does.
func suggest(word string, candidates []string) string {
	if len(word) > maxSuggested {
		return ""
	}
	letters := []rune(word)
	best, bestCost := "", (nearEdits(len(letters))+1)*editCost
	for _, candidate := range candidates {
		if len(candidate) > maxSuggested {
			continue
		}
		cost := editDistance(letters, []rune(candidate))
		if cost >= len(letters)*editCost {
			continue // nothing of the word is left
		}
		if cost < bestCost || cost == bestCost && best != "" && candidate < best {
			best, bestCost = candidate, cost
		}
	}
	return best
}

// maxSuggested is the length in bytes of the longest word that is compared.
const maxSuggested = 100

// editCost is more than the differences in case of any word that is compared can cost.
const editCost = 1000

func nearEdits(letters int) int {
	switch {
	case letters <= 4:
		return 1
	case letters <= 8:
		return 2
	}
	return 3
}

// editDistance is the Damerau–Levenshtein distance of two words, each edit for editCost
// and each difference in case for 1. No letter is edited twice (the "optimal string
// alignment" of https://en.wikipedia.org/wiki/Damerau–Levenshtein_distance).
func editDistance(a, b []rune) int {
	// Three rows of the matrix: two above, above, and the one being filled.
	before, above, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range above {
		above[j] = j * editCost
	}
	for i := range a {
		row[0] = (i + 1) * editCost
		for j := range b {
			row[j+1] = min(above[j+1]+editCost, row[j]+editCost, above[j]+changeCost(a[i], b[j]))
			if i > 0 && j > 0 && sameLetter(a[i], b[j-1]) && sameLetter(a[i-1], b[j]) {
				row[j+1] = min(row[j+1], before[j-1]+editCost)
			}
		}
		before, above, row = above, row, before
	}
	return above[len(b)]
}

func changeCost(a, b rune) int {
	switch {
	case a == b:
		return 0
	case sameLetter(a, b):
		return 1
	}
	return editCost
}

func sameLetter(a, b rune) bool { return unicode.ToLower(a) == unicode.ToLower(b) }
