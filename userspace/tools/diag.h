/* SPDX-License-Identifier: MIT */
/* sono diag has a command of its own: collect. */
#ifndef TOOLS_DIAG_H
#define TOOLS_DIAG_H

/** diag_collect_main() - sono diag collect; Return: an exit status of diag.h */
int diag_collect_main(int argc, char **argv);

#endif /* TOOLS_DIAG_H */
