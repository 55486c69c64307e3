// SPDX-License-Identifier: GPL-2.0-only
/*
 * Register access by name. A board that has left the bus reads as all ones;
 * every wait here ends on that too. That it writes no memory is believed only
 * of what it says itself: from any other the bus is taken away.
 * Documentation/hardware.rst is the data sheet.
 */
#include <linux/bitfield.h>
#include <linux/jiffies.h>
#include <linux/sizes.h>

#include "sono_hw.h"
#include "sono_limits.h"
#include "sono_regbuf.h"

/*
 * A load takes a DMA of a megabyte at most, then the rest of a frame; but an
 * emulated board computes its echoes meanwhile.
 */
#define SONO_LOAD_TIMEOUT_MS 30000
/* The board abandons the frame in flight, so a stop is short. */
#define SONO_STOP_TIMEOUT_MS 1000
/* The registers are read again after so long: an interrupt may get lost. */
#define SONO_LOOK_MS 20
/* Of a table: what the kernel hands out in one piece. */
#define SONO_SEQ_BYTES_LIMIT SZ_4M

/*
 * wait_event_timeout() or a kin of it, for the control vector or the next look.
 * What that returns; 0 once @ms have passed.
 */
#define look_until(wait, queue, condition, ms)				\
({									\
	unsigned long limit_ = jiffies + msecs_to_jiffies(ms);		\
	long left_;							\
									\
	do {								\
		left_ = wait(queue, condition,				\
			     msecs_to_jiffies(SONO_LOOK_MS));		\
	} while (!left_ && time_before(jiffies, limit_));		\
	left_;								\
})

/* Of one command to the flash; the longest is the erasure of a bank. */
#define SONO_FLASH_TIMEOUT_MS 10000

#define SONO_ALL_ONES (~0u)

static u32 rd(struct sono_device *sd, u32 reg)
{
	return readl(sd->bar + reg);
}

static void wr(struct sono_device *sd, u32 reg, u32 value)
{
	writel(value, sd->bar + reg);
}

/* A single read may get lost: then the board knows its name, and is asked again. */
static u32 rd_sure(struct sono_device *sd, u32 reg)
{
	u32 value = rd(sd, reg);

	if (value != SONO_ALL_ONES || !sono_hw_answers(sd))
		return value;
	sono_trouble(sd, SONO_TROUBLE_GLITCH, reg, 0);
	return rd(sd, reg);
}

/*
 * Registers that read as 0 say of anything that it is over, be it or not. A board
 * that can be believed knows its ID, at the second question at the latest.
 */
static bool is_credible(struct sono_device *sd)
{
	return sono_hw_answers(sd) || sono_hw_answers(sd);
}

static int absent(struct sono_device *sd)
{
	sono_trouble(sd, SONO_TROUBLE_ABSENT, 0, 0);
	return -ENODEV;
}

static int unanswered(struct sono_device *sd, u32 reg)
{
	sono_trouble(sd, SONO_TROUBLE_UNANSWERED, reg, 0);
	return -ETIMEDOUT;
}

/**
 * struct asked - a command that an interrupt of control answers
 * @irqs: of that vector, before
 * @at: when it was told [jiffies]
 */
struct asked {
	int irqs;
	unsigned long at;
};

static struct asked ask(struct sono_device *sd, u32 reg, u32 value)
{
	struct asked asked = {
		.irqs = atomic_read(&sd->irqs[SONO_VEC_CONTROL]),
		.at = jiffies,
	};

	wr(sd, reg, value);
	return asked;
}

/* The registers have the answer. If only they had, for a whole look, say so. */
static void answered(struct sono_device *sd, const struct asked *asked)
{
	if (atomic_read(&sd->irqs[SONO_VEC_CONTROL]) == asked->irqs &&
	    time_after_eq(jiffies, asked->at + msecs_to_jiffies(SONO_LOOK_MS)))
		sono_trouble(sd, SONO_TROUBLE_UNHEARD, SONO_VEC_CONTROL, 0);
}

