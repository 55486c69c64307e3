// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Firmware: what the board takes, what it refuses, and what it runs then. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "flash.h"
#include "host.h"
#include "image.h"
#include "random.h"
#include "signature.h"

#define V(major, minor, patch) ((major) << 24 | (minor) << 16 | (patch))
#define BYTES 20000u /* of an image, several blocks and a rest */
#define BLOCK 8192u
#define BANK_A_ONLY SONO_FW_BANKS_A
#define BOTH (SONO_FW_BANKS_A | SONO_FW_BANKS_B)

static struct sim_flash flash;
static uint8_t image[2 * SIM_FLASH_BANK_BYTES];
static struct table table;

static void power_on(struct host *h, const char *faults)
{
	struct sim_config config;

	sim_config_init(&config);
	sim_flash_init(&flash);
	config.flash = &flash;
	config.verify = signature_good;
	if (faults)
		cr_assert_eq(sim_faults_parse(&config.faults, faults), 0);
	host_start(h, &config);
	host_write(h, SONO_REG_IRQ_ENABLE, SONO_IRQ_FW);
}

/* FW_STATUS after a command, which takes less than a second. */
static uint32_t do_command(struct host *h, uint32_t number)
{
	host_write(h, SONO_REG_FW_COMMAND, number);
	host_run(h, 1000 * MS);
	return host_read(h, SONO_REG_FW_STATUS);
}

static uint32_t failed(uint32_t code)
{
	return SONO_FW_ERROR | code << 8;
}

static uint32_t write_block(struct host *h, uint32_t offset, uint32_t bytes)
{
	memcpy(h->memory + AT_TABLE, image + offset, bytes);
	host_write(h, SONO_REG_FW_ADDR_LO, HOST_ADDR + AT_TABLE);
	host_write(h, SONO_REG_FW_OFFSET, offset);
	host_write(h, SONO_REG_FW_BYTES, bytes);
	return do_command(h, SONO_FW_WRITE);
}

/* All of the image but the commit. */
static void write_image(struct host *h, uint32_t bytes)
{
	cr_assert_eq(do_command(h, SONO_FW_BEGIN), SONO_FW_DONE);
	for (uint32_t at = 0; at < bytes; at += BLOCK) {
		uint32_t n = bytes - at < BLOCK ? bytes - at : BLOCK;

		cr_assert_eq(write_block(h, at, n), SONO_FW_DONE);
	}
}

static uint32_t upload(struct host *h, const struct image_config *config)
{
	uint32_t status;

	cr_assert_eq(image_make(image, config), 0);
	write_image(h, config->bytes);
	status = do_command(h, SONO_FW_COMMIT);
	host_write(h, SONO_REG_FW_COMMAND, SONO_FW_ABORT);
	return status;
}

static struct image_config version(uint32_t number)
{
	return (struct image_config){ BYTES, number, number, SONO_FW_BOARD, 0 };
}

static void expect(struct host *h, uint32_t firmware, uint32_t next,
		   uint32_t banks)
{
	cr_assert_eq(host_read(h, SONO_REG_FIRMWARE), firmware);
	cr_assert_eq(host_read(h, SONO_REG_FW_NEXT), next);
	cr_assert_eq(host_read(h, SONO_REG_FW_BANKS), banks);
}

static void expect_factory(struct host *h)
{
	expect(h, V(1, 0, 0), V(1, 0, 0), BANK_A_ONLY);
}

Test(flash, board_without_one)
{
	struct host h;

	host_start(&h, NULL);
	cr_assert_eq(host_read(&h, SONO_REG_FEATURES) & SONO_FEAT_FLASH, 0);
	cr_assert_eq(host_read(&h, SONO_REG_FIRMWARE), V(1, 0, 0));
	cr_assert_eq(do_command(&h, SONO_FW_BEGIN), 0);
	host_end(&h);
}

