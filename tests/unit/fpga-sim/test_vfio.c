// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* The vfio-user server at the end of a socketpair; the test is the client. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/pci_regs.h>
#include <linux/vfio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server.h"

#define VERSION_TEXT                            \
	"{\"capabilities\":{\"max_msg_fds\":8," \
	"\"max_data_xfer_size\":1048576,\"pgsizes\":4096}}"

static struct server server;
static int client;

static void send_fd(uint16_t command, uint32_t flags, const void *body,
		    size_t n, int fd)
{
	struct wire_header h = { 7, command, (uint32_t)(sizeof(h) + n), flags,
				 0 };
	struct iovec iov[] = { { &h, sizeof(h) }, { (void *)body, n } };
	char control[CMSG_SPACE(sizeof(int))] = { 0 };
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 2 };
	struct cmsghdr *c;

	if (fd >= 0) {
		msg.msg_control = control;
		msg.msg_controllen = sizeof(control);
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	}
	cr_assert_eq(sendmsg(client, &msg, 0), sizeof(h) + n);
}

/* A request of the server's own: its command and the start of its body. */
static uint16_t told(void *body, size_t n)
{
	struct wire_header h;

	if (recv(client, &h, sizeof(h), MSG_DONTWAIT) != sizeof(h))
		return 0;
	cr_assert_eq(h.flags, WIRE_NO_REPLY);
	cr_assert_geq(h.size, sizeof(h) + n);
	cr_assert_eq(recv(client, body, n, MSG_WAITALL), n);
	return h.command;
}

/* The errno of the reply, 0 for success, -1 without a reply. */
static int reply(void *body, size_t n)
{
	static unsigned char buffer[1 << 16];
	struct wire_header h;
	ssize_t got = recv(client, &h, sizeof(h), MSG_DONTWAIT);

	if (got < 0)
		return -1;
	cr_assert_eq(got, sizeof(h));
	cr_assert(h.flags & WIRE_REPLY && h.id == 7);
	cr_assert_leq(h.size, sizeof(buffer));
	got = h.size == sizeof(h) ?
		      0 :
		      recv(client, buffer, h.size - sizeof(h), MSG_WAITALL);
	cr_assert_eq(got, h.size - sizeof(h));
	if (h.flags & WIRE_ERROR)
		return (int)h.error;
	cr_assert_leq(n, (size_t)got);
	if (body)
		memcpy(body, buffer, n);
	return 0;
}

static int ask_fd(uint16_t command, const void *body, size_t n, void *answer,
		  size_t m, int fd)
{
	send_fd(command, 0, body, n, fd);
	cr_assert_eq(server_serve(&server), 0);
	return reply(answer, m);
}

static int ask(uint16_t command, const void *body, size_t n, void *answer,
	       size_t m)
{
	return ask_fd(command, body, n, answer, m, -1);
}

static int greet(void)
{
	unsigned char version[4 + sizeof(VERSION_TEXT)] = { 0 };

	memcpy(version + 4, VERSION_TEXT, sizeof(VERSION_TEXT));
	return ask(1, version, sizeof(version), NULL, 4);
}

static void plug(void)
{
	struct sim_config config;
	int pair[2];

	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	sim_config_init(&config);
	cr_assert_eq(server_init(&server, &config, NULL, pair[0]), 0);
	client = pair[1];
}

static void connect_client(void)
{
	plug();
	cr_assert_eq(greet(), 0);
}

static void unplug(void)
{
	server_finish(&server);
	close(client);
}

TestSuite(vfio, .init = connect_client, .fini = unplug);

struct access {
	uint64_t offset;
	uint32_t region;
	uint32_t count;
	uint8_t data[8];
};

static int read_region(uint32_t region, uint64_t offset, uint32_t count,
		       uint64_t *value)
{
	struct access a = { offset, region, count, { 0 } }, b = a;
	int err = ask(9, &a, 16, &b, 16 + count);

	memcpy(value, b.data, sizeof(*value));
	return err;
}

