/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The board as software sees it: registers of BAR 0, the entries of its two
 * queues, the sequence table and the auxiliary block. Names, offsets and
 * masks only; what each one does is in Documentation/hardware.rst, in the
 * same order. The driver, the emulated board and the library share this file.
 *
 * Everything the board reads or writes in host memory is little-endian.
 */
#ifndef SONO_REGS_H
#define SONO_REGS_H

#include <linux/types.h>

#define SONO_PCI_VENDOR_ID		0x1234	/* emulation only, hardware.rst */
#define SONO_PCI_DEVICE_ID		0x534f
#define SONO_BAR0_BYTES			0x10000

/* clang-format off */

/* MSI-X vectors */
#define SONO_VEC_CAPTURE		0	/* completions are waiting */
#define SONO_VEC_EVENT			1	/* fault */
#define SONO_VEC_CONTROL		2	/* sequence loaded, stopped, self-fire */
#define SONO_NUM_VECS			3

/* 0x000: identity and limits; read-only but for the scratch registers */
#define SONO_REG_ID			0x000
#define  SONO_ID_MAGIC			0x4f4e4f53	/* "SONO" */
#define SONO_REG_REVISION		0x004	/* of this contract */
#define  SONO_REVISION_MAJOR		0xffff0000
#define  SONO_REVISION_MINOR		0x0000ffff
#define  SONO_REVISION_1_0		0x00010000
#define  SONO_REVISION_1_1		0x00010001
#define  SONO_REVISION_1_2		0x00010002
#define  SONO_REVISION_1_3		0x00010003
#define SONO_REG_FEATURES		0x008
#define  SONO_FEAT_RAMP			0x00000001
#define  SONO_FEAT_PRBS			0x00000002
#define  SONO_FEAT_NOISE		0x00000004	/* capture with TX off */
#define  SONO_FEAT_TRIG_EXT		0x00000008
#define  SONO_FEAT_TRIG_ECG		0x00000010
#define  SONO_FEAT_FLASH		0x00000020	/* firmware can be written */
#define  SONO_FEAT_CHECK		0x00000040	/* of every completion */
#define  SONO_FEAT_VERIFY		0x00000080	/* of the flash */
#define  SONO_FEAT_EMULATED		0x80000000
#define SONO_REG_FIRMWARE		0x00c	/* major << 24 | minor << 16 | patch */
#define SONO_REG_CHANNELS		0x010
#define  SONO_CHANNELS_RX		0x0000ffff	/* digitised at once */
#define  SONO_CHANNELS_TX		0xffff0000	/* elements with a pulser */
#define SONO_REG_ADC_BITS		0x014
#define SONO_REG_ADC_CLOCK		0x018	/* [Hz] */
#define SONO_REG_BOARD_CLOCK		0x01c	/* [Hz], 1 MHz to 1 GHz */
#define SONO_BOARD_CLOCK_MIN		1000000
#define SONO_BOARD_CLOCK_MAX		1000000000
#define SONO_REG_SEQ_EVENTS_MAX		0x020
#define SONO_REG_SEQ_BYTES_MAX		0x024
#define SONO_REG_QUEUE_MAX		0x028	/* entries, each queue */
#define SONO_REG_FRAME_BYTES_MAX	0x02c
#define SONO_REG_EVENT_OVERHEAD		0x030	/* [board ticks] */
#define SONO_REG_DMA_RATE_MAX		0x034	/* [MB/s], 10^6 */
#define SONO_REG_HV_MAX			0x038	/* [mV] */
#define SONO_REG_PRF_MAX		0x03c	/* [Hz] */
#define SONO_REG_TX_DUTY_MAX		0x040	/* [ppm] of the event period */
#define SONO_REG_HEARTBEAT_MAX		0x044	/* [ms] */
#define SONO_REG_TEMP_MAX		0x048	/* [1/1000 deg C] */
#define SONO_REG_SCRATCH0		0x04c	/* RW */
#define SONO_REG_SCRATCH1		0x050	/* RW */
#define SONO_REG_SERIAL_LO		0x054	/* of the board, 0: none */
#define SONO_REG_SERIAL_HI		0x058
#define SONO_REG_PROBE			0x05c	/* maker << 16 | type, 0: none */

