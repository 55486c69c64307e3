/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Configuration space: 4096 bytes with their write masks. BARs and the MSI-X
 * capability are QEMU's business as soon as it has read them.
 */
#ifndef SIM_PCI_H
#define SIM_PCI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PCI_CONFIG_BYTES 4096

/* MSI-X tables, in BAR 0 above the registers */
#define SIM_MSIX_TABLE 0x8000
#define SIM_MSIX_PBA 0xc000

/**
 * struct pci - a function's configuration space
 * @config: what is read
 * @writable: bits that a write sets
 * @clearable: bits that writing 1 clears
 * @snapshot_done: the client has read it all once
 * @lanes: of the link that were found
 * @speed: of the link, a generation
 */
struct pci {
	uint8_t config[PCI_CONFIG_BYTES];
	uint8_t writable[PCI_CONFIG_BYTES];
	uint8_t clearable[PCI_CONFIG_BYTES];
	bool snapshot_done;
	unsigned int lanes;
	unsigned int speed;
};

/** enum pci_effect - what a write asks of the board */
enum pci_effect {
	PCI_NOTHING,
	PCI_RESET,
};

/**
 * pci_init() - power on
 * @pci: written
 * @lanes: of the link that are found, 0: all
 * @speed: of the link, a generation, 0: the highest
 */
void pci_init(struct pci *pci, unsigned int lanes, unsigned int speed);

/** pci_reset() - reset values everywhere */
void pci_reset(struct pci *pci);

/** pci_read() - 0, or -EINVAL beyond the end */
int pci_read(struct pci *pci, uint64_t offset, void *to, size_t n);

/** pci_write() - 0, or -EINVAL; *@effect is PCI_RESET after FLR or D3hot */
int pci_write(struct pci *pci, uint64_t offset, const void *from, size_t n,
	      enum pci_effect *effect);

/** pci_bus_master() - may the function do DMA and interrupt? */
bool pci_bus_master(const struct pci *pci);

#endif /* SIM_PCI_H */
