// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The vfio-user protocol, device side. Each command has a handler that gets
 * a body of at least the size in the table, and returns a positive errno for
 * an error reply, 0 when it has replied, or a negative errno to give up.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "server.h"

enum {
	VERSION = 1,
	DMA_MAP,
	DMA_UNMAP,
	GET_INFO,
	GET_REGION_INFO,
	GET_REGION_IO_FDS,
	GET_IRQ_INFO,
	SET_IRQS,
	REGION_READ,
	REGION_WRITE,
	DMA_READ,
	DMA_WRITE,
	RESET,
	DIRTY_PAGES,
	WRITE_MULTI,
	COMMANDS
};

#define CAPABILITIES                             \
	"{\"capabilities\":{\"max_msg_fds\":16," \
	"\"max_data_xfer_size\":1048576,\"write_multiple\":true}}"

/* Requests that no VFIO ioctl has a structure for */
struct version {
	uint16_t major;
	uint16_t minor;
};

struct map_request {
	uint32_t argsz;
	uint32_t flags;
	uint64_t offset;
	uint64_t addr;
	uint64_t size;
};

struct unmap_request {
	uint32_t argsz;
	uint32_t flags;
	uint64_t addr;
	uint64_t size;
};

struct region_access {
	uint64_t offset;
	uint32_t region;
	uint32_t count;
};

struct one_write {
	struct region_access access;
	uint8_t data[8];
};

static int reply(struct server *s, const void *head, size_t head_size,
		 const void *data, size_t data_size)
{
	if (s->wire.header.flags & WIRE_NO_REPLY)
		return 0;
	return wire_reply(&s->wire, 0, head, head_size, data, data_size);
}

static int do_version(struct server *s)
{
	struct version v;
	size_t room = wire_body(&s->wire) - sizeof(v);
	bool json = room >= sizeof(CAPABILITIES);

	memcpy(&v, s->wire.body, sizeof(v));
	if (v.major || s->greeted)
		return EINVAL;
	if (room && s->wire.body[wire_body(&s->wire) - 1])
		return EINVAL;
	v.minor = 0;
	s->greeted = true;
	return reply(s, &v, sizeof(v), CAPABILITIES,
		     json ? sizeof(CAPABILITIES) : 0);
}

static int do_map(struct server *s)
{
	struct map_request r;
	struct dma_window w;
	int err;

	memcpy(&r, s->wire.body, sizeof(r));
	if (r.argsz < sizeof(r) || r.flags & ~3u || s->wire.nfds > 1)
		return EINVAL;
	w = (struct dma_window){
		.addr = r.addr,
		.size = r.size,
		.readable = r.flags & VFIO_DMA_MAP_FLAG_READ,
		.writable = r.flags & VFIO_DMA_MAP_FLAG_WRITE,
	};
	err = dma_map(&s->dma, s->wire.nfds ? s->wire.fds[0] : -1, r.offset,
		      &w);
	return err ? -err : reply(s, NULL, 0, NULL, 0);
}

static int do_unmap(struct server *s)
{
	struct unmap_request r;

	memcpy(&r, s->wire.body, sizeof(r));
	if (r.argsz < sizeof(r) || r.flags & ~VFIO_DMA_UNMAP_FLAG_ALL)
		return EINVAL;
	if (r.flags & VFIO_DMA_UNMAP_FLAG_ALL)
		dma_finish(&s->dma);
	else
		dma_unmap(&s->dma, r.addr, r.size);
	return reply(s, &r, sizeof(r), NULL, 0);
}

static int do_info(struct server *s)
{
	/* The structure has grown since; the protocol has its first part. */
	const uint32_t info[4] = {
		sizeof(info),
		VFIO_DEVICE_FLAGS_RESET | VFIO_DEVICE_FLAGS_PCI,
		VFIO_PCI_NUM_REGIONS,
		VFIO_PCI_NUM_IRQS,
	};

	return reply(s, info, sizeof(info), NULL, 0);
}

static int do_region_info(struct server *s)
{
	struct vfio_region_info r;

	memcpy(&r, s->wire.body, sizeof(r));
	if (r.argsz < sizeof(r) || r.index >= VFIO_PCI_NUM_REGIONS)
		return EINVAL;
	r = (struct vfio_region_info){ .argsz = sizeof(r), .index = r.index };
	if (r.index == VFIO_PCI_BAR0_REGION_INDEX)
		r.size = SONO_BAR0_BYTES;
	else if (r.index == VFIO_PCI_CONFIG_REGION_INDEX)
		r.size = PCI_CONFIG_BYTES;
	if (r.size)
		r.flags = VFIO_REGION_INFO_FLAG_READ |
			  VFIO_REGION_INFO_FLAG_WRITE;
	return reply(s, &r, sizeof(r), NULL, 0);
}