static void wr64(struct sono_device *sd, u32 lo, u64 value)
{
	wr(sd, lo, lower_32_bits(value));
	wr(sd, lo + 4, upper_32_bits(value));
}

static u64 rd64(struct sono_device *sd, u32 lo)
{
	u32 low = rd(sd, lo); /* latches the high word */

	return low | (u64)rd(sd, lo + 4) << 32;
}

static bool limits_make_sense(const struct sono_info *i)
{
	return i->channels && i->elements && i->adc_bits && i->adc_bits <= 16 &&
	       i->adc_clock && i->board_clock >= SONO_BOARD_CLOCK_MIN &&
	       i->board_clock <= SONO_BOARD_CLOCK_MAX && i->seq_events_max &&
	       i->seq_bytes_max >= sizeof(struct sono_seq_header) &&
	       i->frame_bytes_max >= PAGE_SIZE &&
	       i->heartbeat_max >= SONO_HEARTBEAT_MIN_MS;
}

/* An image that was taken since the board's last boot runs from now on. */
static int boot_next(struct sono_device *sd)
{
	u32 banks = rd(sd, SONO_REG_FW_BANKS);

	if (!(rd(sd, SONO_REG_FEATURES) & SONO_FEAT_FLASH) ||
	    !!(banks & SONO_FW_BANKS_RUNNING) == !!(banks & SONO_FW_BANKS_NEXT))
		return 0;
	wr(sd, SONO_REG_FW_COMMAND, SONO_FW_BOOT);
	return sono_hw_reset(sd);
}

/**
 * sono_hw_identify() - reset the board and read what it is
 * @sd: device with its registers mapped
 *
 * Return: 0 or -ENODEV, with a message.
 */
int sono_hw_identify(struct sono_device *sd)
{
	struct device *dev = &sd->pdev->dev;
	struct sono_info *i = &sd->info;
	u32 id, channels;
	int ret;

	id = rd(sd, SONO_REG_ID);
	if (id != SONO_ID_MAGIC)
		return dev_err_probe(dev, -ENODEV, "ID reads %#x\n", id);
	i->revision = rd(sd, SONO_REG_REVISION);
	if ((i->revision & SONO_REVISION_MAJOR) !=
	    (SONO_REVISION_1_0 & SONO_REVISION_MAJOR))
		return dev_err_probe(dev, -ENODEV,
				     "board of revision %u.%u, need 1.x\n",
				     i->revision >> 16,
				     i->revision & SONO_REVISION_MINOR);
	ret = sono_hw_reset(sd);
	if (!ret)
		ret = boot_next(sd);
	if (ret)
		return dev_err_probe(dev, -ENODEV, "does not take a reset\n");

	i->features = SONO_FEATURE_STREAM | SONO_FEATURE_OBSERVE |
		      SONO_FEATURE_EXPORT | SONO_REGBUF_FEATURES;
	i->hw_features = rd(sd, SONO_REG_FEATURES);
	i->firmware = rd(sd, SONO_REG_FIRMWARE);
	channels = rd(sd, SONO_REG_CHANNELS);
	i->channels = FIELD_GET(SONO_CHANNELS_RX, channels);
	i->elements = FIELD_GET(SONO_CHANNELS_TX, channels);
	i->adc_bits = rd(sd, SONO_REG_ADC_BITS);
	i->adc_clock = rd(sd, SONO_REG_ADC_CLOCK);
	i->board_clock = rd(sd, SONO_REG_BOARD_CLOCK);
	i->seq_events_max = rd(sd, SONO_REG_SEQ_EVENTS_MAX);
	i->seq_bytes_max = min(rd(sd, SONO_REG_SEQ_BYTES_MAX),
			       SONO_SEQ_BYTES_LIMIT);
	i->frame_bytes_max = rd(sd, SONO_REG_FRAME_BYTES_MAX);
	i->event_overhead = rd(sd, SONO_REG_EVENT_OVERHEAD);
	i->dma_rate_max = rd(sd, SONO_REG_DMA_RATE_MAX);
	i->hv_max = rd(sd, SONO_REG_HV_MAX);
	i->prf_max = rd(sd, SONO_REG_PRF_MAX);
	i->tx_duty_max = rd(sd, SONO_REG_TX_DUTY_MAX);
	i->heartbeat_max = rd(sd, SONO_REG_HEARTBEAT_MAX);
	if (!limits_make_sense(i))
		return dev_err_probe(dev, -ENODEV, "limits make no sense\n");
	/* Every slot has a descriptor or more, every frame one completion. */
	sd->queue_max = rd(sd, SONO_REG_QUEUE_MAX);
	sd->temp_max = rd(sd, SONO_REG_TEMP_MAX);
	sd->bank_bytes = rd(sd, SONO_REG_FW_BANK_BYTES);
	sd->serial = rd64(sd, SONO_REG_SERIAL_LO);
	sd->probe = rd(sd, SONO_REG_PROBE);
	sono_hw_flash_look(sd);
	i->slots_max = min(SONO_SLOTS_MAX, sd->queue_max / 2);
	i->slot_bytes_max = i->frame_bytes_max;
	return 0;
}

