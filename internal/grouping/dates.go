package grouping

import "strings"

// date matches a date, a time, or both: 2026-11-20T10:00Z, 20261120T100000Z,
// 2026/11/20, 20/11/2026, "Fri, 20 Nov 2026 10:00:00 GMT",
// "Fri Nov 20 10:00:00 UTC 2026", "Nov 20 10:00:00", 20/Nov/2026:10:00:00 +0000
// and 10:30.
func (s *scanner) date(i int) int {
	if !isDigit(s.in[i]) {
		return s.namedDate(i)
	}
	if end := s.numericDate(i); end > 0 {
		return end
	}
	if end := s.dayFirst(i); end > 0 {
		return end
	}
	if s.before(i) == ':' { // line and column of "app.js:10:30" are no time
		return 0
	}
	_, best := s.clock(i)
	return best
}

// numericDate matches dates that begin with a number and have no names.
func (s *scanner) numericDate(i int) int {
	if year := s.bounded(i, 4, 4, 0, 9999); year > 0 {
		if end := s.yearFirst(year); end > 0 {
			return end
		}
		return s.compact(year)
	}
	day := s.separated(s.bounded(i, 1, 2, 1, 31), '/', 1, 2, 1, 31)
	end := s.separated(day, '/', 4, 4, 0, 9999)
	return s.thenClock(end)
}

// yearFirst matches what follows the year of 2026-11-20 and 2026/11/20.
func (s *scanner) yearFirst(year int) int {
	for _, sep := range [...]byte{'-', '/'} {
		month := s.separated(year, sep, 2, 2, 1, 12)
		if day := s.separated(month, sep, 2, 2, 1, 31); day > 0 {
			return s.thenClock(day)
		}
	}
	return 0
}

// compact matches what follows the year of 20261120T100000Z.
func (s *scanner) compact(year int) int {
	day := s.bounded(year, 4, 4, 101, 1231)
	if day == 0 || day >= len(s.in) || s.in[day] != 'T' {
		return 0
	}
	end := s.bounded(day+1, 6, 6, 0, 235960)
	if end == 0 {
		return 0
	}
	return s.thenZone(s.longer(0, end), end)
}

// separated returns the end of a separator and a number behind i, 0 if they
// are not there or i is 0.
func (s *scanner) separated(i int, sep byte, minDigits, maxDigits, lo, hi int) int {
	if i == 0 || i >= len(s.in) || s.in[i] != sep {
		return 0
	}
	return s.bounded(i+1, minDigits, maxDigits, lo, hi)
}

// dayFirst matches "20 Nov 2026 10:00:00 GMT", 20-Nov-2026 and
// 20/Nov/2026:10:00:00 +0000.
func (s *scanner) dayFirst(i int) int {
	day := s.bounded(i, 1, 2, 1, 31)
	if day == 0 || day >= len(s.in) || strings.IndexByte(" -/", s.in[day]) < 0 {
		return 0
	}
	month := s.name(day+1, months)
	return s.thenClock(s.separated(month, s.in[day], 4, 4, 0, 9999))
}

// namedDate matches dates that begin with the name of a day or month.
func (s *scanner) namedDate(i int) int {
	if day := s.name(i, weekdays); day > 0 {
		if day < len(s.in) && s.in[day] == ',' {
			day++
		}
		if day >= len(s.in) || s.in[day] != ' ' {
			return 0
		}
		i = day + 1
		if end := s.dayFirst(i); end > 0 {
			return end
		}
	}
	return s.monthFirst(i)
}

// monthFirst matches "Nov 20 10:00:00", also with zone and year behind, and
// "Nov 20 2026" or "Nov 20, 2026", also with a time behind.
func (s *scanner) monthFirst(i int) int {
	day := s.separated(s.name(i, months), ' ', 1, 2, 1, 31)
	if day == 0 {
		return 0
	}
	if strings.HasPrefix(s.in[day:], " ") {
		if end, best := s.clock(day + 1); end > 0 {
			return s.thenYear(best, end)
		}
	}
	if day < len(s.in) && s.in[day] == ',' {
		day++
	}
	return s.thenClock(s.separated(day, ' ', 4, 4, 0, 9999))
}

