/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The way of a frame as tracepoints: posted, completed, released; and what
 * begins and ends a run. The frame is named by run and seq from its record
 * on, by slot and gen before that.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM sono

#if !defined(SONO_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define SONO_TRACE_H

#include <linux/tracepoint.h>

#include "sono_regs.h"

struct sono_completion;

/* Why the board cannot be used for the moment: bits of sono_device.away */
#define SONO_AWAY_RESET 0x1 /* its function is being reset */
#define SONO_AWAY_ERROR 0x2 /* its link has to recover */
#define SONO_AWAY_SLEEP 0x4 /* it has no power, or the system sleeps */
#define SONO_AWAY_LOST 0x8 /* it did not come back; a reset may help */

DECLARE_EVENT_CLASS(sono_slot,
		    TP_PROTO(const void *ring, u32 slot, u32 gen),
		    TP_ARGS(ring, slot, gen),
		    TP_STRUCT__entry(__field(const void *, ring)
				     __field(u32, slot)
				     __field(u32, gen)),
		    TP_fast_assign(__entry->ring = ring;
				   __entry->slot = slot;
				   __entry->gen = gen;),
		    TP_printk("ring=%p slot=%u gen=%u", __entry->ring,
			      __entry->slot, __entry->gen)
);

/* The board may fill the slot. */
DEFINE_EVENT(sono_slot, sono_post,
	     TP_PROTO(const void *ring, u32 slot, u32 gen),
	     TP_ARGS(ring, slot, gen)
);

/* The consumer gave the slot back. */
DEFINE_EVENT(sono_slot, sono_release,
	     TP_PROTO(const void *ring, u32 slot, u32 gen),
	     TP_ARGS(ring, slot, gen)
);

/* The consumer gave back what it does not have. */
DEFINE_EVENT(sono_slot, sono_bad_release,
	     TP_PROTO(const void *ring, u32 slot, u32 gen),
	     TP_ARGS(ring, slot, gen)
);

/* Its completion was lost: nobody has the slot until the run ends. */
DEFINE_EVENT(sono_slot, sono_retire,
	     TP_PROTO(const void *ring, u32 slot, u32 gen),
	     TP_ARGS(ring, slot, gen)
);

/* The run has ended before the board filled the slot. */
DEFINE_EVENT(sono_slot, sono_reclaim,
	     TP_PROTO(const void *ring, u32 slot, u32 gen),
	     TP_ARGS(ring, slot, gen)
);

/* A record was published; dropped and lost are of the gap before it. */
TRACE_EVENT(sono_complete,
	    TP_PROTO(const void *ring, const struct sono_record *rec),
	    TP_ARGS(ring, rec),
	    TP_STRUCT__entry(__field(const void *, ring)
			     __field(u64, seq)
			     __field(u64, hw_ts)
			     __field(u32, slot)
			     __field(u32, gen)
			     __field(u32, len)
			     __field(u32, dropped)
			     __field(u32, lost)),
	    TP_fast_assign(__entry->ring = ring;
			   __entry->seq = rec->seq;
			   __entry->hw_ts = rec->hw_ts;
			   __entry->slot = rec->slot;
			   __entry->gen = rec->gen;
			   __entry->len = rec->len;
			   __entry->dropped = rec->dropped;
			   __entry->lost = rec->lost;),
	    TP_printk("ring=%p seq=%llu hw_ts=%llu slot=%u gen=%u len=%u dropped=%u lost=%u",
		      __entry->ring, __entry->seq, __entry->hw_ts,
		      __entry->slot, __entry->gen, __entry->len,
		      __entry->dropped, __entry->lost)
);

TRACE_EVENT(sono_start,
	    TP_PROTO(const struct device *dev, u32 run, u64 stream_gen),
	    TP_ARGS(dev, run, stream_gen),
	    TP_STRUCT__entry(__string(name, dev_name(dev))
			     __field(u32, run)
			     __field(u64, stream_gen)),
	    TP_fast_assign(__assign_str(name);
			   __entry->run = run;
			   __entry->stream_gen = stream_gen;),
	    TP_printk("%s run=%u stream_gen=%llu", __get_str(name),
		      __entry->run, __entry->stream_gen)
);

