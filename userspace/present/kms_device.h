/* SPDX-License-Identifier: MIT */
/*
 * The device behind kms.c: its display, its pages. Nothing here waits for the
 * display.
 */
#ifndef PRESENT_KMS_DEVICE_H
#define PRESENT_KMS_DEVICE_H

#include "kms.h"

/* One is on the screen, one on its way there, one is drawn. */
#define KMS_PAGES 3

/* Properties that a commit sets, by number. */
enum kms_property {
	KMS_CONNECTOR_CRTC,
	KMS_CRTC_MODE,
	KMS_CRTC_ACTIVE,
	KMS_PLANE_FB,
	KMS_PLANE_CRTC,
	KMS_PLANE_SRC_X,
	KMS_PLANE_SRC_Y,
	KMS_PLANE_SRC_W,
	KMS_PLANE_SRC_H,
	KMS_PLANE_CRTC_X,
	KMS_PLANE_CRTC_Y,
	KMS_PLANE_CRTC_W,
	KMS_PLANE_CRTC_H,
	KMS_PROPERTIES
};

/**
 * struct kms_page - memory of one screen
 * @handle: of the device's object
 * @fb: as the device shows it; 0: not made yet
 * @dmabuf: of the import, else -1
 * @map: XRGB8888
 * @stride: bytes from row to row
 * @bytes: of @map
 */
struct kms_page {
	uint32_t handle;
	uint32_t fb;
	int dmabuf;
	uint8_t *map;
	uint32_t stride;
	size_t bytes;
};

/**
 * struct kms_device - a device whose display is ours
 * @fd: of the device
 * @info: what it is
 * @connector: object's number
 * @crtc: object's number
 * @crtc_bit: of it in masks
 * @plane: object's number, the primary one
 * @mode: object's number
 * @property: numbers
 * @page: all alike
 */
struct kms_device {
	int fd;
	struct kms_info info;
	uint32_t connector;
	uint32_t crtc;
	uint32_t crtc_bit;
	uint32_t plane;
	uint32_t mode;
	uint32_t property[KMS_PROPERTIES];
	struct kms_page page[KMS_PAGES];
};

/**
 * kms_device_init() - as kms_open() says; the display shows page 0, black
 * @d: written; kms_device_finish() ends it, also after an error
 */
int kms_device_init(struct kms_device *d, const char *card, char *why,
		    size_t why_bytes);

/**
 * kms_device_turn() - show another page, with the next refresh
 * @d: display
 * @page: index
 *
 * The descriptor is readable, with an event, when it is shown.
 *
 * Return: 0; -EBUSY while the page before is not shown yet; -errno.
 */
int kms_device_turn(struct kms_device *d, unsigned int page);

/** kms_device_turned() - read events; were there any? */
bool kms_device_turned(struct kms_device *d);

/** kms_device_finish() - let go of the display */
void kms_device_finish(struct kms_device *d);

/* kms_page.c: */

/** kms_page_import() - memory of this process, as a dma-buf; 0 or -errno */
int kms_page_import(struct kms_device *d, struct kms_page *page);

/** kms_page_alloc() - memory of the device, mapped; 0 or -errno */
int kms_page_alloc(struct kms_device *d, struct kms_page *page);

/**
 * kms_page_draw() - a picture, in the middle of a screen that is otherwise black
 * @d: display
 * @page: not on the screen, nor on its way there
 * @image: RGB24
 */
void kms_page_draw(const struct kms_device *d, struct kms_page *page,
		   const struct image *image);

/** kms_page_free() - also one that was never made */
void kms_page_free(struct kms_device *d, struct kms_page *page);

#endif /* PRESENT_KMS_DEVICE_H */
