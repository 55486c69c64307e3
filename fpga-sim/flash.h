/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The board's flash: what power-off leaves as it is. Its memory is the owner's,
 * who may map a file, so that a board that is made anew finds it as it was.
 */
#ifndef SIM_FLASH_H
#define SIM_FLASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SIM_FLASH_MAGIC 0x32534c46
#define SIM_FLASH_BANK_BYTES (1u << 20)
#define SIM_FLASH_BANKS 2

/** struct sim_image - of an image that was committed; all 0 without one */
struct sim_image {
	uint32_t version;
	uint32_t floor; /* that it sets when it is booted */
	uint32_t crc; /* of its whole bank, as it was committed */
};

/**
 * struct sim_flash - two banks, and what the board keeps beside them
 * @magic: SIM_FLASH_MAGIC
 * @next: bank that the next boot runs
 * @floor: no image of a lower version is taken
 * @image: in each bank
 * @bank: their bytes
 */
struct sim_flash {
	uint32_t magic;
	uint32_t next;
	uint32_t floor;
	struct sim_image image[SIM_FLASH_BANKS];
	uint8_t bank[SIM_FLASH_BANKS][SIM_FLASH_BANK_BYTES];
};

/**
 * sim_verify_fn - is this the signature of the board's maker?
 * @message: what was signed
 * @n: its length [bytes]
 * @signature: SONO_FW_SIGNATURE_BYTES
 */
typedef bool sim_verify_fn(const void *message, size_t n,
			   const uint8_t *signature);

/** sim_flash_init() - as it leaves the factory; one that was in use stays */
void sim_flash_init(struct sim_flash *flash);

#endif /* SIM_FLASH_H */