Test(flash, image_runs_from_the_next_boot)
{
	struct image_config c = version(V(1, 2, 3));
	unsigned int irqs;
	struct host h;

	power_on(&h, NULL);
	expect_factory(&h);
	irqs = h.irqs[SONO_VEC_CONTROL];
	cr_assert_eq(upload(&h, &c), SONO_FW_DONE);
	/* One for the erasure, each block and the check. */
	cr_assert_eq(h.irqs[SONO_VEC_CONTROL] - irqs,
		     2 + (BYTES + BLOCK - 1) / BLOCK);
	cr_assert_eq(memcmp(flash.bank[1], image, BYTES), 0);
	expect(&h, V(1, 0, 0), V(1, 2, 3), SONO_FW_BANKS_NEXT | BOTH);
	/* A reset is no boot. */
	host_write(&h, SONO_REG_RESET, SONO_RESET_MAGIC);
	expect(&h, V(1, 0, 0), V(1, 2, 3), SONO_FW_BANKS_NEXT | BOTH);
	host_write(&h, SONO_REG_FW_COMMAND, SONO_FW_BOOT);
	expect(&h, V(1, 2, 3), V(1, 2, 3),
	       SONO_FW_BANKS_RUNNING | SONO_FW_BANKS_NEXT | BOTH);
	host_end(&h);

	/* Nor does power-off change it; the other bank is next. */
	power_on(&h, NULL);
	cr_assert_eq(host_read(&h, SONO_REG_FIRMWARE), V(1, 2, 3));
	c = version(V(1, 3, 0));
	cr_assert_eq(upload(&h, &c), SONO_FW_DONE);
	expect(&h, V(1, 2, 3), V(1, 3, 0), SONO_FW_BANKS_RUNNING | BOTH);
	host_end(&h);
	power_on(&h, NULL);
	expect(&h, V(1, 3, 0), V(1, 3, 0), BOTH);
	host_end(&h);
}

Test(flash, floor_rises_with_the_boot)
{
	struct image_config c = version(V(2, 0, 0));
	struct host h;

	power_on(&h, NULL);
	c.floor = V(1, 5, 0);
	cr_assert_eq(upload(&h, &c), SONO_FW_DONE);
	cr_assert_eq(host_read(&h, SONO_REG_FW_FLOOR), V(1, 0, 0));
	host_write(&h, SONO_REG_FW_COMMAND, SONO_FW_BOOT);
	cr_assert_eq(host_read(&h, SONO_REG_FW_FLOOR), V(1, 5, 0));
	c = version(V(1, 4, 65535));
	cr_assert_eq(upload(&h, &c), failed(SONO_FW_E_OLD));
	c = version(V(1, 5, 0));
	cr_assert_eq(upload(&h, &c), SONO_FW_DONE);
	host_end(&h);
}

Test(flash, what_is_refused)
{
	const struct row {
		struct image_config config;
		uint32_t code;
	} rows[] = {
		{ { BYTES, V(2, 0, 0), V(2, 0, 0), SONO_FW_BOARD,
		    SONO_FW_E_CRC },
		  SONO_FW_E_CRC },
		{ { BYTES, V(2, 0, 0), V(2, 0, 0), SONO_FW_BOARD,
		    SONO_FW_E_SIGNATURE },
		  SONO_FW_E_SIGNATURE },
		{ { BYTES, V(2, 0, 0), V(2, 0, 0), SONO_FW_BOARD,
		    SONO_FW_E_HEADER },
		  SONO_FW_E_HEADER },
		{ { BYTES, V(2, 0, 0), V(2, 0, 1), SONO_FW_BOARD, 0 },
		  SONO_FW_E_HEADER },
		{ { BYTES, 0, 0, SONO_FW_BOARD, 0 }, SONO_FW_E_HEADER },
		{ { BYTES, V(2, 0, 0), 0, SONO_FW_BOARD + 1, 0 },
		  SONO_FW_E_BOARD },
		{ { BYTES, V(0, 9, 9), 0, SONO_FW_BOARD, 0 }, SONO_FW_E_OLD },
	};
	struct host h;

	power_on(&h, NULL);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		cr_assert_eq(upload(&h, &rows[i].config), failed(rows[i].code));
		expect_factory(&h);
	}
	host_end(&h);
}

/* Shorter or longer than its header says, and too short for one. */
Test(flash, length_is_checked)
{
	const uint32_t lengths[] = { 4, 64, 124, BYTES - 4, BYTES + 4 };
	struct image_config c = version(V(2, 0, 0));
	struct host h;

	power_on(&h, NULL);
	cr_assert_eq(image_make(image, &c), 0);
	for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
		write_image(&h, lengths[i]);
		cr_assert_eq(do_command(&h, SONO_FW_COMMIT),
			     failed(SONO_FW_E_HEADER));
		host_write(&h, SONO_REG_FW_COMMAND, SONO_FW_ABORT);
		expect_factory(&h);
	}
	host_end(&h);
}