/**
 * sono_hw_table() - which table has the board?
 * @sd: device
 *
 * Return: its count of tables, 0 for none.
 */
u32 sono_hw_table(struct sono_device *sd)
{
	return rd_sure(sd, SONO_REG_CFG_GEN);
}

static bool is_loading(u32 status)
{
	u32 state = FIELD_GET(SONO_SEQ_STATE, status);

	return state == SONO_SEQ_LOADING || state == SONO_SEQ_PENDING;
}

/* Must a load give way? To the end of a run only while there is one. */
static bool gives_way(struct sono_device *sd)
{
	lockdep_assert_held(&sd->lock);
	return READ_ONCE(sd->away) || READ_ONCE(sd->going) ||
	       (sd->active && atomic_read(&sd->enders));
}

static bool load_ended(struct sono_device *sd, u32 *status)
{
	*status = rd_sure(sd, SONO_REG_SEQ_STATUS);
	return !is_loading(*status) || gives_way(sd);
}

/**
 * sono_hw_load() - load a sequence table
 * @sd: device, locked
 * @table: bus address of the table
 * @bytes: its length
 * @result: cfg_gen and frame_bytes, or error and error_event, are set
 *
 * Waits until the table is active: while running, until the frame ends, unless
 * somebody wants the run to end.
 *
 * Return: 0, -EINVAL if the board refused the table, -ENODEV if it is gone,
 * -ETIMEDOUT if it did not answer, -ERESTARTSYS if the process was killed, -EIO
 * if the board has to be left alone, -ECANCELED if the run has to end or the
 * driver goes: in these cases it may still be reading.
 * -EREMOTEIO if it has forgotten that it was to load one.
 */
int sono_hw_load(struct sono_device *sd, dma_addr_t table, u32 bytes,
		 struct sono_config *result)
{
	struct asked asked;
	u32 status;
	long left;

	lockdep_assert_held(&sd->lock);
	wr64(sd, SONO_REG_SEQ_ADDR_LO, table);
	wr(sd, SONO_REG_SEQ_BYTES, bytes);
	asked = ask(sd, SONO_REG_SEQ_LOAD, 1);
	left = look_until(wait_event_killable_timeout, sd->ctl_wait,
			  load_ended(sd, &status), SONO_LOAD_TIMEOUT_MS);
	if (left <= 0)
		return left ? left : unanswered(sd, SONO_REG_SEQ_LOAD);
	if (READ_ONCE(sd->away))
		return -EIO;
	if (status == SONO_ALL_ONES)
		return absent(sd);
	if (is_loading(status))
		return -ECANCELED;
	if (FIELD_GET(SONO_SEQ_STATE, status) == SONO_SEQ_ERROR) {
		result->error = FIELD_GET(SONO_SEQ_CODE, status);
		result->error_event = rd(sd, SONO_REG_SEQ_ERROR_EVENT);
		sono_trouble(sd, SONO_TROUBLE_REFUSED, result->error,
			     result->error_event);
		answered(sd, &asked);
		return -EINVAL;
	}
	if (FIELD_GET(SONO_SEQ_STATE, status) != SONO_SEQ_ACTIVE) {
		sono_trouble(sd, SONO_TROUBLE_FORGOTTEN, 0, 0);
		return -EREMOTEIO;
	}
	answered(sd, &asked);
	result->cfg_gen = rd_sure(sd, SONO_REG_CFG_GEN);
	result->frame_bytes = rd_sure(sd, SONO_REG_FRAME_BYTES);
	/* It may have left meanwhile, and with it what these say. */
	if (READ_ONCE(sd->away))
		return -EIO;
	return result->frame_bytes == SONO_ALL_ONES ? absent(sd) : 0;
}

