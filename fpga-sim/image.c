// SPDX-License-Identifier: GPL-2.0-only OR MIT
#include <endian.h>
#include <string.h>

#include "image.h"
#include "seq.h"
#include "signature.h"
#include "sono_regs.h"

int image_make(void *image, const struct image_config *config)
{
	struct sono_fw_header h = {
		.magic = htole32(SONO_FW_MAGIC),
		.format = htole32(SONO_FW_FORMAT),
		.bytes = htole32(config->bytes),
		.version = htole32(config->version),
		.floor = htole32(config->floor),
		.board = htole32(config->board),
		.rsvd = { config->wrong == SONO_FW_E_HEADER },
	};
	size_t of_maker = config->bytes - SONO_FW_SIGNATURE_BYTES;
	uint8_t *p = image;
	int err;

	for (size_t i = sizeof(h); i < of_maker; i++)
		p[i] = (uint8_t)(i * 7 + i / 251 + config->version);
	memcpy(p, &h, sizeof(h));
	h.crc = htole32(sim_seq_crc(p, of_maker) ^
			(config->wrong == SONO_FW_E_CRC));
	memcpy(p, &h, sizeof(h));
	err = signature_make(p, of_maker, p + of_maker);
	if (config->wrong == SONO_FW_E_SIGNATURE)
		p[of_maker] ^= 1;
	return err;
}