// thenYear returns the longest end of a time that ends at end and may go on
// with a year, perhaps behind a zone.
func (s *scanner) thenYear(best, end int) int {
	if zone := s.zoneName(end + 1); zone > 0 && s.in[end] == ' ' {
		end = zone
	}
	return s.longer(best, s.separated(end, ' ', 4, 4, 0, 9999))
}

// thenClock returns the longest end of a date that ends at date (0 = none) and
// may go on with a time.
func (s *scanner) thenClock(date int) int {
	if date == 0 {
		return 0
	}
	best := s.longer(0, date)
	for _, sep := range [...]string{"T", "t", ":", ", ", ",", " "} {
		if strings.HasPrefix(s.in[date:], sep) {
			_, end := s.clock(date + len(sep))
			return max(best, end)
		}
	}
	return best
}

// clock reads a time of day at i. It returns where its digits end and the
// longest end of a match, with half of the day and zone; 0, 0 if there is none.
func (s *scanner) clock(i int) (end, best int) {
	minute := s.separated(s.bounded(i, 1, 2, 0, 23), ':', 2, 2, 0, 59)
	if minute == 0 {
		return 0, 0
	}
	end, best = minute, s.longer(0, minute)
	if second := s.separated(minute, ':', 2, 2, 0, 60); second > 0 {
		end, best = second, s.longer(best, second)
		if second+1 < len(s.in) && strings.IndexByte(".,", s.in[second]) >= 0 && isDigit(s.in[second+1]) {
			end = skipDigits(s.in, second+1)
			best = s.longer(best, end)
		}
	}
	return end, s.thenZone(best, end)
}

// thenZone returns the longest end of a time that ends at end and may go on
// with AM or PM and a zone.
func (s *scanner) thenZone(best, end int) int {
	space := end
	if space < len(s.in) && s.in[space] == ' ' {
		space++
	}
	if n := unitSize(s.in[space:], "AM", "PM", "am", "pm"); n > 0 {
		return s.longer(best, space+n)
	}
	if space == end && strings.HasPrefix(s.in[end:], "Z") {
		return s.longer(best, end+1)
	}
	if zone := s.zoneName(space); zone > 0 {
		best = s.longer(best, zone)
		space = zone
	}
	return s.longer(best, s.offset(space))
}

// zoneName returns the end of a zone's abbreviation at i, 0 without one.
func (s *scanner) zoneName(i int) int {
	if i >= len(s.in) {
		return 0
	}
	n := unitSize(s.in[i:], "UTC", "GMT", "CEST", "CET", "EST", "EDT", "CST", "CDT", "MST", "MDT", "PST", "PDT", "BST", "IST", "JST")
	if n == 0 {
		return 0
	}
	return i + n
}

// offset returns the end of +01:00 or +0100 at i, 0 without one.
func (s *scanner) offset(i int) int {
	if i >= len(s.in) || s.in[i] != '+' && s.in[i] != '-' {
		return 0
	}
	hour := s.bounded(i+1, 2, 2, 0, 14)
	if hour == 0 {
		return 0
	}
	if hour < len(s.in) && s.in[hour] == ':' {
		hour++
	}
	return s.bounded(hour, 2, 2, 0, 59)
}

const (
	months   = "Jan January Feb February Mar March Apr April May Jun June Jul July Aug August Sep September Oct October Nov November Dec December"
	weekdays = "Mon Monday Tue Tuesday Wed Wednesday Thu Thursday Fri Friday Sat Saturday Sun Sunday"
)

// name returns the end of the word at i if it is one of names, else 0.
func (s *scanner) name(i int, names string) int {
	end := i
	for end < len(s.in) && isLower(s.in[end]|0x20) {
		end++
	}
	if end-i < 3 || !isOneOf(s.in[i:end], names) {
		return 0
	}
	return end
}

// isCalendar says whether a word names a month or a day of the week.
func isCalendar(word string) bool {
	return len(word) >= 3 && isUpper(word[0]) && (isOneOf(word, months) || isOneOf(word, weekdays))
}

func isOneOf(word, names string) bool {
	for rest := names; ; {
		i := strings.Index(rest, word)
		if i < 0 {
			return false
		}
		end := i + len(word)
		if (i == 0 || rest[i-1] == ' ') && (end == len(rest) || rest[end] == ' ') {
			return true
		}
		rest = rest[end:]
	}
}
