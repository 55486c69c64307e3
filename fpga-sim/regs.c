// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* The registers of BAR 0, in the order of kernel/sono_regs.h. */
#include "board.h"

#define NS_PER_MS 1000000ull

static uint32_t low(uint64_t value, uint32_t *latch)
{
	*latch = (uint32_t)(value >> 32);
	return (uint32_t)value;
}

static uint32_t stuck_bit(const struct sim_board *b)
{
	const uint32_t bit = b->config.faults.scratch;

	return bit && bit <= 32 ? 1u << (bit - 1) : 0;
}

static uint32_t read_identity(const struct sim_board *b, uint32_t offset)
{
	const struct sim_limits *l = &b->config.limits;

	switch (offset) {
	case SONO_REG_ID:
		return SONO_ID_MAGIC;
	case SONO_REG_REVISION:
		return SONO_REVISION_1_3;
	case SONO_REG_FEATURES:
		return SONO_FEAT_RAMP | SONO_FEAT_PRBS | SONO_FEAT_NOISE |
		       (l->ecg_rate ? SONO_FEAT_TRIG_ECG : 0) |
		       (b->config.flash ? SONO_FEAT_FLASH | SONO_FEAT_VERIFY : 0) |
		       SONO_FEAT_CHECK | SONO_FEAT_EMULATED;
	case SONO_REG_FIRMWARE:
		return sim_flash_firmware(b);
	case SONO_REG_CHANNELS:
		return l->channels | l->elements << 16;
	case SONO_REG_ADC_BITS:
		return l->adc_bits;
	case SONO_REG_ADC_CLOCK:
		return l->adc_clock;
	case SONO_REG_BOARD_CLOCK:
		return l->board_clock;
	case SONO_REG_SEQ_EVENTS_MAX:
		return l->seq_events_max;
	case SONO_REG_SEQ_BYTES_MAX:
		return l->seq_bytes_max;
	case SONO_REG_QUEUE_MAX:
		return l->queue_max;
	case SONO_REG_FRAME_BYTES_MAX:
		return l->frame_bytes_max;
	case SONO_REG_EVENT_OVERHEAD:
		return l->event_overhead;
	case SONO_REG_DMA_RATE_MAX:
		return l->dma_rate_max;
	case SONO_REG_HV_MAX:
		return l->hv_max;
	case SONO_REG_PRF_MAX:
		return l->prf_max;
	case SONO_REG_TX_DUTY_MAX:
		return l->tx_duty_max;
	case SONO_REG_HEARTBEAT_MAX:
		return l->heartbeat_max;
	case SONO_REG_TEMP_MAX:
		return l->temp_max;
	case SONO_REG_SCRATCH0:
		return b->scratch[0] & ~stuck_bit(b);
	case SONO_REG_SCRATCH1:
		return b->scratch[1] & ~stuck_bit(b);
	case SONO_REG_SERIAL_LO:
		return (uint32_t)l->serial;
	case SONO_REG_SERIAL_HI:
		return (uint32_t)(l->serial >> 32);
	case SONO_REG_PROBE:
		return l->probe;
	default:
		return 0;
	}
}

static uint32_t status(const struct sim_board *b)
{
	bool loading = b->loader.state == SONO_SEQ_LOADING;
	bool writing = b->updater.state == SONO_FW_BUSY;

	return (b->run.running && !b->run.lingers ? SONO_STATUS_RUNNING : 0) |
	       (b->tx_on ? SONO_STATUS_TX_ON : 0) |
	       (b->fault ? SONO_STATUS_FAULT : 0) |
	       (b->run.running || loading || writing ? SONO_STATUS_DMA_BUSY :
						       0);
}

static uint32_t read_control(struct sim_board *b, uint32_t offset)
{
	switch (offset) {
	case SONO_REG_CONTROL:
		return b->control;
	case SONO_REG_STATUS:
		return status(b);
	case SONO_REG_FAULT:
		return b->fault;
	case SONO_REG_FAULT_INFO:
		return b->fault_info;
	case SONO_REG_SOURCE:
		return b->source;
	case SONO_REG_RUN_COUNT:
		return b->run_count;
	case SONO_REG_CLOCK_LO:
		return low(b->now, &b->latch_clock);
	case SONO_REG_CLOCK_HI:
		return b->latch_clock;
	case SONO_REG_IRQ_STATUS:
		return b->irq_status;
	case SONO_REG_IRQ_ENABLE:
		return b->irq_enable;
	case SONO_REG_IRQ_COUNT:
		return b->irq_count;
	case SONO_REG_IRQ_TIME:
		return b->irq_time;
	default:
		return 0;
	}
}