Test(flash, any_bit_matters)
{
	struct image_config c = version(V(2, 0, 0));
	struct sim_random random;
	struct host h;

	sim_random_seed(&random, 1);
	power_on(&h, NULL);
	cr_assert_eq(image_make(image, &c), 0);
	for (int i = 0; i < 100; i++) {
		uint32_t bit = (uint32_t)(sim_random_even(&random) * BYTES * 8);

		image[bit / 8] ^= 1u << bit % 8;
		write_image(&h, BYTES);
		cr_assert_eq(do_command(&h, SONO_FW_COMMIT) & SONO_FW_STATE,
			     SONO_FW_ERROR);
		host_write(&h, SONO_REG_FW_COMMAND, SONO_FW_ABORT);
		image[bit / 8] ^= 1u << bit % 8;
	}
	expect_factory(&h);
	cr_assert_eq(upload(&h, &c), SONO_FW_DONE);
	host_end(&h);
}

Test(flash, blocks_come_in_order_and_fit)
{
	struct host h;

	power_on(&h, NULL);
	cr_assert_eq(write_block(&h, 0, BLOCK), failed(SONO_FW_E_STATE));
	cr_assert_eq(do_command(&h, SONO_FW_COMMIT), failed(SONO_FW_E_STATE));
	cr_assert_eq(do_command(&h, 77), failed(SONO_FW_E_STATE));
	cr_assert_eq(do_command(&h, SONO_FW_BEGIN), SONO_FW_DONE);
	cr_assert_eq(do_command(&h, SONO_FW_BEGIN), failed(SONO_FW_E_STATE));
	cr_assert_eq(do_command(&h, SONO_FW_BOOT), failed(SONO_FW_E_STATE));
	cr_assert_eq(write_block(&h, 4, BLOCK), failed(SONO_FW_E_RANGE));
	cr_assert_eq(write_block(&h, 0, 0), failed(SONO_FW_E_RANGE));
	cr_assert_eq(write_block(&h, 0, 6), failed(SONO_FW_E_RANGE));
	cr_assert_eq(write_block(&h, 0, SIM_FLASH_BANK_BYTES + 4),
		     failed(SONO_FW_E_RANGE));
	cr_assert_eq(write_block(&h, 0, BLOCK), SONO_FW_DONE);
	cr_assert_eq(write_block(&h, 0, BLOCK), failed(SONO_FW_E_RANGE));
	host_write(&h, SONO_REG_FW_OFFSET, BLOCK);
	host_write(&h, SONO_REG_FW_ADDR_HI, 0xffff);
	cr_assert_eq(do_command(&h, SONO_FW_WRITE), failed(SONO_FW_E_DMA));
	host_end(&h);
}

Test(flash, cells_that_do_not_hold)
{
	struct image_config c = version(V(2, 0, 0));
	struct host h;

	power_on(&h, "flash=2");
	cr_assert_eq(image_make(image, &c), 0);
	cr_assert_eq(do_command(&h, SONO_FW_BEGIN), SONO_FW_DONE);
	cr_assert_eq(write_block(&h, 0, BLOCK), SONO_FW_DONE);
	cr_assert_eq(write_block(&h, BLOCK, BLOCK), failed(SONO_FW_E_FLASH));
	/* The same again will do. */
	cr_assert_eq(write_block(&h, BLOCK, BLOCK), SONO_FW_DONE);
	host_end(&h);
}

/* Whatever comes in between, and however far it was: 1.0.0 runs. */
static void interrupt(void (*how)(struct host *))
{
	struct image_config c = version(V(2, 0, 0));
	struct host h;

	for (uint32_t blocks = 0; blocks <= BYTES / BLOCK + 1; blocks++) {
		uint32_t bytes = blocks * BLOCK;

		power_on(&h, NULL);
		cr_assert_eq(image_make(image, &c), 0);
		write_image(&h, bytes < BYTES ? bytes : BYTES);
		host_write(&h, SONO_REG_FW_COMMAND,
			   blocks ? SONO_FW_COMMIT : SONO_FW_BEGIN);
		cr_assert_eq(host_read(&h, SONO_REG_STATUS) &
				     SONO_STATUS_DMA_BUSY,
			     blocks ? SONO_STATUS_DMA_BUSY : 0);
		how(&h);
		host_run(&h, 1000 * MS);
		expect_factory(&h);
		cr_assert_eq(host_read(&h, SONO_REG_FW_STATUS), SONO_FW_IDLE);
		cr_assert_eq(do_command(&h, SONO_FW_COMMIT),
			     failed(SONO_FW_E_STATE));
		host_end(&h);
	}
}

