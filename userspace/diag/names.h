/* SPDX-License-Identifier: MIT */
/* Many of a kind, named in few words: "elements 3, 7 and 12 to 15 are dead". */
#ifndef DIAG_NAMES_H
#define DIAG_NAMES_H

#include "session.h"

/**
 * struct diag_names - what is to be said of a set
 * @noun: of one: "channel"
 * @one: "is dead"
 * @many: "are dead"
 * @figures: said after one that is alone: ": +4.2 dB", or ""
 */
struct diag_names {
	const char *noun, *one, *many;
	char figures[80];
};

/**
 * diag_blame_set() - name all that are in a set
 * @r: of a check
 * @status: as diag_blame()
 * @names: what is said of them
 * @set: [n]; nothing is said of an empty one
 * @n: of @set
 *
 * A set that is too long for a line has several, each a sentence.
 */
void diag_blame_set(struct diag_result *r, enum diag_status status,
		    const struct diag_names *names, const bool *set,
		    uint32_t n);

#endif /* DIAG_NAMES_H */