static int do_irq_info(struct server *s)
{
	struct vfio_irq_info r;

	memcpy(&r, s->wire.body, sizeof(r));
	if (r.argsz < sizeof(r) || r.index >= VFIO_PCI_NUM_IRQS)
		return EINVAL;
	r = (struct vfio_irq_info){ .argsz = sizeof(r), .index = r.index };
	if (r.index == VFIO_PCI_MSIX_IRQ_INDEX) {
		r.flags = VFIO_IRQ_INFO_EVENTFD;
		r.count = SONO_NUM_VECS;
	}
	return reply(s, &r, sizeof(r), NULL, 0);
}

/* Whatever the client hands over, to fire it must not wait for the client. */
static void make_nonblocking(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags >= 0)
		fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

static void set_vector(struct server *s, uint32_t vector, int fd)
{
	if (fd >= 0)
		make_nonblocking(fd);
	if (s->irq[vector] >= 0)
		close(s->irq[vector]);
	s->irq[vector] = fd;
}

/* A vector without a descriptor gets none: QEMU sends its first so. */
static void set_vectors(struct server *s, uint32_t start, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		int fd = -1;

		if (i < s->wire.nfds) {
			fd = s->wire.fds[i];
			s->wire.fds[i] = -1;
		}
		set_vector(s, start + i, fd);
	}
}

static void fire_vectors(struct server *s, uint32_t start, uint32_t count)
{
	for (uint32_t i = start; i < start + count; i++)
		if (s->irq[i] >= 0)
			eventfd_write(s->irq[i], 1);
}

static int do_set_irqs(struct server *s)
{
	struct vfio_irq_set r;
	uint32_t data, action;

	memcpy(&r, s->wire.body, sizeof(r));
	if (r.argsz < sizeof(r) || r.index >= VFIO_PCI_NUM_IRQS)
		return EINVAL;
	data = r.flags & VFIO_IRQ_SET_DATA_TYPE_MASK;
	action = r.flags & VFIO_IRQ_SET_ACTION_TYPE_MASK;
	if (action != VFIO_IRQ_SET_ACTION_TRIGGER)
		return EINVAL;
	if (r.index != VFIO_PCI_MSIX_IRQ_INDEX)
		return r.count ? EINVAL : reply(s, NULL, 0, NULL, 0);
	if (r.start > SONO_NUM_VECS || r.count > SONO_NUM_VECS - r.start)
		return EINVAL;
	if (data == VFIO_IRQ_SET_DATA_NONE && !r.count)
		set_vectors(s, 0, SONO_NUM_VECS);
	else if (data == VFIO_IRQ_SET_DATA_NONE)
		fire_vectors(s, r.start, r.count);
	else if (data == VFIO_IRQ_SET_DATA_EVENTFD)
		set_vectors(s, r.start, r.count);
	else
		return EINVAL;
	return reply(s, NULL, 0, NULL, 0);
}

/* --- regions -------------------------------------------------------------------- */

static bool register_size(uint32_t count)
{
	return count == 1 || count == 2 || count == 4 || count == 8;
}

static int read_bar(struct server *s, uint64_t offset, uint32_t count,
		    uint8_t *to)
{
	uint64_t value = 0;

	if (!register_size(count) || offset > SONO_BAR0_BYTES - count)
		return EINVAL;
	/* QEMU keeps the MSI-X table; of pending bits the board knows none. */
	if (offset < SIM_MSIX_TABLE)
		value = sim_board_read(s->board, offset, count,
				       server_message_time(s));
	memcpy(to, &value, count);
	return 0;
}

static int write_bar(struct server *s, uint64_t offset, uint32_t count,
		     const uint8_t *from)
{
	uint64_t value = 0;

	if (!register_size(count) || offset > SONO_BAR0_BYTES - count)
		return EINVAL;
	memcpy(&value, from, count);
	if (offset < SIM_MSIX_TABLE)
		sim_board_write(s->board, offset, count, value,
				server_message_time(s));
	return 0;
}

static int read_config(struct server *s, uint64_t offset, uint32_t count,
		       uint8_t *to)
{
	if (pci_read(&s->pci, offset, to, count))
		return EINVAL;
	if (sim_board_dead(s->board))
		memset(to, 0xff, count);
	return 0;
}

/* The log has when the board got the bus, and when it lost it. */
static void log_master(struct server *s, bool was)
{
	bool on = pci_bus_master(&s->pci);

	if (on != was)
		log_line(&s->log, on ? "ev=bus_master on=1" :
				       "ev=bus_master on=0");
}

static int write_config(struct server *s, uint64_t offset, uint32_t count,
			const uint8_t *from)
{
	bool was = pci_bus_master(&s->pci);
	enum pci_effect effect;

	if (sim_board_dead(s->board))
		return 0;
	if (pci_write(&s->pci, offset, from, count, &effect))
		return EINVAL;
	if (effect == PCI_RESET)
		sim_board_reset(s->board, server_message_time(s));
	log_master(s, was);
	return 0;
}