static int write_region(uint32_t region, uint64_t offset, uint32_t count,
			uint64_t value)
{
	struct access a = { offset, region, count, { 0 } };

	memcpy(a.data, &value, sizeof(value));
	return ask(10, &a, 16 + count, NULL, 16);
}

Test(vfio, describes_the_device)
{
	uint32_t info[4] = { 16, 0, 0, 0 };
	struct vfio_region_info region = { .argsz = sizeof(region) };
	struct vfio_irq_info irq = { .argsz = sizeof(irq),
				     .index = VFIO_PCI_MSIX_IRQ_INDEX };

	cr_assert_eq(ask(4, info, 16, info, 16), 0);
	cr_assert(info[1] == 3 && info[2] == 9 && info[3] == 5);
	cr_assert_eq(ask(5, &region, 32, &region, 32), 0);
	cr_assert(region.size == SONO_BAR0_BYTES && region.flags == 3);
	region.index = 1;
	cr_assert_eq(ask(5, &region, 32, &region, 32), 0);
	cr_assert_eq(region.size, 0);
	cr_assert_eq(ask(7, &irq, 16, &irq, 16), 0);
	cr_assert(irq.count == 3 && irq.flags == VFIO_IRQ_INFO_EVENTFD);
}

Test(vfio, registers)
{
	uint64_t value;

	cr_assert_eq(read_region(0, SONO_REG_ID, 4, &value), 0);
	cr_assert_eq(value, SONO_ID_MAGIC);
	cr_assert_eq(write_region(0, SONO_REG_SCRATCH0, 4, 0xabc), 0);
	cr_assert_eq(read_region(0, SONO_REG_SCRATCH0, 4, &value), 0);
	cr_assert_eq(value, 0xabc);
	cr_assert_eq(read_region(0, SONO_BAR0_BYTES - 4, 8, &value), EINVAL);
	cr_assert_eq(read_region(0, UINT64_MAX, 1, &value), EINVAL);
	cr_assert_eq(read_region(0, 0, 3, &value), EINVAL);
	cr_assert_eq(read_region(1, 0, 4, &value), EINVAL);
	cr_assert_eq(read_region(UINT32_MAX, 0, 4, &value), EINVAL);
	cr_assert_eq(write_region(2, 0, 4, 0), EINVAL);
}

Test(vfio, config_space)
{
	uint64_t value;

	cr_assert_eq(read_region(7, 0, 4, &value), 0);
	cr_assert_eq(value, 0x534f1234);
	cr_assert_eq(write_region(7, 0, 4, 0), 0);
	cr_assert_eq(read_region(7, 0, 4, &value), 0);
	cr_assert_eq(value, 0x534f1234);
	cr_assert_eq(read_region(7, 4094, 4, &value), EINVAL);
	cr_assert_eq(read_region(7, UINT64_MAX, 2, &value), EINVAL);
	cr_assert_eq(read_region(7, 4096, 0, &value), 0);
}

/* FLR and entering D3hot reset; a status bit is cleared by 1 only. */
Test(vfio, config_writes_have_effects)
{
	const uint64_t devctl = 0x60 + PCI_EXP_DEVCTL;
	const uint64_t pmcsr = 0x40 + PCI_PM_CTRL;
	uint64_t value;

	write_region(0, SONO_REG_SCRATCH0, 4, 1);
	write_region(7, devctl, 2, PCI_EXP_DEVCTL_BCR_FLR);
	read_region(0, SONO_REG_SCRATCH0, 4, &value);
	cr_assert_eq(value, 0);
	read_region(7, devctl, 2, &value);
	cr_assert_not(value & PCI_EXP_DEVCTL_BCR_FLR);

	write_region(0, SONO_REG_SCRATCH0, 4, 1);
	write_region(7, pmcsr, 2, 2);
	read_region(7, pmcsr, 2, &value);
	cr_assert_eq(value, 0);
	write_region(7, pmcsr, 2, 3);
	read_region(0, SONO_REG_SCRATCH0, 4, &value);
	cr_assert_eq(value, 0);
	read_region(7, pmcsr, 2, &value);
	cr_assert_eq(value, 3);

	server.pci.config[0x100 + PCI_ERR_UNCOR_STATUS + 2] = 0x04;
	write_region(7, 0x100 + PCI_ERR_UNCOR_STATUS, 4, 0);
	read_region(7, 0x100 + PCI_ERR_UNCOR_STATUS, 4, &value);
	cr_assert_eq(value, PCI_ERR_UNC_MALF_TLP);
	write_region(7, 0x100 + PCI_ERR_UNCOR_STATUS, 4, value);
	read_region(7, 0x100 + PCI_ERR_UNCOR_STATUS, 4, &value);
	cr_assert_eq(value, 0);
}