void sono_hw_set_source(struct sono_device *sd, u32 source)
{
	wr(sd, SONO_REG_SOURCE, source);
}

void sono_hw_set_moderation(struct sono_device *sd, u32 count, u32 time_us)
{
	wr(sd, SONO_REG_IRQ_COUNT, count);
	wr(sd, SONO_REG_IRQ_TIME, time_us);
}

/**
 * sono_hw_queues() - give the board a stream's queues, emptied
 * @sd: device, locked, stopped
 * @s: the stream
 */
void sono_hw_queues(struct sono_device *sd, const struct sono_stream *s)
{
	lockdep_assert_held(&sd->lock);
	wr(sd, SONO_REG_FAULT, SONO_FAULT_NONE);
	wr64(sd, SONO_REG_POST_ADDR_LO, s->post_dma);
	wr(sd, SONO_REG_POST_SIZE, s->queue.post_mask + 1);
	wr64(sd, SONO_REG_CPL_ADDR_LO, s->cpl_dma);
	wr(sd, SONO_REG_CPL_SIZE, s->queue.cpl_mask + 1);
}

/**
 * sono_hw_start() - let the board run
 * @sd: device, locked; it has its queues and slots
 * @heartbeat_ms: until which it may transmit without a heartbeat
 * @tx: transmit as well
 * @run: the board's number of the run
 *
 * Return: 0, -EIO if the board refuses, as it does while the cause of a
 * fault lasts, -ENODEV if it is gone.
 */
int sono_hw_start(struct sono_device *sd, u32 heartbeat_ms, bool tx, u32 *run)
{
	int irqs = atomic_read(&sd->irqs[SONO_VEC_EVENT]);
	u32 before;

	lockdep_assert_held(&sd->lock);
	before = rd_sure(sd, SONO_REG_RUN_COUNT);
	wr(sd, SONO_REG_HEARTBEAT, heartbeat_ms);
	wr(sd, SONO_REG_CONTROL,
	   SONO_CONTROL_RUN | (tx ? SONO_CONTROL_TX_ENABLE : 0));
	*run = rd_sure(sd, SONO_REG_RUN_COUNT);
	if (*run == SONO_ALL_ONES)
		return absent(sd);
	if (*run == before)
		return -EIO;
	/* Of a fault that comes now an interrupt tells. */
	sd->fault = SONO_FAULT_NONE;
	sd->fault_irqs = irqs;
	return 0;
}

/**
 * sono_hw_quiet() - tell the board to stop, from any context
 * @sd: device
 */
void sono_hw_quiet(struct sono_device *sd)
{
	wr(sd, SONO_REG_CONTROL, 0);
}

/* All ones are busy, too. */
static bool is_busy(u32 status)
{
	return status & (SONO_STATUS_RUNNING | SONO_STATUS_DMA_BUSY);
}

static bool stopped(struct sono_device *sd, u32 *status)
{
	*status = rd_sure(sd, SONO_REG_STATUS);
	return *status == SONO_ALL_ONES ||
	       (!is_busy(*status) && is_credible(sd));
}