/* 0x100: control */
#define SONO_REG_CONTROL		0x100	/* RW */
#define  SONO_CONTROL_RUN		0x00000001
#define  SONO_CONTROL_TX_ENABLE		0x00000002
#define SONO_REG_STATUS			0x104	/* RO */
#define  SONO_STATUS_RUNNING		0x00000001
#define  SONO_STATUS_TX_ON		0x00000002
#define  SONO_STATUS_FAULT		0x00000004
#define  SONO_STATUS_DMA_BUSY		0x00000008
#define SONO_REG_FAULT			0x108	/* RO, first fault; write 0 clears */
#define  SONO_FAULT_NONE		0
#define  SONO_FAULT_HEARTBEAT		1	/* the heartbeat lapsed */
#define  SONO_FAULT_OVER_TEMP		2
#define  SONO_FAULT_OVER_VOLT		3
#define  SONO_FAULT_DMA			4	/* the host refused an address */
#define  SONO_FAULT_DESC		5	/* a descriptor makes no sense */
#define  SONO_FAULT_SLOT_SHORT		6	/* the frame exceeds its slot */
#define  SONO_FAULT_CPL_OVERRUN		7	/* no room for a completion */
#define SONO_REG_FAULT_INFO		0x10c	/* RO, depends on the fault */
#define SONO_REG_RESET			0x110	/* WO */
#define  SONO_RESET_MAGIC		0x52455345	/* "ESER" */
#define SONO_REG_SOURCE			0x114	/* RW while stopped */
#define  SONO_SOURCE_ADC		0
#define  SONO_SOURCE_RAMP		1
#define  SONO_SOURCE_PRBS		2
#define  SONO_SOURCE_NOISE		3	/* ADC, transmit held off */
#define SONO_REG_HEARTBEAT		0x118	/* WO [ms] from now */
#define SONO_REG_RUN_COUNT		0x11c	/* RO, starts since power-on */
#define SONO_REG_CLOCK_LO		0x120	/* RO, reading latches CLOCK_HI */
#define SONO_REG_CLOCK_HI		0x124	/* RO */

/* 0x140: interrupts */
#define SONO_REG_IRQ_STATUS		0x140	/* RW1C */
#define  SONO_IRQ_FAULT			0x00000001	/* event vector */
#define  SONO_IRQ_SEQ			0x00000002	/* control: load ended */
#define  SONO_IRQ_STOPPED		0x00000004	/* control: RUNNING fell */
#define  SONO_IRQ_FW			0x00000008	/* control: flash is not busy */
#define SONO_REG_IRQ_ENABLE		0x144	/* RW, same bits */
#define SONO_REG_IRQ_TEST		0x148	/* WO, bit n fires vector n */
#define SONO_REG_IRQ_COUNT		0x14c	/* RW, completions per interrupt */
#define SONO_REG_IRQ_TIME		0x150	/* RW [us], longest wait */

/* 0x180: sequencer */
#define SONO_REG_SEQ_ADDR_LO		0x180
#define SONO_REG_SEQ_ADDR_HI		0x184
#define SONO_REG_SEQ_BYTES		0x188
#define SONO_REG_SEQ_LOAD		0x18c	/* WO, any value */
#define SONO_REG_SEQ_STATUS		0x190	/* RO */
#define  SONO_SEQ_STATE			0x000000ff
#define   SONO_SEQ_EMPTY		0
#define   SONO_SEQ_LOADING		1
#define   SONO_SEQ_PENDING		2	/* until the frame ends */
#define   SONO_SEQ_ACTIVE		3
#define   SONO_SEQ_ERROR		4	/* the former table stays */
#define  SONO_SEQ_CODE			0x0000ff00	/* enum sono_seq_error */
#define SONO_REG_SEQ_ERROR_EVENT	0x194	/* RO, index or ~0 */
#define SONO_REG_CFG_GEN		0x198	/* RO, of the active table */
#define SONO_REG_FRAME_BYTES		0x19c	/* RO, of the active table */