Test(vfio, only_the_first_whole_read_shows_errors_enabled)
{
	struct access a = { 0, 7, 4096, { 0 } };
	static uint8_t all[16 + 4096];

	cr_assert_eq(ask(9, &a, 16, all, sizeof(all)), 0);
	cr_assert_eq(all[16 + 0x68] & 0x0f, 0x0f);
	cr_assert_eq(ask(9, &a, 16, all, sizeof(all)), 0);
	cr_assert_eq(all[16 + 0x68] & 0x0f, 0);
}

Test(vfio, posted_writes_have_no_reply)
{
	struct access a = { SONO_REG_SCRATCH1, 0, 4, { 5 } };
	struct {
		uint64_t count;
		struct access write[3];
	} multi = { 2,
		    { { SONO_REG_SCRATCH0, 0, 4, { 1 } },
		      { SONO_REG_SCRATCH0, 0, 4, { 2 } },
		      { 0 } } };
	uint64_t value;

	send_fd(10, WIRE_NO_REPLY, &a, 20, -1);
	a.region = 99;
	send_fd(10, WIRE_NO_REPLY, &a, 20, -1);
	send_fd(15, WIRE_NO_REPLY, &multi, 8 + 2 * 24, -1);
	cr_assert_eq(server_serve(&server), 0);
	cr_assert_eq(reply(NULL, 0), -1);
	read_region(0, SONO_REG_SCRATCH1, 4, &value);
	cr_assert_eq(value, 5);
	read_region(0, SONO_REG_SCRATCH0, 4, &value);
	cr_assert_eq(value, 2);
	multi.count = 4;
	cr_assert_eq(ask(15, &multi, sizeof(multi), NULL, 0), EINVAL);
	multi.count = UINT64_MAX;
	cr_assert_eq(ask(15, &multi, sizeof(multi), NULL, 0), EINVAL);
	multi.count = 1;
	multi.write[0].count = 9;
	cr_assert_eq(ask(15, &multi, sizeof(multi), NULL, 0), EINVAL);
}

/* --- memory ----------------------------------------------------------------------- */

struct map {
	uint32_t argsz, flags;
	uint64_t offset, addr, size;
};

struct unmap {
	uint32_t argsz, flags;
	uint64_t addr, size;
};

/* As QEMU makes its guest's memory: of a size that stays. */
static int ram_create(off_t bytes)
{
	int fd = memfd_create("ram", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	cr_assert_eq(ftruncate(fd, bytes), 0);
	cr_assert_eq(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK), 0);
	return fd;
}

/* Memory that its owner can take away would take the board with it. */
Test(vfio, refuses_memory_that_can_shrink)
{
	struct map m = { 32, 3, 0, 0x100000, 0x10000 };
	int fd = memfd_create("ram", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	cr_assert_eq(ftruncate(fd, 0x10000), 0);
	cr_assert_eq(ask_fd(2, &m, 32, NULL, 0, fd), EPERM);
	cr_assert_eq(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK), 0);
	cr_assert_eq(ask_fd(2, &m, 32, NULL, 0, fd), 0);
	close(fd);
}