/**
 * sono_hw_stop() - stop the board and wait until it writes no more
 * @sd: device, locked
 *
 * Return: 0, -ENODEV if the board is gone, -ETIMEDOUT if it goes on.
 */
int sono_hw_stop(struct sono_device *sd)
{
	struct asked asked;
	u32 status;

	lockdep_assert_held(&sd->lock);
	asked = ask(sd, SONO_REG_CONTROL, 0);
	if (!look_until(wait_event_timeout, sd->ctl_wait, stopped(sd, &status),
			SONO_STOP_TIMEOUT_MS))
		return unanswered(sd, SONO_REG_CONTROL);
	if (status == SONO_ALL_ONES)
		return absent(sd);
	answered(sd, &asked);
	return 0;
}

/**
 * sono_hw_reset() - back to the state of power-on; then there is no DMA
 * @sd: device, locked or not yet published
 *
 * Return: 0, -ENODEV if the board is gone, -EIO if it goes on.
 */
int sono_hw_reset(struct sono_device *sd)
{
	u32 status;

	wr(sd, SONO_REG_RESET, SONO_RESET_MAGIC);
	/* The write is posted; a read makes sure that it has arrived. */
	status = rd_sure(sd, SONO_REG_STATUS);
	if (status == SONO_ALL_ONES)
		return absent(sd);
	if (is_busy(status) || !is_credible(sd))
		return -EIO;
	sd->fault = SONO_FAULT_NONE;
	sd->fault_irqs = atomic_read(&sd->irqs[SONO_VEC_EVENT]);
	wr(sd, SONO_REG_IRQ_ENABLE,
	   SONO_IRQ_FAULT | SONO_IRQ_SEQ | SONO_IRQ_STOPPED |
		   SONO_IRQ_FW);
	/* One that lasts is told of anew, and no interrupt tells of it. */
	if (rd(sd, SONO_REG_FAULT))
		sd->fault_irqs--;
	return 0;
}

/**
 * sono_hw_bar() - take the bus from the board; on return it writes no memory
 * @sd: device, locked
 *
 * Nor does it send interrupts. sono_hw_regain() undoes it.
 */
void sono_hw_bar(struct sono_device *sd)
{
	lockdep_assert_held(&sd->lock);
	sd->barred = true;
	pci_clear_master(sd->pdev);
	/* What it had sent before comes before the answer to a read. */
	if (pci_device_is_present(sd->pdev))
		pci_wait_for_pending_transaction(sd->pdev);
}

/**
 * sono_hw_silence() - no DMA once this returns, whatever the board does
 * @sd: device, locked
 *
 * By a reset, or without the bus. One that is cut off has lost that already.
 */
void sono_hw_silence(struct sono_device *sd)
{
	lockdep_assert_held(&sd->lock);
	if (READ_ONCE(sd->cut) || !sono_hw_reset(sd))
		return;
	dev_err(&sd->pdev->dev, "takes no reset, so the bus is taken from it\n");
	sono_trouble(sd, SONO_TROUBLE_BARRED, 0, 0);
	sono_hw_bar(sd);
}

/**
 * sono_hw_regain() - give the bus back to a board that it was taken from
 * @sd: device, locked, neither gone nor away
 *
 * Return: 0, -ENODEV if the board is gone, -EIO if it still takes no reset.
 */
int sono_hw_regain(struct sono_device *sd)
{
	int ret;

	lockdep_assert_held(&sd->lock);
	if (!sd->barred)
		return 0;
	ret = sono_hw_reset(sd);
	if (ret)
		return ret;
	pci_set_master(sd->pdev);
	sd->barred = false;
	return 0;
}

static bool flash_ended(struct sono_device *sd, const bool *cancel, u32 *status)
{
	*status = rd_sure(sd, SONO_REG_FW_STATUS);
	return FIELD_GET(SONO_FW_STATE, *status) != SONO_FW_BUSY ||
	       READ_ONCE(*cancel) || READ_ONCE(sd->away);
}

/**
 * sono_hw_flash_look() - see what the flash has
 * @sd: device, locked and neither gone nor away, or not yet published
 */
