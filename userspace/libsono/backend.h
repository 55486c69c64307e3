/* SPDX-License-Identifier: MIT */
/*
 * What differs between sources: opening, control and waiting. Taking and
 * releasing frames is the same memory protocol for a driver and for a board
 * in this process, and stands once, in sono.c.
 */
#ifndef SONO_BACKEND_H
#define SONO_BACKEND_H

#include "sono.h"

/**
 * struct sono_backend - one kind of source
 * @prefix: of the source's name
 * @open: @name is the source without @prefix, but for paths; sets *@s with
 *        its info filled in
 * @command: any SONO_CMD_ but SETUP, OBSERVE and ARM; 0 or -errno
 * @setup: SONO_CMD_SETUP; on success the areas are mapped
 * @observe: SONO_CMD_OBSERVE; on success the areas are mapped, without the
 *           user area. NULL where nobody else can have the source
 * @arm: SONO_CMD_ARM, blocking
 * @idle: the ring was found empty; NULL where frames come by themselves
 * @sensors: sono_sensors(), or NULL
 * @selftest: sono_selftest(), or NULL
 * @pause: let the board's time go by; NULL where that is this machine's
 * @next: take a frame where there is no ring, else NULL
 * @scan: sono_scan(), or NULL
 * @complaint: sono_complaint(), or NULL
 * @close: undo @open and @setup
 */
struct sono_backend {
	const char *prefix;
	int (*open)(struct sono **s, const char *name, char *why,
		    size_t why_bytes);
	int (*command)(struct sono *s, uint32_t op, void *arg);
	int (*setup)(struct sono *s);
	int (*observe)(struct sono *s);
	int (*arm)(struct sono *s, const struct sono_arm *arm);
	void (*idle)(struct sono *s);
	int (*sensors)(struct sono *s, struct sono_sensors *sensors);
	int (*selftest)(struct sono *s, enum sono_selftest what,
			struct sono_selftest_result *result);
	void (*pause)(struct sono *s, uint32_t us);
	int (*next)(struct sono *s, struct sono_frame *f);
	const struct sono_scan *(*scan)(const struct sono *s);
	const char *(*complaint)(const struct sono *s);
	void (*close)(struct sono *s);
};

extern const struct sono_backend sono_backend_drv;
extern const struct sono_backend sono_backend_sim;
extern const struct sono_backend sono_backend_file;

/**
 * struct sono - a handle; first member of each backend's own
 * @ops: its backend
 * @info: set by open
 * @setup: set by setup, as the areas below
 * @ctl: head of the ring area, read-only
 * @record: the records
 * @gen: generations of the slots
 * @user: head of the user area, NULL for an observer
 * @release: the release ring
 * @slots: the slots area
 * @pos: ring position of the next record
 * @release_tail: entries released
 * @stats: counted by sono.c; @syscalls by the backend
 */
struct sono {
	const struct sono_backend *ops;
	struct sono_info info;
	struct sono_setup setup;
	const struct sono_ctl *ctl;
	const struct sono_record *record;
	const uint32_t *gen;
	struct sono_user *user;
	struct sono_release *release;
	uint8_t *slots;
	uint64_t pos;
	uint32_t release_tail;
	struct sono_stats stats;
};

/** sono_attach() - set the pointers of @s into areas mapped by a backend;
 *  @user is NULL for an observer, who begins at the newest record
 */
void sono_attach(struct sono *s, const void *ring, void *user, void *slots);

#endif /* SONO_BACKEND_H */