static uint32_t read_sequencer(const struct sim_board *b, uint32_t offset)
{
	switch (offset) {
	case SONO_REG_SEQ_ADDR_LO:
		return (uint32_t)b->seq_addr;
	case SONO_REG_SEQ_ADDR_HI:
		return (uint32_t)(b->seq_addr >> 32);
	case SONO_REG_SEQ_BYTES:
		return b->seq_bytes;
	case SONO_REG_SEQ_STATUS:
		return b->loader.state | b->loader.code << 8;
	case SONO_REG_SEQ_ERROR_EVENT:
		return b->loader.event;
	case SONO_REG_CFG_GEN:
		return b->cfg_gen;
	case SONO_REG_FRAME_BYTES:
		return b->table ? b->table->seq->frame_bytes : 0;
	default:
		return 0;
	}
}

static uint32_t read_capture(struct sim_board *b, uint32_t offset)
{
	switch (offset) {
	case SONO_REG_POST_ADDR_LO:
		return (uint32_t)b->post.addr;
	case SONO_REG_POST_ADDR_HI:
		return (uint32_t)(b->post.addr >> 32);
	case SONO_REG_POST_SIZE:
		return b->post.size;
	case SONO_REG_POST_TAIL:
		return b->post.tail;
	case SONO_REG_POST_HEAD:
		return b->post.head;
	case SONO_REG_CPL_ADDR_LO:
		return (uint32_t)b->cpl.addr;
	case SONO_REG_CPL_ADDR_HI:
		return (uint32_t)(b->cpl.addr >> 32);
	case SONO_REG_CPL_SIZE:
		return b->cpl.size;
	case SONO_REG_CPL_HEAD:
		return b->cpl.head;
	case SONO_REG_CPL_TAIL:
		return b->cpl.tail;
	case SONO_REG_PRODUCED_LO:
		return low(b->run.seq, &b->latch_produced);
	case SONO_REG_PRODUCED_HI:
		return b->latch_produced;
	case SONO_REG_DROPPED_LO:
		return low(b->run.dropped, &b->latch_dropped);
	case SONO_REG_DROPPED_HI:
		return b->latch_dropped;
	case SONO_REG_TEMP:
		return (uint32_t)sim_temp(b);
	case SONO_REG_HV:
		return sim_hv(b);
	default:
		return 0;
	}
}

static uint32_t read_flash(const struct sim_board *b, uint32_t offset)
{
	const struct sim_flash *f = b->config.flash;
	const struct sim_updater *u = &b->updater;

	if (!f)
		return 0;
	switch (offset) {
	case SONO_REG_FW_BANKS:
		return sim_flash_banks(b);
	case SONO_REG_FW_BANK_BYTES:
		return SIM_FLASH_BANK_BYTES;
	case SONO_REG_FW_FLOOR:
		return f->floor;
	case SONO_REG_FW_NEXT:
		return f->image[f->next].version;
	case SONO_REG_FW_ADDR_LO:
		return (uint32_t)u->addr;
	case SONO_REG_FW_ADDR_HI:
		return (uint32_t)(u->addr >> 32);
	case SONO_REG_FW_OFFSET:
		return u->offset;
	case SONO_REG_FW_BYTES:
		return u->bytes;
	case SONO_REG_FW_STATUS:
		return u->state | u->code << 8;
	default:
		return 0;
	}
}

uint32_t sim_reg_read(struct sim_board *b, uint32_t offset)
{
	if (offset < SONO_REG_CONTROL)
		return read_identity(b, offset);
	if (offset < SONO_REG_SEQ_ADDR_LO)
		return read_control(b, offset);
	if (offset < SONO_REG_POST_ADDR_LO)
		return read_sequencer(b, offset);
	if (offset < SONO_REG_FW_BANKS)
		return read_capture(b, offset);
	return read_flash(b, offset);
}

/* --- writes ---------------------------------------------------------------- */

/* A run that nothing in BAR 0 can end. */
static bool is_numb(const struct sim_board *b)
{
	return b->run.running &&
	       sim_strikes(b, &b->config.faults.numb, b->run_count);
}

static void write_control(struct sim_board *b, uint32_t value)
{
	uint32_t was = b->control;

	if (is_numb(b))
		return;
	if (b->fault && value & (SONO_CONTROL_RUN | SONO_CONTROL_TX_ENABLE)) {
		sim_log(b, "ev=start_refused reason=fault");
		return;
	}
	b->control = (was & SONO_CONTROL_RUN) |
		     (value & SONO_CONTROL_TX_ENABLE);
	sim_tx_update(b, "host");
	if (value & ~was & SONO_CONTROL_RUN)
		sim_run_start(b);
	else if (was & ~value & SONO_CONTROL_RUN)
		sim_run_stop(b, "host");
}

static void write_fault(struct sim_board *b, uint32_t value)
{
	if (value || sim_fault_persists(b))
		return;
	if (b->fault)
		sim_log(b, "ev=fault_cleared code=%u", b->fault);
	b->fault = SONO_FAULT_NONE;
	b->fault_info = 0;
}