static void by_abort(struct host *h)
{
	host_write(h, SONO_REG_FW_COMMAND, SONO_FW_ABORT);
}

static void by_reset(struct host *h)
{
	host_write(h, SONO_REG_RESET, SONO_RESET_MAGIC);
}

static void by_function_reset(struct host *h)
{
	sim_board_reset(h->board, h->now);
}

static void by_power_loss(struct host *h)
{
	host_end(h);
	power_on(h, NULL);
}

Test(flash, abort_leaves_the_old_image)
{
	interrupt(by_abort);
}

Test(flash, reset_leaves_the_old_image)
{
	interrupt(by_reset);
	interrupt(by_function_reset);
}

Test(flash, power_loss_leaves_the_old_image)
{
	interrupt(by_power_loss);
}

/* An image that was committed and not booted is given up for another. */
Test(flash, next_image_is_replaced)
{
	struct image_config c = version(V(2, 0, 0));
	struct host h;

	power_on(&h, NULL);
	cr_assert_eq(upload(&h, &c), SONO_FW_DONE);
	cr_assert_eq(do_command(&h, SONO_FW_BEGIN), SONO_FW_DONE);
	expect_factory(&h);
	by_abort(&h);
	expect_factory(&h);
	host_end(&h);
}

Test(flash, neither_a_run_nor_an_upload_disturbs_the_other)
{
	struct host h;

	power_on(&h, NULL);
	table_make(&table, 1, 2, 70, 10000);
	cr_assert_eq(host_load(&h, &table), SONO_SEQ_ACTIVE);
	host_queues(&h, 16, 8);
	host_write(&h, SONO_REG_CONTROL, SONO_CONTROL_RUN);
	cr_assert_eq(do_command(&h, SONO_FW_BEGIN), failed(SONO_FW_E_STATE));
	cr_assert_eq(do_command(&h, SONO_FW_BOOT), failed(SONO_FW_E_STATE));
	host_write(&h, SONO_REG_CONTROL, 0);
	host_run(&h, MS);
	cr_assert_eq(do_command(&h, SONO_FW_BEGIN), SONO_FW_DONE);
	host_write(&h, SONO_REG_CONTROL, SONO_CONTROL_RUN);
	cr_assert_eq(host_read(&h, SONO_REG_CONTROL), 0);
	by_abort(&h);
	host_write(&h, SONO_REG_CONTROL, SONO_CONTROL_RUN);
	cr_assert_eq(host_read(&h, SONO_REG_CONTROL), SONO_CONTROL_RUN);
	host_end(&h);
}

Test(flash, verify_tells_what_is_wrong_and_changes_nothing)
{
	static const struct {
		const char *faults;
		uint32_t status;
	} boards[] = {
		{ NULL, SONO_FW_DONE },
		{ "rot=77", SONO_FW_ERROR | SONO_FW_E_CRC << 8 },
		{ "flash=1", SONO_FW_ERROR | SONO_FW_E_FLASH << 8 },
	};

	for (size_t i = 0; i < sizeof(boards) / sizeof(*boards); i++) {
		struct host h;

		memset(&flash, 0, sizeof(flash));
		power_on(&h, boards[i].faults);
		cr_expect_eq(host_read(&h, SONO_REG_FEATURES) &
			     SONO_FEAT_VERIFY, SONO_FEAT_VERIFY);
		cr_expect_eq(do_command(&h, SONO_FW_VERIFY), boards[i].status);
		cr_expect_eq(host_read(&h, SONO_REG_FW_BANKS), BANK_A_ONLY);
		/* an upload excludes it, and goes on */
		cr_expect_eq(do_command(&h, SONO_FW_BEGIN), SONO_FW_DONE);
		cr_expect_eq(do_command(&h, SONO_FW_VERIFY),
			     failed(SONO_FW_E_STATE));
		host_end(&h);
	}
}
