// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Firmware: an image is written into the bank that does not run, and becomes
 * the next to boot only when all of it has been checked. Whatever ends an
 * upload before that leaves a bank without an image, and the other as it was.
 */
#include <endian.h>
#include <string.h>

#include "board.h"

#define FACTORY_VERSION 0x01000000 /* 1.0.0 */
#define ERASE_NS 50000000
#define WRITE_NS_PER_KIB 500000
#define CHECK_NS 20000000
#define VERIFY_NS 30000000

_Static_assert(offsetof(struct sono_fw_header, crc) ==
		       offsetof(struct sono_seq_header, crc),
	       "one function makes the CRC of both");

/* None of its bytes is left out. */
static uint32_t bank_crc(const struct sim_flash *flash, unsigned int bank)
{
	return sim_crc(flash->bank[bank], SIM_FLASH_BANK_BYTES,
		       SIM_FLASH_BANK_BYTES);
}

void sim_flash_init(struct sim_flash *flash)
{
	if (flash->magic == SIM_FLASH_MAGIC && flash->next < SIM_FLASH_BANKS &&
	    flash->image[flash->next].version)
		return;
	memset(flash->bank, 0xff, sizeof(flash->bank));
	flash->magic = SIM_FLASH_MAGIC;
	flash->next = 0;
	flash->floor = FACTORY_VERSION;
	flash->image[0] = (struct sim_image){ FACTORY_VERSION, 0,
					      bank_crc(flash, 0) };
	flash->image[1] = (struct sim_image){ 0 };
}

uint32_t sim_flash_firmware(const struct sim_board *b)
{
	return b->running_version;
}

uint32_t sim_flash_banks(const struct sim_board *b)
{
	const struct sim_flash *f = b->config.flash;

	return b->running_bank |
	       (f->next ? SONO_FW_BANKS_NEXT : 0) |
	       (f->image[0].version ? SONO_FW_BANKS_A : 0) |
	       (f->image[1].version ? SONO_FW_BANKS_B : 0);
}

/* At power-on and at BOOT; from here on nothing older will do. */
void sim_flash_boot(struct sim_board *b)
{
	struct sim_flash *f = b->config.flash;
	const struct sim_image *image;

	b->running_version = FACTORY_VERSION;
	if (!f)
		return;
	image = &f->image[f->next];
	if (image->floor > f->floor)
		f->floor = image->floor;
	b->running_bank = f->next;
	b->running_version = image->version;
	sim_log(b, "ev=boot bank=%u version=0x%08x floor=0x%08x",
		b->running_bank, b->running_version, f->floor);
}

static unsigned int spare(const struct sim_board *b)
{
	return !b->running_bank;
}

static void answer(struct sim_board *b, uint32_t code)
{
	struct sim_updater *u = &b->updater;

	sim_log(b, "ev=flash command=%u code=%u bank=%u bytes=%u", u->command,
		code, spare(b), u->written);
	u->state = code ? SONO_FW_ERROR : SONO_FW_DONE;
	u->code = code;
	sim_irq_raise(b, SONO_IRQ_FW);
}

/* Of a reset as well. An image that was committed stays. */
void sim_flash_abort(struct sim_board *b)
{
	b->due[TIMER_FLASH] = SIM_NEVER;
	b->updater = (struct sim_updater){ .writes = b->updater.writes };
}

bool sim_flash_busy(const struct sim_board *b)
{
	return b->updater.begun || b->updater.state == SONO_FW_BUSY;
}

static void begin(struct sim_board *b)
{
	struct sim_flash *f = b->config.flash;

	f->next = b->running_bank;
	f->image[spare(b)] = (struct sim_image){ 0 };
	memset(f->bank[spare(b)], 0xff, SIM_FLASH_BANK_BYTES);
	b->updater.begun = true;
	b->updater.written = 0;
	answer(b, SONO_FW_OK);
}

static bool in_order(const struct sim_updater *u)
{
	return u->bytes && u->bytes % 4 == 0 && u->offset == u->written &&
	       u->bytes <= SIM_FLASH_BANK_BYTES - u->written;
}

static uint32_t write_block(struct sim_board *b)
{
	struct sim_updater *u = &b->updater;
	uint8_t *to = b->config.flash->bank[spare(b)] + u->offset;

	if (!in_order(u))
		return SONO_FW_E_RANGE;
	if (sim_dma_read(b, u->addr, to, u->bytes))
		return SONO_FW_E_DMA;
	if (sim_strikes(b, &b->config.faults.flash, ++u->writes))
		return SONO_FW_E_FLASH;
	u->written += u->bytes;
	return SONO_FW_OK;
}