Test(vfio, windows)
{
	int fd = ram_create(0x30000);
	struct map m = { 32, 3, 0, 0x100000, 0x10000 };
	struct unmap u = { 24, 0, 0x100000, 0x10000 };
	char text[16] = "0123456789abcde", back[16];

	cr_assert_eq(ask_fd(2, &m, 32, NULL, 0, fd), 0);
	m.addr = 0x110000; /* goes on in another part of the file, read-only */
	m.offset = 0x20000;
	m.flags = 1;
	cr_assert_eq(ask_fd(2, &m, 32, NULL, 0, fd), 0);
	cr_assert_eq(server.dma.window[0].file, server.dma.window[1].file);

	cr_assert_eq(dma_write(&server.dma, 0x10fff0, text, 16), 0);
	cr_assert_eq(pread(fd, back, 16, 0xfff0), 16);
	cr_assert_str_eq(back, text);
	cr_assert_eq(pwrite(fd, "zyxwvut", 8, 0x20000), 8);
	cr_assert_eq(dma_read(&server.dma, 0x10fff8, back, 16), 0);
	cr_assert_arr_eq(back, "89abcde\0zyxwvut", 16);

	cr_assert_eq(dma_write(&server.dma, 0x10fff8, text, 16), -EFAULT);
	cr_assert_eq(dma_write(&server.dma, 0x110000, text, 4), -EFAULT);
	cr_assert_eq(dma_read(&server.dma, 0xfffff, back, 1), -EFAULT);
	cr_assert_eq(dma_read(&server.dma, 0x11fff8, back, 9), -EFAULT);
	cr_assert_eq(dma_read(&server.dma, UINT64_MAX - 3, back, 8), -EFAULT);
	cr_assert_eq(pread(fd, back, 16, 0xfff0), 16);
	cr_assert_str_eq(back, text);

	cr_assert_eq(ask(3, &u, 24, &u, 24), 0);
	cr_assert_eq(dma_read(&server.dma, 0x100000, back, 1), -EFAULT);
	cr_assert_eq(dma_read(&server.dma, 0x110000, back, 1), 0);
	u.addr = 0x5000000; /* nothing there: fine */
	cr_assert_eq(ask(3, &u, 24, &u, 24), 0);
	u.addr = 0;
	u.size = UINT64_MAX;
	cr_assert_eq(ask(3, &u, 24, &u, 24), 0);
	cr_assert_eq(server.dma.windows, 0);
	cr_assert_null(server.dma.files);
	close(fd);
}

static const struct {
	const char *name;
	struct map map;
	bool with_fd;
	int error;
} maps[] = {
	{ "argsz", { 31, 3, 0, 0x200000, 0x1000 }, true, EINVAL },
	{ "flags", { 32, 4, 0, 0x200000, 0x1000 }, true, EINVAL },
	{ "empty", { 32, 3, 0, 0x200000, 0 }, true, EINVAL },
	{ "wraps", { 32, 3, 0, ~0xfffull, 0x2000 }, true, EINVAL },
	{ "beyond the file",
	  { 32, 3, 0x1000, 0x200000, 0x10000 },
	  true,
	  EINVAL },
	{ "offset wraps", { 32, 3, ~0ull, 0x200000, 2 }, true, EINVAL },
	{ "overlap", { 32, 3, 0, 0xff000, 0x2000 }, true, EEXIST },
	{ "inside", { 32, 3, 0, 0x101000, 0x1000 }, true, EEXIST },
	{ "no file", { 32, 3, 0, 0x200000, 0x1000 }, false, 0 },
	{ "to the end", { 32, 3, 0, ~0xfffull, 0x1000 }, true, 0 },
};

Test(vfio, refuses_bad_windows)
{
	int fd = ram_create(0x10000);
	struct map good = { 32, 3, 0, 0x100000, 0x10000 };
	char byte = 0;

	cr_assert_eq(ask_fd(2, &good, 32, NULL, 0, fd), 0);
	for (size_t i = 0; i < sizeof(maps) / sizeof(*maps); i++) {
		int err = ask_fd(2, &maps[i].map, 32, NULL, 0,
				 maps[i].with_fd ? fd : -1);

		cr_expect_eq(err, maps[i].error, "%s: %d", maps[i].name, err);
	}
	/* a window without a file exists, but nothing can reach it */
	cr_assert_eq(dma_write(&server.dma, 0x200000, &byte, 1), -EFAULT);
	cr_assert_eq(dma_write(&server.dma, UINT64_MAX, &byte, 1), 0);
	close(fd);
}

