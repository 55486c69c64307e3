# SPDX-License-Identifier: MIT
#
# The rotating disk's velocity gradient from a table of sono view --velocity:
# least squares of v = a x + b z + c over the inner 8 mm of the disk of 2 cm
# about (-0.8, 22.6) mm. Prints a [1/s]; negative, as the right side recedes.

NR > 1 && ($1 + 0.0008) ^ 2 + ($2 - 0.0226) ^ 2 < 0.008 ^ 2 {
	n++
	x += $1; z += $2; v += $3
	xx += $1 * $1; zz += $2 * $2; xz += $1 * $2
	xv += $1 * $3; zv += $2 * $3
}

END {
	if (n < 100) {
		print "null"
		exit
	}
	cxx = xx / n - x * x / n / n
	czz = zz / n - z * z / n / n
	cxz = xz / n - x * z / n / n
	cxv = xv / n - x * v / n / n
	czv = zv / n - z * v / n / n
	printf "%.4f\n", (cxv * czz - czv * cxz) / (cxx * czz - cxz * cxz)
}