/* 0x200: capture queues; head and tail count entries and never wrap to 0 at size */
#define SONO_REG_POST_ADDR_LO		0x200
#define SONO_REG_POST_ADDR_HI		0x204
#define SONO_REG_POST_SIZE		0x208	/* entries, a power of two */
#define SONO_REG_POST_TAIL		0x20c	/* doorbell, host */
#define SONO_REG_POST_HEAD		0x210	/* RO, board */
#define SONO_REG_CPL_ADDR_LO		0x220
#define SONO_REG_CPL_ADDR_HI		0x224
#define SONO_REG_CPL_SIZE		0x228
#define SONO_REG_CPL_HEAD		0x22c	/* doorbell: consumed by the host */
#define SONO_REG_CPL_TAIL		0x230	/* RO, board */

/* 0x240: counters of the present run; reading LO latches HI */
#define SONO_REG_PRODUCED_LO		0x240	/* frames, dropped ones included */
#define SONO_REG_PRODUCED_HI		0x244
#define SONO_REG_DROPPED_LO		0x248
#define SONO_REG_DROPPED_HI		0x24c

/* 0x280: sensors */
#define SONO_REG_TEMP			0x280	/* [1/1000 deg C], signed */
#define SONO_REG_HV			0x284	/* [mV] */

/* 0x2c0: firmware in flash, with FEAT_FLASH */
#define SONO_REG_FW_BANKS		0x2c0	/* RO */
#define  SONO_FW_BANKS_RUNNING		0x00000001	/* 0: A, 1: B */
#define  SONO_FW_BANKS_NEXT		0x00000002	/* at the next boot */
#define  SONO_FW_BANKS_A		0x00000100	/* has an image */
#define  SONO_FW_BANKS_B		0x00000200
#define SONO_REG_FW_BANK_BYTES		0x2c4	/* RO */
#define SONO_REG_FW_FLOOR		0x2c8	/* RO, as FIRMWARE: none below */
#define SONO_REG_FW_NEXT		0x2cc	/* RO, as FIRMWARE: at the next boot */
#define SONO_REG_FW_ADDR_LO		0x2d0
#define SONO_REG_FW_ADDR_HI		0x2d4
#define SONO_REG_FW_OFFSET		0x2d8	/* in the image */
#define SONO_REG_FW_BYTES		0x2dc
#define SONO_REG_FW_COMMAND		0x2e0	/* WO */
#define  SONO_FW_BEGIN			1	/* erase the bank that does not run */
#define  SONO_FW_WRITE			2	/* the next bytes of the image */
#define  SONO_FW_COMMIT			3	/* check it; it is the next to boot */
#define  SONO_FW_ABORT			4
#define  SONO_FW_BOOT			5	/* reset, and run the next one */
#define  SONO_FW_VERIFY			6	/* with FEAT_VERIFY: try the flash */
#define SONO_REG_FW_STATUS		0x2e4	/* RO */
#define  SONO_FW_STATE			0x000000ff
#define   SONO_FW_IDLE			0
#define   SONO_FW_BUSY			1
#define   SONO_FW_DONE			2	/* the latest command */
#define   SONO_FW_ERROR			3	/* likewise; the code says why */
#define  SONO_FW_CODE			0x0000ff00	/* enum sono_fw_error */

/* clang-format on */

/**
 * struct sono_desc - one segment of a posted slot, written by the host
 * @addr: bus address, 64-byte aligned
 * @bytes: length, a multiple of 64
 * @slot: host's number of the slot; the same in all its segments
 * @gen: host's generation of the slot; echoed in the completion
 * @flags: SONO_DESC_LAST on the slot's last segment
 * @rsvd: 0
 */
struct sono_desc {
	__le64 addr;
	__le32 bytes;
	__le32 slot;
	__le32 gen;
	__le32 flags;
	__le64 rsvd;
};

#define SONO_DESC_LAST 0x00000001

/**
 * struct sono_cpl - one finished frame, written by the board after the frame
 * @seq: number of the frame in this run, from 0; dropped frames count
 * @hw_ts: board clock at the frame's first transmit trigger [ticks]
 * @tag: tag of the frame's first event
 * @slot: of the descriptor
 * @gen: of the descriptor
 * @len: bytes written
 * @dropped: frames dropped since the previous completion of this run
 * @cfg_gen: generation of the table that made the frame
 * @flags: SONO_CPL_*
 * @rsvd: 0
 * @check: with SONO_FEAT_CHECK, the CRC-32 of the 64 bytes with @check as 0,
 *         otherwise 0
 * @phase: written last; bit 0 is 1 on the first pass over the ring, then
 *         toggles with every pass
 */