void sono_hw_flash_look(struct sono_device *sd)
{
	WRITE_ONCE(sd->flash.banks, rd(sd, SONO_REG_FW_BANKS));
	WRITE_ONCE(sd->flash.next, rd(sd, SONO_REG_FW_NEXT));
	WRITE_ONCE(sd->flash.floor, rd(sd, SONO_REG_FW_FLOOR));
}

/**
 * sono_hw_flash_block() - what the next SONO_FW_WRITE is to write
 * @sd: device, locked
 * @addr: bus address of the bytes, 8-byte aligned
 * @offset: of them in the image
 * @bytes: a multiple of 4
 */
void sono_hw_flash_block(struct sono_device *sd, dma_addr_t addr, u32 offset,
			 u32 bytes)
{
	lockdep_assert_held(&sd->lock);
	wr64(sd, SONO_REG_FW_ADDR_LO, addr);
	wr(sd, SONO_REG_FW_OFFSET, offset);
	wr(sd, SONO_REG_FW_BYTES, bytes);
}

/**
 * sono_hw_flash() - a command to the flash that takes time
 * @sd: device, locked, neither gone nor away
 * @command: SONO_FW_BEGIN, _WRITE, _COMMIT or _VERIFY
 * @cancel: becomes true, and ctl_wait is woken, if it shall not go on
 * @code: enum sono_fw_error
 *
 * Return: 0 if the board has answered; -ECANCELED, -ETIMEDOUT: it may still be
 * at it; -EIO if it has to be left alone; -ENODEV if it is gone.
 */
int sono_hw_flash(struct sono_device *sd, u32 command, const bool *cancel,
		  u32 *code)
{
	struct asked asked;
	u32 status;

	lockdep_assert_held(&sd->lock);
	if (READ_ONCE(*cancel))
		return -ECANCELED;
	asked = ask(sd, SONO_REG_FW_COMMAND, command);
	if (!look_until(wait_event_timeout, sd->ctl_wait,
			flash_ended(sd, cancel, &status),
			SONO_FLASH_TIMEOUT_MS))
		return unanswered(sd, SONO_REG_FW_COMMAND);
	if (READ_ONCE(sd->away))
		return -EIO;
	if (status == SONO_ALL_ONES)
		return absent(sd);
	if (FIELD_GET(SONO_FW_STATE, status) == SONO_FW_BUSY)
		return -ECANCELED;
	if (!is_credible(sd))
		return unanswered(sd, SONO_REG_FW_COMMAND);
	*code = FIELD_GET(SONO_FW_CODE, status);
	if (*code)
		sono_trouble(sd, SONO_TROUBLE_FLASH, command, *code);
	answered(sd, &asked);
	return 0;
}

/**
 * sono_hw_flash_abort() - forget an upload; it reads no memory any more
 * @sd: device, locked, neither gone nor away
 *
 * From a board that does not say so the bus is taken.
 */
void sono_hw_flash_abort(struct sono_device *sd)
{
	u32 status;

	lockdep_assert_held(&sd->lock);
	wr(sd, SONO_REG_FW_COMMAND, SONO_FW_ABORT);
	/* The write is posted. */
	status = rd_sure(sd, SONO_REG_FW_STATUS);
	if (FIELD_GET(SONO_FW_STATE, status) == SONO_FW_BUSY ||
	    status == SONO_ALL_ONES || !is_credible(sd)) {
		sono_trouble(sd, SONO_TROUBLE_BARRED, 0, 0);
		sono_hw_bar(sd);
	}
}

/* Doorbells: writel() orders the memory written before it. */

void sono_hw_post(struct sono_device *sd, u32 tail)
{
	wr(sd, SONO_REG_POST_TAIL, tail);
}

void sono_hw_consumed(struct sono_device *sd, u32 head)
{
	wr(sd, SONO_REG_CPL_HEAD, head);
}

void sono_hw_heartbeat(struct sono_device *sd, u32 ms)
{
	wr(sd, SONO_REG_HEARTBEAT, ms);
}

