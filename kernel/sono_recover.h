/* SPDX-License-Identifier: GPL-2.0-only */
/* The board goes away for a while: resets, errors of the link, sleep. */
#ifndef SONO_RECOVER_H
#define SONO_RECOVER_H

#include "sono_drv.h"

extern const struct pci_error_handlers sono_err_handler;
extern const struct dev_pm_ops sono_pm_ops;

void sono_recover_enable(struct sono_device *sd);
void sono_recover_disable(struct sono_device *sd);
int sono_recover_wake(struct sono_device *sd);
void sono_recover_rest(struct sono_device *sd);

#endif /* SONO_RECOVER_H */