static void write_heartbeat(struct sim_board *b, uint32_t ms)
{
	uint32_t max = b->config.limits.heartbeat_max;

	b->beat = b->now + sim_ticks(b, (ms < max ? ms : max) * NS_PER_MS);
	sim_log(b, "ev=heartbeat until=%llu", (unsigned long long)b->beat);
	sim_tx_update(b, "host");
}

static void write_irq_test(struct sim_board *b, uint32_t bits)
{
	for (unsigned int v = 0; v < SONO_NUM_VECS; v++)
		if (bits & 1u << v)
			sim_irq_send(b, v);
}

static void set_low(uint64_t *addr, uint32_t value, uint32_t align)
{
	*addr = (*addr & ~(uint64_t)UINT32_MAX) | (value & ~(align - 1));
}

static void set_high(uint64_t *addr, uint32_t value)
{
	*addr = (*addr & UINT32_MAX) | (uint64_t)value << 32;
}

static void set_size(struct sim_queue *q, uint32_t size)
{
	q->size = size;
	q->head = 0;
	q->tail = 0;
}

/* What a block is read by does not change while it is read. */
static void write_flash(struct sim_board *b, uint32_t offset, uint32_t value)
{
	struct sim_updater *u = &b->updater;

	if (offset == SONO_REG_FW_COMMAND) {
		sim_flash_command(b, value);
		return;
	}
	if (!b->config.flash || u->state == SONO_FW_BUSY)
		return;
	switch (offset) {
	case SONO_REG_FW_ADDR_LO:
		set_low(&u->addr, value, 8);
		break;
	case SONO_REG_FW_ADDR_HI:
		set_high(&u->addr, value);
		break;
	case SONO_REG_FW_OFFSET:
		u->offset = value;
		break;
	case SONO_REG_FW_BYTES:
		u->bytes = value;
		break;
	}
}

/* Registers that a run depends on do not change under it. */
static void write_stopped(struct sim_board *b, uint32_t offset, uint32_t value)
{
	switch (offset) {
	case SONO_REG_SOURCE:
		if (value <= SONO_SOURCE_NOISE)
			b->source = value;
		break;
	case SONO_REG_POST_ADDR_LO:
		set_low(&b->post.addr, value, 64);
		break;
	case SONO_REG_POST_ADDR_HI:
		set_high(&b->post.addr, value);
		break;
	case SONO_REG_POST_SIZE:
		set_size(&b->post, value);
		break;
	case SONO_REG_CPL_ADDR_LO:
		set_low(&b->cpl.addr, value, 64);
		break;
	case SONO_REG_CPL_ADDR_HI:
		set_high(&b->cpl.addr, value);
		break;
	case SONO_REG_CPL_SIZE:
		set_size(&b->cpl, value);
		break;
	}
}

void sim_reg_write(struct sim_board *b, uint32_t offset, uint32_t value)
{
	switch (offset) {
	case SONO_REG_SCRATCH0:
		b->scratch[0] = value;
		break;
	case SONO_REG_SCRATCH1:
		b->scratch[1] = value;
		break;
	case SONO_REG_CONTROL:
		write_control(b, value);
		break;
	case SONO_REG_FAULT:
		write_fault(b, value);
		break;
	case SONO_REG_RESET:
		if (value == SONO_RESET_MAGIC && !is_numb(b))
			sim_reset(b);
		break;
	case SONO_REG_HEARTBEAT:
		write_heartbeat(b, value);
		break;
	case SONO_REG_IRQ_STATUS:
		b->irq_status &= ~value;
		break;
	case SONO_REG_IRQ_ENABLE:
		sim_irq_enable(b, value & (SONO_IRQ_FAULT | SONO_IRQ_SEQ |
					   SONO_IRQ_STOPPED | SONO_IRQ_FW));
		break;
	case SONO_REG_IRQ_TEST:
		write_irq_test(b, value);
		break;
	case SONO_REG_IRQ_COUNT:
		b->irq_count = value;
		break;
	case SONO_REG_IRQ_TIME:
		b->irq_time = value;
		break;
	case SONO_REG_SEQ_ADDR_LO:
		set_low(&b->seq_addr, value, 8);
		break;
	case SONO_REG_SEQ_ADDR_HI:
		set_high(&b->seq_addr, value);
		break;
	case SONO_REG_SEQ_BYTES:
		b->seq_bytes = value;
		break;
	case SONO_REG_SEQ_LOAD:
		sim_load_start(b);
		break;
	case SONO_REG_POST_TAIL:
		b->post.tail = value;
		break;
	case SONO_REG_CPL_HEAD:
		b->cpl.head = value;
		break;
	default:
		if (offset >= SONO_REG_FW_BANKS)
			write_flash(b, offset, value);
		else if (!b->run.running)
			write_stopped(b, offset, value);
	}
}