Test(vfio, no_bus_master_no_dma)
{
	int fd = ram_create(0x10000);
	struct map m = { 32, 3, 0, 0, 0x10000 };
	uint64_t value;

	cr_assert_eq(ask_fd(2, &m, 32, NULL, 0, fd), 0);
	for (int master = 0; master < 2; master++) {
		write_region(7, PCI_COMMAND, 2,
			     master ? PCI_COMMAND_MASTER : 0);
		write_region(0, SONO_REG_SEQ_BYTES, 4, 4096);
		write_region(0, SONO_REG_SEQ_LOAD, 4, 1);
		do {
			server_run(&server);
			read_region(0, SONO_REG_SEQ_STATUS, 4, &value);
		} while (value == SONO_SEQ_LOADING);
		cr_assert_eq(value >> 8,
			     master ? SONO_SEQ_E_HEADER : SONO_SEQ_E_DMA);
	}
	close(fd);
}

/* What no window takes is told to the client, the first packet of it. */
Test(vfio, stray_writes_are_told)
{
	uint64_t body[2 + 8], data[20] = { 17, 18 };

	vfio_stray_write(&server, 0x1234000, data, sizeof(data));
	cr_assert_eq(told(body, sizeof(body)), 12);
	cr_assert(body[0] == 0x1234000 && body[1] == 64);
	cr_assert(body[2] == 17 && body[3] == 18);
	vfio_stray_write(&server, 0x1234000, data, 8);
	cr_assert_eq(told(body, 24), 12);
	cr_assert(body[1] == 8 && body[2] == 17);
}

/* --- interrupts -------------------------------------------------------------------- */

static int set_irqs(uint32_t flags, uint32_t start, uint32_t count, int fd)
{
	uint32_t body[5] = { 20, flags, VFIO_PCI_MSIX_IRQ_INDEX, start, count };

	return ask_fd(8, body, 20, NULL, 0, fd);
}

Test(vfio, vectors)
{
	int fd = eventfd(0, EFD_NONBLOCK);
	eventfd_t n;

	write_region(7, PCI_COMMAND, 2, PCI_COMMAND_MASTER);
	cr_assert_eq(set_irqs(0x24, 0, 1, -1), 0);
	write_region(0, SONO_REG_IRQ_TEST, 4, 7);
	cr_assert_eq(set_irqs(0x24, 2, 1, fd), 0);
	write_region(0, SONO_REG_IRQ_TEST, 4, 7);
	cr_assert_eq(eventfd_read(fd, &n), 0);
	cr_assert_eq(n, 1);
	cr_assert_eq(set_irqs(0x24, 2, 1, fd), 0);
	cr_assert_eq(set_irqs(0x21, 2, 1, -1), 0);
	cr_assert_eq(eventfd_read(fd, &n), 0);
	cr_assert_eq(set_irqs(0x21, 0, 0, -1), 0);
	write_region(0, SONO_REG_IRQ_TEST, 4, 7);
	cr_assert_neq(eventfd_read(fd, &n), 0);
	cr_assert_eq(set_irqs(0x24, 3, 1, fd), EINVAL);
	cr_assert_eq(set_irqs(0x24, UINT32_MAX, 2, fd), EINVAL);
	cr_assert_eq(set_irqs(0x24, 1, UINT32_MAX, fd), EINVAL);
	cr_assert_eq(set_irqs(0x22, 0, 1, -1), EINVAL);
	cr_assert_eq(set_irqs(0x0c, 0, 1, -1), EINVAL);
	close(fd);
}

/* A client that lets its eventfd run full must not hold the board up. */
Test(vfio, full_vector_does_not_block)
{
	int fd = eventfd(0, 0);

	cr_assert_eq(eventfd_write(fd, UINT64_MAX - 1), 0);
	write_region(7, PCI_COMMAND, 2, PCI_COMMAND_MASTER);
	cr_assert_eq(set_irqs(0x24, 0, 1, fd), 0);
	alarm(5);
	write_region(0, SONO_REG_IRQ_TEST, 4, 1);
	cr_assert_eq(set_irqs(0x21, 0, 1, -1), 0);
	alarm(0);
	close(fd);
}