struct sono_cpl {
	__le64 seq;
	__le64 hw_ts;
	__le64 tag;
	__le32 slot;
	__le32 gen;
	__le32 len;
	__le32 dropped;
	__le32 cfg_gen;
	__le32 flags;
	__le32 rsvd[2];
	__le32 check;
	__le32 phase;
};

#define SONO_CPL_TX_OFF 0x00000001 /* no event of the frame transmitted */
#define SONO_CPL_PHASE 0x00000001

/* What SEQ_STATUS says of a table that was refused. */
enum sono_seq_error {
	SONO_SEQ_OK = 0,
	SONO_SEQ_E_DMA, /* could not be read */
	SONO_SEQ_E_CRC,
	SONO_SEQ_E_HEADER, /* magic, version, sizes or offsets */
	SONO_SEQ_E_EVENTS, /* none, too many, or no frame end */
	SONO_SEQ_E_CHANNELS, /* map beyond the elements or the channels */
	SONO_SEQ_E_FRAME_BYTES, /* differs from the events', or too large */
	SONO_SEQ_E_INDEX, /* transmit row, map or TGC curve of an event */
	SONO_SEQ_E_PRI, /* shorter than window and overhead, or PRF cap */
	SONO_SEQ_E_WINDOW, /* no samples, or decimation 0 */
	SONO_SEQ_E_HV, /* above the cap */
	SONO_SEQ_E_DUTY, /* transmit longer than the cap allows */
	SONO_SEQ_E_DELAY, /* transmit delay not before the next trigger */
	SONO_SEQ_E_DMA_RATE, /* payload faster than the link */
	SONO_SEQ_E_FEATURE, /* trigger the board does not have */
	SONO_SEQ_E_RSVD, /* reserved field or flag not 0 */
	SONO_SEQ_E_SOURCE, /* what the ADC is connected to cannot serve it */
	SONO_SEQ_ERRORS
};

#define SONO_SEQ_MAGIC 0x51455353 /* "SSEQ" */
#define SONO_SEQ_VERSION 1

/**
 * struct sono_seq_header - head of a sequence table
 * @magic: SONO_SEQ_MAGIC
 * @version: SONO_SEQ_VERSION
 * @bytes: of the whole table
 * @crc: CRC-32 (IEEE 802.3) of the table with this field 0
 * @frame_bytes: payload of one frame with its auxiliary block
 * @aux_bytes: auxiliary block, a multiple of 64, at least 64
 * @events: number of struct sono_seq_event
 * @tx_rows: number of transmit rows
 * @elements: struct sono_seq_tx in each row
 * @maps: number of receive-channel maps
 * @channels: entries of a map: rows of payload per event
 * @tgc_curves: number of TGC curves, may be 0
 * @tgc_points: points of a curve
 * @events_offset: from the start of the table, 8-byte aligned, as all offsets
 * @tx_offset: rows of struct sono_seq_tx
 * @map_offset: rows of __le16, the element each channel listens to
 * @tgc_offset: rows of __le16, gain in 1/256 dB at equal steps of the window
 * @rsvd: 0
 */
struct sono_seq_header {
	__le32 magic;
	__le32 version;
	__le32 bytes;
	__le32 crc;
	__le32 frame_bytes;
	__le32 aux_bytes;
	__le32 events;
	__le32 tx_rows;
	__le32 elements;
	__le16 maps;
	__le16 channels;
	__le16 tgc_curves;
	__le16 tgc_points;
	__le32 events_offset;
	__le32 tx_offset;
	__le32 map_offset;
	__le32 tgc_offset;
	__le32 rsvd;
};

#define SONO_EVENT_FRAME_END 0x00000001
#define SONO_EVENT_TRIG_EXT 0x00000002
#define SONO_EVENT_TRIG_ECG 0x00000004
#define SONO_EVENT_RX_ONLY 0x00000008 /* the event does not transmit */
#define SONO_EVENT_FLAGS 0x0000000f

#define SONO_TGC_NONE 0xffff