static int do_read(struct server *s)
{
	struct region_access a;
	uint8_t data[PCI_CONFIG_BYTES];
	int err = EINVAL;

	memcpy(&a, s->wire.body, sizeof(a));
	if (a.count > sizeof(data))
		return EINVAL;
	if (a.region == VFIO_PCI_BAR0_REGION_INDEX)
		err = read_bar(s, a.offset, a.count, data);
	else if (a.region == VFIO_PCI_CONFIG_REGION_INDEX)
		err = read_config(s, a.offset, a.count, data);
	return err ? err : reply(s, &a, sizeof(a), data, a.count);
}

static int write_region(struct server *s, const struct region_access *a,
			const uint8_t *data)
{
	switch (a->region) {
	case VFIO_PCI_BAR0_REGION_INDEX:
		return write_bar(s, a->offset, a->count, data);
	case VFIO_PCI_CONFIG_REGION_INDEX:
		return write_config(s, a->offset, a->count, data);
	default:
		return EINVAL;
	}
}

static int do_write(struct server *s)
{
	struct region_access a;
	int err;

	memcpy(&a, s->wire.body, sizeof(a));
	if (a.count > wire_body(&s->wire) - sizeof(a))
		return EINVAL;
	err = write_region(s, &a, s->wire.body + sizeof(a));
	return err ? err : reply(s, &a, sizeof(a), NULL, 0);
}

static int do_write_multi(struct server *s)
{
	size_t room = wire_body(&s->wire) - sizeof(uint64_t);
	uint64_t count;
	int err = 0;

	memcpy(&count, s->wire.body, sizeof(count));
	if (count > room / sizeof(struct one_write))
		return EINVAL;
	for (uint64_t i = 0; i < count; i++) {
		struct one_write w;
		int e = EINVAL;

		memcpy(&w, s->wire.body + sizeof(count) + i * sizeof(w),
		       sizeof(w));
		if (w.access.count <= sizeof(w.data))
			e = write_region(s, &w.access, w.data);
		err = err ? err : e;
	}
	return err ? err : reply(s, &count, sizeof(count), NULL, 0);
}

static int do_reset(struct server *s)
{
	bool was = pci_bus_master(&s->pci);

	pci_reset(&s->pci);
	sim_board_reset(s->board, server_message_time(s));
	log_master(s, was);
	return reply(s, NULL, 0, NULL, 0);
}

/* The first packet is enough to be seen by. */
#define STRAY_BYTES 64

void vfio_stray_write(struct server *s, uint64_t addr, const void *from,
		      size_t n)
{
	const uint64_t head[] = { addr, n < STRAY_BYTES ? n : STRAY_BYTES };

	wire_tell(&s->wire, DMA_WRITE, head, sizeof(head), from, head[1]);
}

/* --- dispatch ------------------------------------------------------------------- */

static const struct {
	int (*handle)(struct server *s);
	size_t body;
} commands[COMMANDS] = {
	[VERSION] = { do_version, sizeof(struct version) },
	[DMA_MAP] = { do_map, sizeof(struct map_request) },
	[DMA_UNMAP] = { do_unmap, sizeof(struct unmap_request) },
	[GET_INFO] = { do_info, 16 },
	[GET_REGION_INFO] = { do_region_info, sizeof(struct vfio_region_info) },
	[GET_IRQ_INFO] = { do_irq_info, sizeof(struct vfio_irq_info) },
	[SET_IRQS] = { do_set_irqs, sizeof(struct vfio_irq_set) },
	[REGION_READ] = { do_read, sizeof(struct region_access) },
	[REGION_WRITE] = { do_write, sizeof(struct region_access) },
	[RESET] = { do_reset, 0 },
	[WRITE_MULTI] = { do_write_multi, sizeof(uint64_t) },
};

static int run_command(struct server *s)
{
	uint16_t command = s->wire.header.command;

	if (command >= COMMANDS || !commands[command].handle)
		return ENOSYS;
	if (wire_body(&s->wire) < commands[command].body)
		return EINVAL;
	if (!s->greeted && command != VERSION)
		return EPROTO;
	return commands[command].handle(s);
}

int vfio_handle(struct server *s)
{
	const struct wire_header *h = &s->wire.header;
	char line[96];
	int ret;

	/* What this board tells the client wants no reply. */
	if (h->flags & WIRE_TYPE)
		return 0;
	ret = run_command(s);
	if (ret <= 0)
		return ret;
	snprintf(line, sizeof(line), "ev=refused command=%u size=%u errno=%d",
		 h->command, h->size, ret);
	log_line(&s->log, line);
	if (h->flags & WIRE_NO_REPLY)
		return 0;
	return wire_reply(&s->wire, ret, NULL, 0, NULL, 0);
}