TRACE_EVENT(sono_end,
	    TP_PROTO(const struct device *dev, const struct sono_ctl *ctl),
	    TP_ARGS(dev, ctl),
	    TP_STRUCT__entry(__string(name, dev_name(dev))
			     __field(u32, reason)
			     __field(u32, fault)
			     __field(u32, fault_info)
			     __field(u64, delivered)
			     __field(u64, dropped)
			     __field(u64, lost)),
	    TP_fast_assign(__assign_str(name);
			   __entry->reason = ctl->reason;
			   __entry->fault = ctl->fault;
			   __entry->fault_info = ctl->fault_info;
			   __entry->delivered = ctl->delivered;
			   __entry->dropped = ctl->dropped;
			   __entry->lost = ctl->lost;),
	    TP_printk("%s reason=%u fault=%u info=%u delivered=%llu dropped=%llu lost=%llu",
		      __get_str(name), __entry->reason, __entry->fault,
		      __entry->fault_info, __entry->delivered,
		      __entry->dropped, __entry->lost)
);

/* Records that no interrupt had told of, found by the heartbeat. */
TRACE_EVENT(sono_found,
	    TP_PROTO(const struct device *dev, u64 records),
	    TP_ARGS(dev, records),
	    TP_STRUCT__entry(__string(name, dev_name(dev))
			     __field(u64, records)),
	    TP_fast_assign(__assign_str(name);
			   __entry->records = records;),
	    TP_printk("%s records=%llu", __get_str(name), __entry->records)
);

DECLARE_EVENT_CLASS(sono_board,
		    TP_PROTO(const struct device *dev, u32 away),
		    TP_ARGS(dev, away),
		    TP_STRUCT__entry(__string(name, dev_name(dev))
				     __field(u32, away)),
		    TP_fast_assign(__assign_str(name);
				   __entry->away = away;),
		    TP_printk("%s away=%s", __get_str(name),
			      __print_flags(__entry->away, "|",
					    { SONO_AWAY_RESET, "reset" },
					    { SONO_AWAY_ERROR, "error" },
					    { SONO_AWAY_SLEEP, "sleep" },
					    { SONO_AWAY_LOST, "lost" }))
);

/* The board cannot be used, for one reason more. */
DEFINE_EVENT(sono_board, sono_leave,
	     TP_PROTO(const struct device *dev, u32 away),
	     TP_ARGS(dev, away)
);

/* For one reason less: with none left it can be used again. */
DEFINE_EVENT(sono_board, sono_return,
	     TP_PROTO(const struct device *dev, u32 away),
	     TP_ARGS(dev, away)
);

/* The link corrected an error; nothing else happened. */
DEFINE_EVENT(sono_board, sono_link_corrected,
	     TP_PROTO(const struct device *dev, u32 away),
	     TP_ARGS(dev, away)
);

/* The board did something wrong; what code and info are, sono_trouble.h says. */
TRACE_EVENT(sono_trouble,
	    TP_PROTO(const struct device *dev, const char *what, u32 code,
		     u32 info),
	    TP_ARGS(dev, what, code, info),
	    TP_STRUCT__entry(__string(name, dev_name(dev))
			     __string(what, what)
			     __field(u32, code)
			     __field(u32, info)),
	    TP_fast_assign(__assign_str(name);
			   __assign_str(what);
			   __entry->code = code;
			   __entry->info = info;),
	    TP_printk("%s what=%s code=%u info=%u", __get_str(name),
		      __get_str(what), __entry->code, __entry->info)
);

/* A command to the flash was answered, or not (ret). */
TRACE_EVENT(sono_flash,
	    TP_PROTO(const struct device *dev, u32 command, int ret, u32 code),
	    TP_ARGS(dev, command, ret, code),
	    TP_STRUCT__entry(__string(name, dev_name(dev))
			     __field(u32, command)
			     __field(int, ret)
			     __field(u32, code)),
	    TP_fast_assign(__assign_str(name);
			   __entry->command = command;
			   __entry->ret = ret;
			   __entry->code = code;),
	    TP_printk("%s command=%s ret=%d code=%u", __get_str(name),
		      __print_symbolic(__entry->command,
				       { SONO_FW_BEGIN, "begin" },
				       { SONO_FW_WRITE, "write" },
				       { SONO_FW_COMMIT, "commit" }),
		      __entry->ret, __entry->code)
);

#endif /* SONO_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE sono_trace
#include <trace/define_trace.h>