static bool header_valid(const struct sono_fw_header *h, uint32_t written)
{
	uint32_t rsvd = 0;

	for (size_t i = 0; i < sizeof(h->rsvd) / sizeof(*h->rsvd); i++)
		rsvd |= h->rsvd[i];
	return le32toh(h->magic) == SONO_FW_MAGIC &&
	       le32toh(h->format) == SONO_FW_FORMAT &&
	       le32toh(h->bytes) == written && le32toh(h->version) &&
	       le32toh(h->floor) <= le32toh(h->version) && !rsvd;
}

/* The rules in the order of the data sheet. */
static uint32_t judge(const struct sim_board *b, const uint8_t *image)
{
	uint32_t written = b->updater.written;
	uint32_t of_maker = written - SONO_FW_SIGNATURE_BYTES;
	struct sono_fw_header h;

	if (written < sizeof(h) + SONO_FW_SIGNATURE_BYTES)
		return SONO_FW_E_HEADER;
	memcpy(&h, image, sizeof(h));
	if (!header_valid(&h, written))
		return SONO_FW_E_HEADER;
	if (le32toh(h.crc) != sim_seq_crc(image, of_maker))
		return SONO_FW_E_CRC;
	if (!b->config.verify(image, of_maker, image + of_maker))
		return SONO_FW_E_SIGNATURE;
	if (le32toh(h.board) != SONO_FW_BOARD)
		return SONO_FW_E_BOARD;
	if (le32toh(h.version) < b->config.flash->floor)
		return SONO_FW_E_OLD;
	return SONO_FW_OK;
}

static uint32_t commit(struct sim_board *b)
{
	struct sim_flash *f = b->config.flash;
	unsigned int bank = spare(b);
	struct sono_fw_header h;
	uint32_t code = judge(b, f->bank[bank]);

	if (code)
		return code;
	memcpy(&h, f->bank[bank], sizeof(h));
	f->image[bank] = (struct sim_image){ le32toh(h.version),
					     le32toh(h.floor),
					     bank_crc(f, bank) };
	f->next = bank;
	b->updater.begun = false;
	return SONO_FW_OK;
}

/*
 * What runs is what was committed, and the board's own block, which no image
 * uses, takes what is written.
 */
static uint32_t verify(struct sim_board *b)
{
	const struct sim_faults *faults = &b->config.faults;
	struct sim_flash *f = b->config.flash;
	uint8_t *bank = f->bank[b->running_bank];
	const uint32_t rot = (faults->rot - 1) % SIM_FLASH_BANK_BYTES;
	uint32_t crc;

	if (faults->rot)
		bank[rot] ^= 1;
	crc = bank_crc(f, b->running_bank);
	if (faults->rot)
		bank[rot] ^= 1;
	if (crc != f->image[b->running_bank].crc)
		return SONO_FW_E_CRC;
	return sim_strikes(b, &faults->flash, ++b->updater.writes) ?
		       SONO_FW_E_FLASH :
		       SONO_FW_OK;
}

static void boot(struct sim_board *b)
{
	sim_reset(b);
	sim_flash_boot(b);
}

void sim_flash_step(struct sim_board *b)
{
	switch (b->updater.command) {
	case SONO_FW_BEGIN:
		begin(b);
		break;
	case SONO_FW_WRITE:
		answer(b, write_block(b));
		break;
	case SONO_FW_COMMIT:
		answer(b, commit(b));
		break;
	case SONO_FW_VERIFY:
		answer(b, verify(b));
		break;
	}
}

static uint64_t duration_ns(const struct sim_updater *u)
{
	switch (u->command) {
	case SONO_FW_BEGIN:
		return ERASE_NS;
	case SONO_FW_WRITE:
		return (uint64_t)u->bytes * WRITE_NS_PER_KIB / 1024;
	case SONO_FW_VERIFY:
		return VERIFY_NS;
	default:
		return CHECK_NS;
	}
}

static bool allowed(const struct sim_board *b, uint32_t command)
{
	if (b->run.running)
		return false;
	if (command == SONO_FW_BEGIN || command == SONO_FW_BOOT ||
	    command == SONO_FW_VERIFY)
		return !b->updater.begun;
	return b->updater.begun &&
	       (command == SONO_FW_WRITE || command == SONO_FW_COMMIT);
}

void sim_flash_command(struct sim_board *b, uint32_t command)
{
	struct sim_updater *u = &b->updater;

	if (!b->config.flash)
		return;
	if (command == SONO_FW_ABORT) {
		sim_log(b, "ev=flash_abort begun=%d", u->begun);
		sim_flash_abort(b);
		return;
	}
	if (u->state == SONO_FW_BUSY)
		return;
	u->command = command;
	if (!allowed(b, command)) {
		answer(b, SONO_FW_E_STATE);
	} else if (command == SONO_FW_BOOT) {
		boot(b);
	} else {
		u->state = SONO_FW_BUSY;
		u->code = SONO_FW_OK;
		b->due[TIMER_FLASH] = b->now + sim_ticks(b, duration_ns(u));
	}
}
