/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Firmware images for emulated boards. */
#ifndef SIM_IMAGE_H
#define SIM_IMAGE_H

#include <stddef.h>
#include <stdint.h>

/**
 * struct image_config - an image to be made
 * @bytes: of all of it, a multiple of 4
 * @version: as the FIRMWARE register
 * @floor: versions below are refused once it has been booted
 * @board: SONO_FW_BOARD, or of another
 * @wrong: SONO_FW_E_HEADER, _CRC or _SIGNATURE: what is spoiled; 0: nothing
 */
struct image_config {
	uint32_t bytes;
	uint32_t version;
	uint32_t floor;
	uint32_t board;
	uint32_t wrong;
};

/**
 * image_make() - an image that a board takes, or does not
 * @image: @config->bytes, at least those of a header and a signature
 * @config: what it is to be
 *
 * Return: 0, or -EIO if it could not be signed.
 */
int image_make(void *image, const struct image_config *config);

#endif /* SIM_IMAGE_H */
