// SPDX-License-Identifier: MIT
/* A display's device: what is connected, and atomic commits to it. */
#include <drm_fourcc.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <xf86drm.h>
#include <xf86drmMode.h>

#include "kms_device.h"
#include "why.h"

#define CARDS_MAX 16

/* Events fit many times over. */
#define EVENT_BYTES 1024

/* --- the device --- */

static int open_card(struct kms_device *d, const char *card, char *why,
		     size_t why_bytes)
{
	uint64_t dumb = 0;

	snprintf(d->info.card, sizeof(d->info.card), "%s", card);
	d->fd = open(card, O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (d->fd < 0)
		return sono_why(why, why_bytes, -errno, "%s: %s", card,
				strerror(errno));
	if (drmGetCap(d->fd, DRM_CAP_DUMB_BUFFER, &dumb))
		return sono_why(why, why_bytes, -ENODEV,
				"%s: not a display's device", card);
	/* The first one to open a device is its master already. */
	if (!drmIsMaster(d->fd) && drmSetMaster(d->fd))
		return sono_why(why, why_bytes, -EBUSY,
				"%s: another program has the display", card);
	if (!dumb ||
	    drmSetClientCap(d->fd, DRM_CLIENT_CAP_UNIVERSAL_PLANES, 1) ||
	    drmSetClientCap(d->fd, DRM_CLIENT_CAP_ATOMIC, 1))
		return sono_why(why, why_bytes, -ENODEV,
				"%s: its driver has no atomic mode setting",
				card);
	return 0;
}

/* --- what is connected, and by which way --- */

static const drmModeModeInfo *preferred(const drmModeConnector *c)
{
	for (int i = 0; i < c->count_modes; i++)
		if (c->modes[i].type & DRM_MODE_TYPE_PREFERRED)
			return &c->modes[i];
	return &c->modes[0];
}

static bool note_mode(struct kms_device *d, const drmModeConnector *c)
{
	const char *type = drmModeGetConnectorTypeName(c->connector_type);
	const drmModeModeInfo *mode = preferred(c);

	d->connector = c->connector_id;
	d->info.width = mode->hdisplay;
	d->info.height = mode->vdisplay;
	d->info.refresh = mode->vrefresh;
	snprintf(d->info.connector, sizeof(d->info.connector), "%s-%u",
		 type ? type : "Unknown", c->connector_type_id);
	return !drmModeCreatePropertyBlob(d->fd, mode, sizeof(*mode), &d->mode);
}

/* The first of the controllers that an encoder of the connector can have. */
static bool find_crtc(struct kms_device *d, const drmModeRes *r,
		      const drmModeConnector *c)
{
	uint32_t possible = 0;

	for (int i = 0; i < c->count_encoders; i++) {
		drmModeEncoder *e = drmModeGetEncoder(d->fd, c->encoders[i]);

		possible |= e ? e->possible_crtcs : 0;
		drmModeFreeEncoder(e);
	}
	for (int i = 0; i < r->count_crtcs; i++) {
		if (!(possible & 1u << i))
			continue;
		d->crtc = r->crtcs[i];
		d->crtc_bit = 1u << i;
		return true;
	}
	return false;
}

static bool find_connector(struct kms_device *d, const drmModeRes *r)
{
	bool found = false;

	for (int i = 0; i < r->count_connectors && !found; i++) {
		drmModeConnector *c =
			drmModeGetConnector(d->fd, r->connectors[i]);

		found = c && c->connection == DRM_MODE_CONNECTED &&
			c->count_modes && find_crtc(d, r, c) && note_mode(d, c);
		drmModeFreeConnector(c);
	}
	return found;
}

/* The property of an object by its name, and its value; 0: there is none. */
static uint32_t property(const struct kms_device *d, uint32_t object,
			 uint32_t type, const char *name, uint64_t *value)
{
	drmModeObjectProperties *all =
		drmModeObjectGetProperties(d->fd, object, type);
	uint32_t id = 0;

	for (uint32_t i = 0; all && i < all->count_props && !id; i++) {
		drmModePropertyRes *p =
			drmModeGetProperty(d->fd, all->props[i]);

		if (p && !strcmp(p->name, name)) {
			id = p->prop_id;
			*value = all->prop_values[i];
		}
		drmModeFreeProperty(p);
	}
	drmModeFreeObjectProperties(all);
	return id;
}

static bool has_format(const drmModePlane *p)
{
	for (uint32_t i = 0; i < p->count_formats; i++)
		if (p->formats[i] == DRM_FORMAT_XRGB8888)
			return true;
	return false;
}

static bool is_primary(const struct kms_device *d, uint32_t plane)
{
	drmModePlane *p = drmModeGetPlane(d->fd, plane);
	uint64_t type = DRM_PLANE_TYPE_OVERLAY;
	bool is = p && p->possible_crtcs & d->crtc_bit && has_format(p) &&
		  property(d, plane, DRM_MODE_OBJECT_PLANE, "type", &type) &&
		  type == DRM_PLANE_TYPE_PRIMARY;

	drmModeFreePlane(p);
	return is;
}

static bool find_plane(struct kms_device *d)
{
	drmModePlaneRes *planes = drmModeGetPlaneResources(d->fd);

	for (uint32_t i = 0; planes && i < planes->count_planes; i++)
		if (!d->plane && is_primary(d, planes->planes[i]))
			d->plane = planes->planes[i];
	drmModeFreePlaneResources(planes);
	return d->plane;
}

static bool find_properties(struct kms_device *d)
{
	static const struct {
		uint32_t type;
		const char *name;
	} wanted[KMS_PROPERTIES] = {
		[KMS_CONNECTOR_CRTC] = { DRM_MODE_OBJECT_CONNECTOR, "CRTC_ID" },
		[KMS_CRTC_MODE] = { DRM_MODE_OBJECT_CRTC, "MODE_ID" },
		[KMS_CRTC_ACTIVE] = { DRM_MODE_OBJECT_CRTC, "ACTIVE" },
		[KMS_PLANE_FB] = { DRM_MODE_OBJECT_PLANE, "FB_ID" },
		[KMS_PLANE_CRTC] = { DRM_MODE_OBJECT_PLANE, "CRTC_ID" },
		[KMS_PLANE_SRC_X] = { DRM_MODE_OBJECT_PLANE, "SRC_X" },
		[KMS_PLANE_SRC_Y] = { DRM_MODE_OBJECT_PLANE, "SRC_Y" },
		[KMS_PLANE_SRC_W] = { DRM_MODE_OBJECT_PLANE, "SRC_W" },
		[KMS_PLANE_SRC_H] = { DRM_MODE_OBJECT_PLANE, "SRC_H" },
		[KMS_PLANE_CRTC_X] = { DRM_MODE_OBJECT_PLANE, "CRTC_X" },
		[KMS_PLANE_CRTC_Y] = { DRM_MODE_OBJECT_PLANE, "CRTC_Y" },
		[KMS_PLANE_CRTC_W] = { DRM_MODE_OBJECT_PLANE, "CRTC_W" },
		[KMS_PLANE_CRTC_H] = { DRM_MODE_OBJECT_PLANE, "CRTC_H" },
	};

	for (int i = 0; i < KMS_PROPERTIES; i++) {
		const uint32_t type = wanted[i].type;
		const uint32_t object = type == DRM_MODE_OBJECT_CONNECTOR ?
						d->connector :
					type == DRM_MODE_OBJECT_CRTC ? d->crtc :
								       d->plane;
		uint64_t value;

		d->property[i] =
			property(d, object, type, wanted[i].name, &value);
		if (!d->property[i])
			return false;
	}
	return true;
}

static int find_way(struct kms_device *d, char *why, size_t why_bytes)
{
	drmModeRes *r = drmModeGetResources(d->fd);
	const bool connected = r && find_connector(d, r);

	drmModeFreeResources(r);
	if (!connected)
		return sono_why(why, why_bytes, -ENODEV,
				"%s: no display is connected", d->info.card);
	if (!find_plane(d) || !find_properties(d))
		return sono_why(why, why_bytes, -ENODEV,
				"%s: its driver cannot show XRGB8888",
				d->info.card);
	return 0;
}

/* --- commits --- */

static void add(struct kms_device *d, drmModeAtomicReq *r, uint32_t object,
		enum kms_property which, uint64_t value)
{
	/* it fails for want of memory only, and then the commit does */
	drmModeAtomicAddProperty(r, object, d->property[which], value);
}

static void add_plane(struct kms_device *d, drmModeAtomicReq *r)
{
	const uint64_t width = d->info.width, height = d->info.height;

	add(d, r, d->plane, KMS_PLANE_CRTC, d->crtc);
	add(d, r, d->plane, KMS_PLANE_SRC_X, 0);
	add(d, r, d->plane, KMS_PLANE_SRC_Y, 0);
	add(d, r, d->plane, KMS_PLANE_SRC_W, width << 16);
	add(d, r, d->plane, KMS_PLANE_SRC_H, height << 16);
	add(d, r, d->plane, KMS_PLANE_CRTC_X, 0);
	add(d, r, d->plane, KMS_PLANE_CRTC_Y, 0);
	add(d, r, d->plane, KMS_PLANE_CRTC_W, width);
	add(d, r, d->plane, KMS_PLANE_CRTC_H, height);
}

/* The mode, with the first page. */
static int commit_mode(struct kms_device *d, uint32_t flags)
{
	drmModeAtomicReq *r = drmModeAtomicAlloc();
	int ret;

	if (!r)
		return -ENOMEM;
	add(d, r, d->connector, KMS_CONNECTOR_CRTC, d->crtc);
	add(d, r, d->crtc, KMS_CRTC_MODE, d->mode);
	add(d, r, d->crtc, KMS_CRTC_ACTIVE, 1);
	add(d, r, d->plane, KMS_PLANE_FB, d->page[0].fb);
	add_plane(d, r);
	ret = drmModeAtomicCommit(d->fd, r,
				  flags | DRM_MODE_ATOMIC_ALLOW_MODESET, NULL);
	drmModeAtomicFree(r);
	return ret;
}

int kms_device_turn(struct kms_device *d, unsigned int page)
{
	drmModeAtomicReq *r = drmModeAtomicAlloc();
	int ret;

	if (!r)
		return -ENOMEM;
	add(d, r, d->plane, KMS_PLANE_FB, d->page[page].fb);
	ret = drmModeAtomicCommit(
		d->fd, r, DRM_MODE_ATOMIC_NONBLOCK | DRM_MODE_PAGE_FLIP_EVENT,
		NULL);
	drmModeAtomicFree(r);
	return ret;
}

bool kms_device_turned(struct kms_device *d)
{
	char events[EVENT_BYTES];

	/* none other was asked for */
	return read(d->fd, events, sizeof(events)) > 0;
}

/* --- all --- */

static void free_pages(struct kms_device *d)
{
	for (int i = 0; i < KMS_PAGES; i++)
		kms_page_free(d, &d->page[i]);
}

/* Not only made, but shown: some devices import what they cannot show. */
static int make_pages(struct kms_device *d,
		      int (*make)(struct kms_device *d, struct kms_page *page))
{
	int ret = 0;

	for (int i = 0; i < KMS_PAGES && !ret; i++)
		ret = make(d, &d->page[i]);
	if (!ret)
		ret = commit_mode(d, DRM_MODE_ATOMIC_TEST_ONLY);
	if (!ret)
		ret = commit_mode(d, 0);
	if (ret)
		free_pages(d);
	return ret;
}

static int begin(struct kms_device *d, char *why, size_t why_bytes)
{
	int ret = make_pages(d, kms_page_import);

	d->info.imported = !ret;
	if (ret)
		ret = make_pages(d, kms_page_alloc);
	if (ret)
		return sono_why(why, why_bytes, ret, "%s: %ux%u on %s: %s",
				d->info.card, d->info.width, d->info.height,
				d->info.connector, strerror(-ret));
	return 0;
}

static void forget(struct kms_device *d)
{
	*d = (struct kms_device){ .fd = -1 };
	for (int i = 0; i < KMS_PAGES; i++)
		d->page[i].dmabuf = -1;
}

static int use_card(struct kms_device *d, const char *card, char *why,
		    size_t why_bytes)
{
	int ret;

	forget(d);
	ret = open_card(d, card, why, why_bytes);
	if (!ret)
		ret = find_way(d, why, why_bytes);
	return ret;
}

/* The reason of the last card that there is, if none will do. */
static int find_card(struct kms_device *d, char *why, size_t why_bytes)
{
	int ret = sono_why(why, why_bytes, -ENODEV,
			   "/dev/dri: no display's device");
	char card[32];

	for (int i = 0; i < CARDS_MAX; i++) {
		snprintf(card, sizeof(card), "/dev/dri/card%d", i);
		if (access(card, F_OK))
			continue;
		ret = use_card(d, card, why, why_bytes);
		if (!ret)
			return 0;
		kms_device_finish(d);
	}
	return ret;
}

int kms_device_init(struct kms_device *d, const char *card, char *why,
		    size_t why_bytes)
{
	int ret;

	forget(d);
	ret = card ? use_card(d, card, why, why_bytes) :
		     find_card(d, why, why_bytes);
	return ret ? ret : begin(d, why, why_bytes);
}

void kms_device_finish(struct kms_device *d)
{
	if (d->fd < 0)
		return;
	free_pages(d);
	if (d->mode)
		drmModeDestroyPropertyBlob(d->fd, d->mode);
	close(d->fd);
	forget(d);
}