/* --- malformed ---------------------------------------------------------------------- */

Test(vfio_first, nothing_before_the_version)
{
	uint32_t info[4] = { 16, 0, 0, 0 };
	uint16_t wrong[2] = { 1, 0 };

	plug();
	cr_assert_eq(ask(4, info, 16, NULL, 0), EPROTO);
	cr_assert_eq(ask(1, wrong, 4, NULL, 0), EINVAL);
	cr_assert_eq(ask(1, wrong, 2, NULL, 0), EINVAL);
	cr_assert_eq(greet(), 0);
	cr_assert_eq(greet(), EINVAL);
	unplug();
}

Test(vfio, short_bodies_and_unknown_commands)
{
	static const unsigned char zeroes[64];

	for (uint16_t command = 0; command < 40; command++)
		for (size_t n = 0; n < 16; n++) {
			bool reset = command == 13;
			bool multi = command == 15 && n >= 8;
			int err = ask(command, zeroes, n, NULL, 0);

			cr_expect_eq(err == 0, reset || multi,
				     "command %u, %zu bytes: %d", command, n,
				     err);
		}
	cr_assert_eq(ask(UINT16_MAX, zeroes, 16, NULL, 0), ENOSYS);
}

Test(vfio, replies_are_ignored)
{
	send_fd(12, WIRE_REPLY, "xxxxxxxx", 8, -1);
	cr_assert_eq(server_serve(&server), 0);
	cr_assert_eq(reply(NULL, 0), -1);
}

Test(vfio, message_in_pieces)
{
	struct wire_header h = { 7, 4, 32, 0, 0 };
	unsigned char bytes[32] = { 0 };

	memcpy(bytes, &h, sizeof(h));
	for (size_t i = 0; i < sizeof(bytes); i++) {
		cr_assert_eq(reply(NULL, 0), -1);
		cr_assert_eq(send(client, bytes + i, 1, 0), 1);
		cr_assert_eq(server_serve(&server), 0);
	}
	cr_assert_eq(reply(NULL, 0), 0);
}

static void send_size(uint32_t size)
{
	struct wire_header h = { 7, 4, size, 0, 0 };

	cr_assert_eq(send(client, &h, sizeof(h), 0), sizeof(h));
	cr_assert_eq(server_serve(&server), -EPROTO);
	cr_assert_eq(reply(NULL, 0), EMSGSIZE);
}

Test(vfio, size_too_large)
{
	send_size(UINT32_MAX);
}
Test(vfio, size_too_small)
{
	send_size(15);
}

Test(vfio, client_goes_away)
{
	struct wire_header h = { 7, 4, 32, 0, 0 };

	cr_assert_eq(send(client, &h, 10, 0), 10);
	shutdown(client, SHUT_WR);
	cr_assert_eq(server_serve(&server), -ECONNRESET);
}

Test(vfio, descriptors_do_not_leak)
{
	int before = dup(client), after;
	struct map m = { 31, 3, 0, 0, 0x1000 };

	close(before);
	for (int i = 0; i < 50; i++)
		ask_fd(2, &m, 32, NULL, 0, client);
	wire_receive(&server.wire);
	after = dup(client);
	close(after);
	cr_assert_eq(before, after);
}

/* Random bodies for every command: errors or not, it goes on. */
Test(vfio, survives_random_bodies)
{
	srand(2);
	for (int i = 0; i < 20000; i++) {
		uint32_t body[16];
		size_t n = (size_t)(rand() % 65);

		for (size_t k = 0; k < 16; k++)
			body[k] = rand() % 3 ? (uint32_t)rand() % 64 :
					       (uint32_t)rand() * 2u;
		ask((uint16_t)(rand() % 18), body, n, NULL, 0);
	}
	cr_assert_eq(greet(), EINVAL);
}