/**
 * struct sono_seq_event - one transmit event
 * @flags: SONO_EVENT_*
 * @tag: the host's; that of a frame's first event comes with its completion
 * @period: from this transmit trigger to the next one [board ticks]
 * @tx_row: transmit row
 * @tx_freq: centre frequency of the pulse [Hz]
 * @tx_half_cycles: length of the pulse [half cycles]
 * @tx_polarity: 0: first half cycle positive, 1: negative
 * @hv: transmit voltage [mV]
 * @hv_settle: time before the trigger for the voltage to settle [us]
 * @rx_start: first sample after the transmit trigger [ADC clocks]
 * @rx_samples: samples per channel, after decimation
 * @rx_decimation: ADC clocks per sample, from 1
 * @rx_map: receive-channel map
 * @tgc: TGC curve or SONO_TGC_NONE
 * @rsvd0: 0
 * @rsvd: 0
 */
struct sono_seq_event {
	__le32 flags;
	__le32 tag;
	__le32 period;
	__le32 tx_row;
	__le32 tx_freq;
	__le16 tx_half_cycles;
	__le16 tx_polarity;
	__le32 hv;
	__le32 hv_settle;
	__le32 rx_start;
	__le32 rx_samples;
	__le16 rx_decimation;
	__le16 rx_map;
	__le16 tgc;
	__le16 rsvd0;
	__le32 rsvd[4];
};

/**
 * struct sono_seq_tx - one element of a transmit row
 * @delay: after the transmit trigger [1/256 board tick], >= 0
 * @amplitude: pulse width, 0 (off) .. 65535 (full)
 * @enable: 1 if the element transmits, else 0
 */
struct sono_seq_tx {
	__le32 delay;
	__le16 amplitude;
	__le16 enable;
};

#define SONO_DELAY_ONE_TICK 256

/* Payload rows start on multiples of this many bytes. */
#define SONO_ROW_ALIGN 64

#define SONO_AUX_MAGIC 0x58554153 /* "SAUX" */

/**
 * struct sono_aux - the auxiliary block that ends every frame
 * @magic: SONO_AUX_MAGIC
 * @bytes: of the whole block
 * @temp: board temperature [1/1000 deg C]
 * @hv: transmit voltage [mV]
 * @ecg_rate: ECG samples per second, 0 without ECG
 * @ecg_count: __le16 ECG samples that follow this head
 * @ecg_ts: board clock at the first of them [ticks]
 * @rsvd: 0
 */
struct sono_aux {
	__le32 magic;
	__le32 bytes;
	__le32 temp;
	__le32 hv;
	__le32 ecg_rate;
	__le32 ecg_count;
	__le64 ecg_ts;
	__le32 rsvd[8];
};

/* What FW_STATUS says of a command that failed. */
enum sono_fw_error {
	SONO_FW_OK = 0,
	SONO_FW_E_STATE, /* not now: a run, or nothing begun */
	SONO_FW_E_DMA, /* could not be read */
	SONO_FW_E_RANGE, /* not where the last one ended, or beyond the bank */
	SONO_FW_E_FLASH, /* the flash does not hold it */
	SONO_FW_E_HEADER, /* magic, format, length or a reserved field */
	SONO_FW_E_CRC,
	SONO_FW_E_SIGNATURE,
	SONO_FW_E_BOARD, /* for another kind of board */
	SONO_FW_E_OLD, /* below the floor */
	SONO_FW_ERRORS
};

#define SONO_FW_MAGIC 0x57464f53 /* "SOFW" */
#define SONO_FW_FORMAT 1
#define SONO_FW_BOARD 0x534f0001 /* this kind of board */
#define SONO_FW_SIGNATURE_BYTES 64

/**
 * struct sono_fw_header - head of a firmware image
 * @magic: SONO_FW_MAGIC
 * @format: SONO_FW_FORMAT
 * @bytes: of the whole image, header and signature included
 * @crc: CRC-32 (IEEE 802.3) of all but the signature with this field 0
 * @version: as the FIRMWARE register, not 0
 * @floor: once it has been booted, images of a lower version are refused
 * @board: kind of board that it is for
 * @rsvd: 0
 *
 * The code follows, and then the signature of all that is before it.
 */
struct sono_fw_header {
	__le32 magic;
	__le32 format;
	__le32 bytes;
	__le32 crc;
	__le32 version;
	__le32 floor;
	__le32 board;
	__le32 rsvd[9];
};

#endif /* SONO_REGS_H */
