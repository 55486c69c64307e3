# SPDX-License-Identifier: MIT
#
# Two files: lines "# phys run= slot= addr=" that say where a consumer found its
# slots in memory, then the board's log. Prints how many of the frames of that
# run the board wrote anywhere else, each of which somebody must have copied;
# "null" where there is nothing to compare.

function field(name,	i) {
	for (i = 1; i <= NF; i++)
		if (index($i, name "=") == 1)
			return substr($i, length(name) + 2)
	return ""
}

FNR == NR {
	seen[field("run"), field("slot")] = field("addr")
	next
}

/ev=frame/ && (field("run"), field("slot")) in seen {
	frames++
	elsewhere += field("addr") != seen[field("run"), field("slot")]
}

END {
	print frames ? elsewhere / frames : "null"
}
