# SPDX-License-Identifier: MIT
#
# Makes sockproxy-api.7 from sockproxy-api.7.in.  Each line there that stands
# in @ becomes a table, for tbl(1), of what the lists in src/track and src/export say:
#
#   @fields legs.X.tcp@          the fields of this object of a record
#   @reasons client upstream@    the close reasons with one of these initiators
#   @reasons proxy/timeout@      … and this how
#   @totals@                     what /stats counts
#   @metrics@                    what /metrics tells
#   @rules@                      what /conns/ID/explain says, and when
#
#   awk -v src=src -f man/tables.awk man/sockproxy-api.7.in >sockproxy-api.7
#
# A row stands in the table that names it most exactly: "@fields@" gets those
# that are left.  What cannot be read, or has no table, is an error: no line of
# the lists is passed over.

BEGIN {
	if (src == "")
		src = "src"
	read_types()
	read_list("fields", "FIELD", src "/track/fields.def")
	read_list("reasons", "REASON", src "/track/close_reason.def")
	read_list("totals", "TOTAL", src "/track/totals.def")
	read_list("rules", "RULE", src "/track/explain_rules.def")
	read_list("metrics", "METRIC", src "/export/metrics.def")
	headings["rules"] = "rule\tkind\tsaid where"
	headings["fields"] = "field\ttype\tview\tmeaning"
	headings["reasons"] = "reason\tinitiator\thow\tmeaning"
	headings["totals"] = "total\tkind\tmeaning"
	headings["metrics"] = "metric\tkind\tmeaning"
}

/^@.*@$/ {
	take_marker($0)
}

{
	page[NR] = $0
}

END {
	if (failed)
		exit 1
	for (row = 1; row <= row_count; row++)
		place(row)
	for (i = 1; i <= NR; i++)
		if (page[i] in list_of_marker)
			print_table(page[i])
		else
			print page[i]
}

# ---- The lists ----

# The words for types of fields, "bytes" for BYTES.
function read_types(    file, line, type) {
	file = src "/track/fields.c"
	while ((line = next_line(file)) != "")
		if (match(line, /\[TYPE_[A-Z]+\] = "/)) {
			type = substr(line, RSTART + length("[TYPE_"))
			sub(/\].*/, "", type)
			take_texts(line)
			type_words[type] = texts[1]
		}
}

# Both legs have the same fields, which are told once.
function read_list(list, word, file,    line) {
	while ((line = next_line(file)) != "")
		if (index(line, word "(") == 1)
			add_row(list, line_and_rest(line, file))
		else if (line ~ /^#include "track\/leg_fields.def"/ && !legs_told++)
			read_list(list, word, src "/track/leg_fields.def")
}

# An entry may go on in the next line.
function line_and_rest(line, file,    more) {
	while (line !~ /\)\n$/ && (more = next_line(file)) != "")
		line = substr(line, 1, length(line) - 1) more
	return line
}

# With its newline; "" at the end of the file.
function next_line(file,    line, result) {
	result = (getline line < file)
	if (result < 0)
		fail("cannot read " file)
	return result > 0 ? line "\n" : ""
}

