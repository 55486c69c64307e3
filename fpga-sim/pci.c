// SPDX-License-Identifier: GPL-2.0-only OR MIT
#include <errno.h>
#include <linux/pci_regs.h>
#include <string.h>

#include "pci.h"
#include "sono_regs.h"

#define CLASS_SIGNAL_PROCESSING 0x118000
#define REVISION 0x10

/* Where the capabilities are. */
#define PM 0x40
#define MSIX 0x50
#define EXP 0x60
#define AER 0x100

#define MAX_PAYLOAD_256 1
#define DEVCAP                                                            \
	(MAX_PAYLOAD_256 | PCI_EXP_DEVCAP_EXT_TAG | PCI_EXP_DEVCAP_RBER | \
	 PCI_EXP_DEVCAP_FLR)
#define LANES 8
#define SPEED 3
#define LINK(lanes, speed) ((lanes) << 4 | (speed))
#define LINK_SPEEDS                                              \
	(PCI_EXP_LNKCAP2_SLS_2_5GB | PCI_EXP_LNKCAP2_SLS_5_0GB | \
	 PCI_EXP_LNKCAP2_SLS_8_0GB)
#define UNCORRECTABLE 0x0ffff030
#define CORRECTABLE 0x0000f1c1

static void put16(uint8_t *at, uint16_t value)
{
	at[0] = (uint8_t)value;
	at[1] = (uint8_t)(value >> 8);
}

static void put32(uint8_t *at, uint32_t value)
{
	put16(at, (uint16_t)value);
	put16(at + 2, (uint16_t)(value >> 16));
}

static uint16_t get16(const uint8_t *at)
{
	return (uint16_t)(at[0] | at[1] << 8);
}

static void set_header(struct pci *p)
{
	uint8_t *c = p->config;

	put16(c + PCI_VENDOR_ID, SONO_PCI_VENDOR_ID);
	put16(c + PCI_DEVICE_ID, SONO_PCI_DEVICE_ID);
	put16(c + PCI_STATUS, PCI_STATUS_CAP_LIST);
	put32(c + PCI_CLASS_REVISION, CLASS_SIGNAL_PROCESSING << 8 | REVISION);
	put32(c + PCI_BASE_ADDRESS_0, PCI_BASE_ADDRESS_MEM_TYPE_64);
	put16(c + PCI_SUBSYSTEM_VENDOR_ID, SONO_PCI_VENDOR_ID);
	put16(c + PCI_SUBSYSTEM_ID, SONO_PCI_DEVICE_ID);
	c[PCI_CAPABILITY_LIST] = PM;

	put16(p->writable + PCI_COMMAND,
	      PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER | PCI_COMMAND_PARITY |
		      PCI_COMMAND_SERR | PCI_COMMAND_INTX_DISABLE);
	put16(p->clearable + PCI_STATUS, 0xf900);
	p->writable[PCI_CACHE_LINE_SIZE] = 0xff;
	p->writable[PCI_INTERRUPT_LINE] = 0xff;
	put32(p->writable + PCI_BASE_ADDRESS_0, ~(uint32_t)0xffff);
	put32(p->writable + PCI_BASE_ADDRESS_1, ~(uint32_t)0);
}

static void set_pm(struct pci *p)
{
	uint8_t *c = p->config + PM;

	c[PCI_CAP_LIST_ID] = PCI_CAP_ID_PM;
	c[PCI_CAP_LIST_NEXT] = MSIX;
	put16(c + PCI_PM_PMC, 3);
	put16(p->writable + PM + PCI_PM_CTRL, PCI_PM_CTRL_STATE_MASK);
}

static void set_msix(struct pci *p)
{
	uint8_t *c = p->config + MSIX;

	c[PCI_CAP_LIST_ID] = PCI_CAP_ID_MSIX;
	c[PCI_CAP_LIST_NEXT] = EXP;
	put16(c + PCI_MSIX_FLAGS, SONO_NUM_VECS - 1);
	put32(c + PCI_MSIX_TABLE, SIM_MSIX_TABLE);
	put32(c + PCI_MSIX_PBA, SIM_MSIX_PBA);
	put16(p->writable + MSIX + PCI_MSIX_FLAGS,
	      PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL);
}

