/* SPDX-License-Identifier: GPL-2.0-only */
/* The board's registers: all MMIO of the driver is in sono_hw.c. */
#ifndef SONO_HW_H
#define SONO_HW_H

#include "sono_drv.h"

int sono_hw_identify(struct sono_device *sd);
int sono_hw_load(struct sono_device *sd, dma_addr_t table, u32 bytes,
		 struct sono_config *result);
void sono_hw_set_source(struct sono_device *sd, u32 source);
void sono_hw_set_moderation(struct sono_device *sd, u32 count, u32 time_us);
void sono_hw_queues(struct sono_device *sd, const struct sono_stream *s);
int sono_hw_start(struct sono_device *sd, u32 heartbeat_ms, bool tx, u32 *run);
void sono_hw_quiet(struct sono_device *sd);
int sono_hw_stop(struct sono_device *sd);
int sono_hw_reset(struct sono_device *sd);
void sono_hw_bar(struct sono_device *sd);
void sono_hw_silence(struct sono_device *sd);
int sono_hw_regain(struct sono_device *sd);
void sono_hw_post(struct sono_device *sd, u32 tail);
void sono_hw_consumed(struct sono_device *sd, u32 head);
void sono_hw_heartbeat(struct sono_device *sd, u32 ms);
void sono_hw_counts(struct sono_device *sd, u64 *produced, u64 *dropped);
bool sono_hw_answers(struct sono_device *sd);
bool sono_hw_present(struct sono_device *sd);
bool sono_hw_runs(struct sono_device *sd);
u32 sono_hw_table(struct sono_device *sd);
u32 sono_hw_fault(struct sono_device *sd, u32 *info);
u32 sono_hw_temp(struct sono_device *sd);
u32 sono_hw_hv(struct sono_device *sd);
u32 sono_hw_temp_alarm(struct sono_device *sd);
u32 sono_hw_hv_alarm(struct sono_device *sd);
u32 sono_hw_register(struct sono_device *sd, u32 offset);
void sono_hw_flash_look(struct sono_device *sd);
void sono_hw_flash_block(struct sono_device *sd, dma_addr_t addr, u32 offset,
			 u32 bytes);
int sono_hw_flash(struct sono_device *sd, u32 command, const bool *cancel,
		  u32 *code);
void sono_hw_flash_abort(struct sono_device *sd);
u32 sono_hw_scratch(struct sono_device *sd, unsigned int index, u32 value);
void sono_hw_irq_test(struct sono_device *sd, unsigned int vector);
void sono_hw_ack(struct sono_device *sd, u32 causes);

#endif /* SONO_HW_H */