#   FIELD(name, "path", TYPE, VIEW, …, "meaning")
#   REASON(NAME, "text", INITIATOR, HOW, "sentence", "meaning")
#   TOTAL(NAME, KIND, "text", "meaning")
#   METRIC(NAME, KIND, "text", "labels", "meaning")
#   RULE(name, KIND, "condition", "sentence")
function add_row(list, line,    code, words, name) {
	row_count++
	lists[row_count] = list
	code = take_texts(line)
	name = texts[1]
	if (list == "rules") {
		name = line
		gsub(/^RULE\(|,.*\n/, "", name)
	}
	names[row_count] = (code ~ /LEG_PATH\("/ ? "legs.X." : "") name
	meanings[row_count] = texts[list == "rules" ? 1 : text_count]
	if (list == "metrics" && texts[2] != "")
		meanings[row_count] = meanings[row_count] " {" texts[2] "}"
	if (!has_one_cell(list))
		sub(/^[^"]*"\)?/, "", code)
	split(code, words, /[ \t]*,[ \t]*/)
	firsts[row_count] = list == "fields" ? type_words[words[2]] : tolower(words[2])
	seconds[row_count] = has_one_cell(list) ? "" : tolower(words[3])
	if (text_count < 2 || code !~ /"\)\n$/ || firsts[row_count] !~ /^[a-z]/ || \
	    (!has_one_cell(list) && seconds[row_count] !~ /^[a-z]+$/))
		fail("cannot read this line: " line)
}

# Between its name and what it means.
function has_one_cell(list) {
	return list == "totals" || list == "rules" || list == "metrics"
}

# Moves the string literals of a line to texts, and returns it with a " in the place of each.
function take_texts(line,    code) {
	for (text_count = 0; match(line, /"([^"\\]|\\.)*"/); line = substr(line, RSTART + RLENGTH)) {
		texts[++text_count] = substr(line, RSTART + 1, RLENGTH - 2)
		gsub(/\\"/, "\"", texts[text_count])
		code = code substr(line, 1, RSTART - 1) "\""
	}
	return code line
}

# ---- Which row stands in which table ----

function take_marker(marker,    words, count, list, i) {
	count = split(substr(marker, 2, length(marker) - 2), words, " ")
	list = words[1]
	if (!(list in headings))
		fail("there is no such table: " marker)
	list_of_marker[marker] = list
	for (i = 2; i <= count; i++)
		markers[list, words[i]] = marker
	if (count == 1)
		markers[list, ""] = marker
	prefix_of_marker[marker] = list == "fields" && count > 1 ? words[2] "." : ""
}

function place(row,    list, key, separator) {
	list = lists[row]
	separator = list == "fields" ? "." : "/"
	key = list == "fields" ? without_end(names[row], separator) : \
	    list == "reasons" ? firsts[row] separator seconds[row] : ""
	while (!((list, key) in markers) && key != "")
		key = without_end(key, separator)
	if (!((list, key) in markers))
		fail("no table of the page takes " names[row])
	places[row] = markers[list, key]
}

# "a.b" of "a.b.c", "" of "a".
function without_end(key, separator,    at) {
	for (at = length(key); at > 0 && substr(key, at, 1) != separator; )
		at--
	return at > 1 ? substr(key, 1, at - 1) : ""
}

# ---- The tables ----

# First tbl(1) wants the format of each line, then the lines.  A name too long
# for its column has a line of its own.
function print_table(marker,    list, width, cells, formats, lines, name, row) {
	list = list_of_marker[marker]
	width = list == "totals" ? 23 : list == "metrics" ? 4 : 20
	cells = has_one_cell(list) ? 1 : 2
	for (row = 1; row <= row_count; row++) {
		if (places[row] != marker)
			continue
		name = substr(names[row], length(prefix_of_marker[marker]) + 1)
		if (length(name) > width) {
			formats = formats (cells == 1 ? "lB s s\n" : "lB s s s\n")
			lines = lines name "\n"
			name = ""
		}
		formats = formats "lBw(" width ")2 lw(" (list == "metrics" ? 9 : 8) ")2 " (cells == 1 ? "" : "lw(7)2 ") "lx\n"
		lines = lines name "\t" firsts[row] "\t" (cells == 1 ? "" : seconds[row] "\t") \
		    "T{\n.nh\n" folded(meanings[row]) "T}\n"
	}
	if (lines == "")
		fail("nothing stands in " marker)
	sub(/\n$/, ".", formats)
	print ".TS\nnokeep;\n" (cells == 1 ? "lI lI lI\n" : "lI lI lI lI\n") formats
	printf "%s\n%s.TE\n", headings[list], lines
}

# As roff(7) wants plain text, in short lines.
function folded(text,    words, count, i, line, result) {
	gsub(/\\/, "\\e", text)
	gsub(/`/, "\\(ga", text)
	gsub(/-/, "\\-", text)
	count = split(text, words, " ")
	for (i = 1; i <= count; i++) {
		if (line != "" && length(line words[i]) > 76) {
			result = result line "\n"
			line = ""
		}
		line = line (line == "" ? "" : " ") words[i]
		sub(/^[.']/, "\\\\\\&&", line)
	}
	return result line "\n"
}

function fail(text) {
	print "tables.awk: " text | "cat >&2"
	close("cat >&2")
	failed = 1
	exit 1
}