static void set_exp(struct pci *p)
{
	uint8_t *c = p->config + EXP;

	c[PCI_CAP_LIST_ID] = PCI_CAP_ID_EXP;
	put16(c + PCI_EXP_FLAGS, 2 | PCI_EXP_TYPE_ENDPOINT << 4);
	put32(c + PCI_EXP_DEVCAP, DEVCAP);
	put16(c + PCI_EXP_DEVCTL,
	      PCI_EXP_DEVCTL_RELAX_EN | PCI_EXP_DEVCTL_READRQ_512B);
	put32(c + PCI_EXP_LNKCAP, LINK(LANES, SPEED));
	put16(c + PCI_EXP_LNKSTA, LINK(p->lanes, p->speed));
	put32(c + PCI_EXP_LNKCAP2, LINK_SPEEDS);
	put16(c + PCI_EXP_LNKCTL2, 3);
	put16(p->writable + EXP + PCI_EXP_DEVCTL, 0x7fff);
	put16(p->clearable + EXP + PCI_EXP_DEVSTA, 0x000f);
	put16(p->writable + EXP + PCI_EXP_LNKCTL, 0x01fb);
	put16(p->writable + EXP + PCI_EXP_LNKCTL2, 0x000f);
}

static void set_aer(struct pci *p)
{
	uint8_t *c = p->config + AER;

	put32(c, PCI_EXT_CAP_ID_ERR | 2 << 16);
	put32(c + PCI_ERR_UNCOR_SEVER, 0x00462030);
	put32(c + PCI_ERR_COR_MASK, PCI_ERR_COR_ADV_NFAT);
	put32(p->clearable + AER + PCI_ERR_UNCOR_STATUS, UNCORRECTABLE);
	put32(p->writable + AER + PCI_ERR_UNCOR_MASK, UNCORRECTABLE);
	put32(p->writable + AER + PCI_ERR_UNCOR_SEVER, UNCORRECTABLE);
	put32(p->clearable + AER + PCI_ERR_COR_STATUS, CORRECTABLE);
	put32(p->writable + AER + PCI_ERR_COR_MASK, CORRECTABLE);
}

void pci_init(struct pci *pci, unsigned int lanes, unsigned int speed)
{
	pci->snapshot_done = false;
	pci->lanes = lanes && lanes < LANES ? lanes : LANES;
	pci->speed = speed && speed < SPEED ? speed : SPEED;
	pci_reset(pci);
}

void pci_reset(struct pci *pci)
{
	memset(pci->config, 0, sizeof(pci->config));
	memset(pci->writable, 0, sizeof(pci->writable));
	memset(pci->clearable, 0, sizeof(pci->clearable));
	set_header(pci);
	set_pm(pci);
	set_msix(pci);
	set_exp(pci);
	set_aer(pci);
}

static bool inside(uint64_t offset, size_t n)
{
	return offset <= PCI_CONFIG_BYTES && n <= PCI_CONFIG_BYTES - offset;
}

/*
 * QEMU lets errors be injected only where its own copy of the configuration
 * space, which it reads whole once, has error reporting enabled. That one
 * read gets to see it so.
 */
static void enable_injection(struct pci *pci, uint8_t *copy)
{
	pci->snapshot_done = true;
	copy[EXP + PCI_EXP_DEVCTL] |= 0x0f;
}

int pci_read(struct pci *pci, uint64_t offset, void *to, size_t n)
{
	if (!inside(offset, n))
		return -EINVAL;
	memcpy(to, pci->config + offset, n);
	if (n == PCI_CONFIG_BYTES && !pci->snapshot_done)
		enable_injection(pci, to);
	return 0;
}

static unsigned int power_state(const struct pci *pci)
{
	return pci->config[PM + PCI_PM_CTRL] & PCI_PM_CTRL_STATE_MASK;
}

static void write_byte(struct pci *pci, size_t at, uint8_t value)
{
	uint8_t mask = pci->writable[at];

	/* D1 and D2 do not exist: a write of them changes nothing. */
	if (at == PM + PCI_PM_CTRL && (value & 3) != 0 && (value & 3) != 3)
		return;
	pci->config[at] = (uint8_t)((pci->config[at] & ~mask) | (value & mask));
	pci->config[at] &= (uint8_t) ~(value & pci->clearable[at]);
}

int pci_write(struct pci *pci, uint64_t offset, const void *from, size_t n,
	      enum pci_effect *effect)
{
	const size_t flr = EXP + PCI_EXP_DEVCTL + 1;
	unsigned int power = power_state(pci);
	const uint8_t *value = from;

	*effect = PCI_NOTHING;
	if (!inside(offset, n))
		return -EINVAL;
	for (size_t i = 0; i < n; i++)
		write_byte(pci, offset + i, value[i]);
	if (offset <= flr && flr - offset < n &&
	    value[flr - offset] & (PCI_EXP_DEVCTL_BCR_FLR >> 8)) {
		pci_reset(pci);
		*effect = PCI_RESET;
	} else if (power != 3 && power_state(pci) == 3) {
		*effect = PCI_RESET;
	}
	return 0;
}

bool pci_bus_master(const struct pci *pci)
{
	return get16(pci->config + PCI_COMMAND) & PCI_COMMAND_MASTER &&
	       power_state(pci) == 0;
}