/**
 * sono_hw_counts() - the run's frames, once the board has stopped
 * @sd: device, locked
 * @produced: frames made
 * @dropped: of them, dropped for want of a slot
 */
void sono_hw_counts(struct sono_device *sd, u64 *produced, u64 *dropped)
{
	lockdep_assert_held(&sd->lock);
	*produced = rd64(sd, SONO_REG_PRODUCED_LO);
	*dropped = rd64(sd, SONO_REG_DROPPED_LO);
}

/** sono_hw_answers() - is it this board, and does it know its name? */
bool sono_hw_answers(struct sono_device *sd)
{
	return rd(sd, SONO_REG_ID) == SONO_ID_MAGIC;
}

/** sono_hw_present() - false once the board has left the bus */
bool sono_hw_present(struct sono_device *sd)
{
	return rd_sure(sd, SONO_REG_STATUS) != SONO_ALL_ONES;
}

/**
 * sono_hw_runs() - is a run on, with no fault?
 * @sd: device
 *
 * False for a board that has left the bus, too.
 */
bool sono_hw_runs(struct sono_device *sd)
{
	u32 status = rd_sure(sd, SONO_REG_STATUS);

	return (status & (SONO_STATUS_RUNNING | SONO_STATUS_FAULT)) ==
	       SONO_STATUS_RUNNING;
}

u32 sono_hw_fault(struct sono_device *sd, u32 *info)
{
	*info = rd(sd, SONO_REG_FAULT_INFO);
	return rd(sd, SONO_REG_FAULT);
}

/** sono_hw_temp() - of the board [1/1000 deg C], signed */
u32 sono_hw_temp(struct sono_device *sd)
{
	return rd(sd, SONO_REG_TEMP);
}

/** sono_hw_hv() - transmit voltage [mV] */
u32 sono_hw_hv(struct sono_device *sd)
{
	return rd(sd, SONO_REG_HV);
}

/** sono_hw_temp_alarm() - 1: above its limit, or since then no run has begun */
u32 sono_hw_temp_alarm(struct sono_device *sd)
{
	return (s32)rd(sd, SONO_REG_TEMP) > (s32)sd->temp_max ||
	       rd(sd, SONO_REG_FAULT) == SONO_FAULT_OVER_TEMP;
}

/** sono_hw_hv_alarm() - likewise of the transmit voltage */
u32 sono_hw_hv_alarm(struct sono_device *sd)
{
	return rd(sd, SONO_REG_HV) > sd->info.hv_max ||
	       rd(sd, SONO_REG_FAULT) == SONO_FAULT_OVER_VOLT;
}

/**
 * sono_hw_register() - a register as it is
 * @sd: device, locked, as reading some latches others
 * @offset: of one whose reading has no other effect
 */
u32 sono_hw_register(struct sono_device *sd, u32 offset)
{
	lockdep_assert_held(&sd->lock);
	return rd(sd, offset);
}

void sono_hw_ack(struct sono_device *sd, u32 causes)
{
	wr(sd, SONO_REG_IRQ_STATUS, causes);
}

/**
 * sono_hw_scratch() - write a register without effect, and read it
 * @sd: device, locked, neither gone nor away
 * @index: 0 or 1
 * @value: to be written
 *
 * Return: what it reads.
 */
u32 sono_hw_scratch(struct sono_device *sd, unsigned int index, u32 value)
{
	u32 reg = index ? SONO_REG_SCRATCH1 : SONO_REG_SCRATCH0;

	lockdep_assert_held(&sd->lock);
	wr(sd, reg, value);
	return rd(sd, reg);
}

/**
 * sono_hw_irq_test() - have the board send a vector once
 * @sd: device, locked, neither gone nor away
 * @vector: SONO_VEC_*
 */
void sono_hw_irq_test(struct sono_device *sd, unsigned int vector)
{
	lockdep_assert_held(&sd->lock);
	wr(sd, SONO_REG_IRQ_TEST, BIT(vector));
}
